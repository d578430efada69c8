-- A replayed answer keeps its headers; a refusal is told again in the language that is asked for.
ALTER TABLE idempotency_keys
    ADD COLUMN headers jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN messages jsonb NOT NULL DEFAULT '{}';
