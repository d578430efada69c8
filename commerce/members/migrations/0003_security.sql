-- 'merged': everything of the account went to another one. 'gone': its member deleted it.
ALTER TABLE members
    DROP CONSTRAINT members_status_check,
    DROP CONSTRAINT members_check,
    ADD COLUMN merged_into bigint REFERENCES members,
    ADD CONSTRAINT members_status_check CHECK (status IN ('active', 'banned', 'merged', 'gone')),
    ADD CONSTRAINT members_reachable CHECK (phone IS NOT NULL OR email IS NOT NULL OR status IN ('merged', 'gone')),
    ADD CONSTRAINT members_merged CHECK ((status = 'merged') = (merged_into IS NOT NULL));
CREATE INDEX members_merged_into ON members (merged_into) WHERE merged_into IS NOT NULL;

-- Somebody proved that another account is theirs too, and is asked whether it shall become one with this.
CREATE TABLE merge_offers (
    digest bytea PRIMARY KEY,
    keeper_id bigint NOT NULL REFERENCES members,
    other_id bigint NOT NULL REFERENCES members,
    proof text NOT NULL CHECK (proof IN ('phone', 'email', 'identity')),
    expires_at timestamptz NOT NULL,
    CHECK (keeper_id <> other_id)
);
CREATE INDEX merge_offers_age ON merge_offers (expires_at);
