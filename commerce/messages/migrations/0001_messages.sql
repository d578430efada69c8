-- What members were told: the kind's code and what fills its texts, so that it reads in either language.
CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    kind text NOT NULL,
    category text NOT NULL CHECK (category IN ('order', 'promotion', 'service', 'system')),
    facts jsonb NOT NULL DEFAULT '{}',
    link text NOT NULL DEFAULT '',
    picture text NOT NULL DEFAULT '',
    -- Whoever tells again with the same key tells nothing.
    dedupe text,
    -- False for what the member wants by other ways only, or has deleted: the key stays taken.
    listed boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    UNIQUE (member_id, dedupe)
);
CREATE INDEX messages_listed ON messages (member_id, id) WHERE listed;
CREATE INDEX messages_unread ON messages (member_id, category) WHERE listed AND read_at IS NULL;
CREATE INDEX messages_age ON messages (created_at);

-- Ways beyond the list: each is gone exactly once, or dropped with a reason.
CREATE TABLE message_deliveries (
    message_id bigint NOT NULL REFERENCES messages ON DELETE CASCADE,
    way text NOT NULL CHECK (way IN ('push', 'sms', 'email')),
    -- Too late for it from then on: null for what stays worth knowing.
    until timestamptz,
    sent_at timestamptz,
    dropped text,
    PRIMARY KEY (message_id, way),
    CHECK (sent_at IS NULL OR dropped IS NULL)
);

-- What members chose; whoever has no row has the defaults.
CREATE TABLE message_preferences (
    member_id bigint PRIMARY KEY REFERENCES members,
    channels jsonb NOT NULL,
    -- Codes of the kinds that are switched off by themselves.
    muted text[] NOT NULL DEFAULT '{}',
    quiet jsonb NOT NULL,
    -- The language of SMS and mail.
    language text NOT NULL DEFAULT 'zh-CN' CHECK (language IN ('zh-CN', 'en')),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What staff told everybody; the job that walks the members keeps its place here.
CREATE TABLE message_announcements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    staff_id bigint NOT NULL REFERENCES staff,
    title text NOT NULL,
    text text NOT NULL,
    link text NOT NULL DEFAULT '',
    -- Null: every member.
    member_id bigint REFERENCES members,
    reached bigint NOT NULL DEFAULT 0,
    told bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);
