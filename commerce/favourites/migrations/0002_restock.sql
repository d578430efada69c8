-- Who waits for what to be there again. Once told, a row stays for a while as what the member's list shows.
CREATE TABLE restock_reminders (
    member_id bigint NOT NULL REFERENCES members,
    sku_id bigint NOT NULL REFERENCES skus ON DELETE CASCADE,
    asked_at timestamptz NOT NULL DEFAULT now(),
    told_at timestamptz,
    PRIMARY KEY (member_id, sku_id)
);
CREATE INDEX restock_reminders_waiting ON restock_reminders (sku_id, member_id) WHERE told_at IS NULL;
CREATE INDEX restock_reminders_told ON restock_reminders (told_at) WHERE told_at IS NOT NULL;
