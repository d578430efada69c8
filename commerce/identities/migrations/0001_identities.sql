-- Who a member is at WeChat or QQ. union_id names a person to every application of one owner, open_id to one alone.
CREATE TABLE member_identities (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    provider text NOT NULL CHECK (provider IN ('wechat', 'qq')),
    app_id text NOT NULL,
    open_id text NOT NULL,
    union_id text,
    nickname text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (member_id, provider),
    UNIQUE (provider, app_id, open_id)
);
CREATE UNIQUE INDEX member_identities_union ON member_identities (provider, union_id) WHERE union_id IS NOT NULL;

-- A browser that was sent to a provider. Its row goes when the browser comes back: a state counts once.
CREATE TABLE identity_states (
    digest bytea PRIMARY KEY,
    provider text NOT NULL,
    browser bytea NOT NULL,
    member_id bigint REFERENCES members ON DELETE CASCADE, -- who binds; null: somebody logs in
    way text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX identity_states_age ON identity_states (expires_at);

-- Somebody whom a provider vouched for and who has yet to prove a phone.
CREATE TABLE identity_arrivals (
    digest bytea PRIMARY KEY,
    provider text NOT NULL,
    app_id text NOT NULL,
    open_id text NOT NULL,
    union_id text,
    nickname text NOT NULL,
    way text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX identity_arrivals_age ON identity_arrivals (expires_at);
