-- What an SMS gateway and a mail relay would have delivered.
CREATE TABLE sandbox_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL,
    target text NOT NULL,
    body text NOT NULL,
    code text NOT NULL DEFAULT '',
    sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sandbox_messages_target ON sandbox_messages (target, id DESC);
CREATE INDEX sandbox_messages_age ON sandbox_messages (sent_at);
