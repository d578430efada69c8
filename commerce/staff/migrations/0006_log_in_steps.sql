-- Who has given the right password of an account with a second factor, and has a few minutes to give that one too.
-- The proof itself is only in their browser; it is worth nothing once password or second factor is another.
CREATE TABLE staff_log_in_steps (
    digest bytea PRIMARY KEY, -- SHA-256 of the proof
    staff_id bigint NOT NULL REFERENCES staff,
    bound bytea NOT NULL, -- HMAC of the password's hash and the sealed second factor that it was given for
    ends_at timestamptz NOT NULL
);
CREATE INDEX staff_log_in_steps_ends ON staff_log_in_steps (ends_at);
