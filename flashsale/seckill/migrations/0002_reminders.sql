-- Members who want to hear of a sale five minutes before it starts. sent_at says that they have been told.
CREATE TABLE fs_reminders (
    item_id bigint NOT NULL REFERENCES fs_items,
    member_id bigint NOT NULL REFERENCES members,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    PRIMARY KEY (item_id, member_id)
);
CREATE INDEX fs_reminders_due ON fs_reminders (item_id) WHERE sent_at IS NULL;
CREATE INDEX fs_reminders_member ON fs_reminders (member_id);
