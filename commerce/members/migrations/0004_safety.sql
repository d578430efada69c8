-- Six digits that are asked for when points or a balance are spent. Only an Argon2id hash of their HMAC is kept.
CREATE TABLE pay_passwords (
    member_id bigint PRIMARY KEY REFERENCES members,
    hash text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Members who want their account deleted; until it is due, logging in takes the wish back.
CREATE TABLE member_departures (
    member_id bigint PRIMARY KEY REFERENCES members,
    asked_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL
);
CREATE INDEX member_departures_due ON member_departures (due_at);

-- Everything that is kept of a member, as a file that they ask for; the file lies in the data folder under its name.
CREATE TABLE member_exports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    name text NOT NULL UNIQUE,
    asked_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    size bigint,
    expires_at timestamptz
);
CREATE INDEX member_exports_member ON member_exports (member_id, id);
CREATE INDEX member_exports_expiry ON member_exports (expires_at);
