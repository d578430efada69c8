CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- Opaque tokens of members and staff; only their SHA-256 is kept.
CREATE TABLE sessions (
    digest bytea PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('member', 'staff')),
    subject_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    address text NOT NULL DEFAULT '',
    agent text NOT NULL DEFAULT ''
);
CREATE INDEX sessions_subject ON sessions (kind, subject_id);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- The first final answer to a retried write, kept with the write itself: both commit or neither does.
CREATE TABLE idempotency_keys (
    owner text NOT NULL,
    key text NOT NULL,
    route text NOT NULL,
    body_digest bytea NOT NULL,
    status integer,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Domain events, written in the transaction that caused them.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_age ON events (at);

-- A row for each subscriber that has handled an event, written with what it did.
CREATE TABLE event_deliveries (
    event_id bigint NOT NULL REFERENCES events ON DELETE CASCADE,
    subscriber text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, subscriber)
);

-- How often the job was begun; a row lives as long as the job does.
CREATE TABLE job_tries (
    job_id bigint PRIMARY KEY,
    begun integer NOT NULL,
    last_at timestamptz NOT NULL DEFAULT now()
);

-- Jobs that were given up, kept for people to look at.
CREATE TABLE job_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    envelope jsonb NOT NULL,
    error text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

-- Pictures and files that people uploaded; the bytes lie in the data folder under their digest.
CREATE TABLE uploads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    media_type text NOT NULL,
    size bigint NOT NULL,
    width integer,
    height integer,
    owner text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
