-- A secret that was shown and waits to be confirmed by a one-time password; sealed as otp_secret is.
ALTER TABLE staff ADD COLUMN otp_pending bytea;

-- Whoever has such a role may do nothing until they have a second factor.
ALTER TABLE roles ADD COLUMN needs_otp boolean NOT NULL DEFAULT false;

-- Ten codes for who has lost the authenticator, each good once. Only their HMAC is kept.
CREATE TABLE staff_recovery_codes (
    staff_id bigint NOT NULL REFERENCES staff,
    mac bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (staff_id, mac)
);
