-- The last notice of each member. A client that knows another epoch than this one starts again from nothing.
CREATE TABLE member_notice_heads (
    member_id bigint PRIMARY KEY,
    epoch text NOT NULL DEFAULT left(replace(gen_random_uuid()::text, '-', ''), 16),
    seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0)
);

-- What a member was told, numbered without gaps; kept for as long as a client may still ask for it.
CREATE TABLE member_notices (
    member_id bigint NOT NULL REFERENCES member_notice_heads ON DELETE CASCADE,
    seq bigint NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, seq)
);
CREATE INDEX member_notices_age ON member_notices (at);

-- Connection tokens that have been used. They live a minute, so a crash that empties the table opens nothing for long.
CREATE UNLOGGED TABLE realtime_tokens_used (
    nonce bytea PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX realtime_tokens_used_expiry ON realtime_tokens_used (expires_at);
