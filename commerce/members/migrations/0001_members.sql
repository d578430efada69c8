CREATE TABLE members (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone text UNIQUE,
    email citext UNIQUE,
    nickname text NOT NULL,
    avatar text NOT NULL DEFAULT '',
    password_hash text,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'banned')),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (phone IS NOT NULL OR email IS NOT NULL)
);

-- What was done to an account, by whom and why.
CREATE TABLE member_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL DEFAULT ''
);
CREATE INDEX member_events_member ON member_events (member_id, id);

CREATE TABLE addresses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    name text NOT NULL,
    phone text NOT NULL,
    region_code char(6) NOT NULL,
    region text NOT NULL,
    detail text NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX addresses_member ON addresses (member_id, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX addresses_one_default ON addresses (member_id) WHERE is_default AND deleted_at IS NULL;

-- The one code that counts for a phone or mail address: a new one replaces it. Only its HMAC is kept.
CREATE TABLE login_codes (
    target text PRIMARY KEY,
    mac bytea NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_codes_age ON login_codes (expires_at);

-- Numbers of demo buyers, so that no two runs make the same one.
CREATE SEQUENCE demo_buyer_numbers MAXVALUE 99999999;
