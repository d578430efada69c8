-- What a run worked out. The current one is served; the next replaces it in one step.
CREATE TABLE recommendation_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    current boolean NOT NULL DEFAULT false,
    -- The last event that it has seen.
    last_event bigint NOT NULL DEFAULT 0,
    deeds bigint NOT NULL DEFAULT 0,
    orders bigint NOT NULL DEFAULT 0,
    products bigint NOT NULL DEFAULT 0,
    -- Of these, how many have neighbours that people made.
    covered bigint NOT NULL DEFAULT 0,
    -- What everybody buys, the most first.
    popular bigint[] NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX recommendation_runs_current ON recommendation_runs (current) WHERE current;

CREATE TABLE recommendation_neighbours (
    run_id bigint NOT NULL REFERENCES recommendation_runs ON DELETE CASCADE,
    product_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('related', 'together', 'also')),
    ids bigint[] NOT NULL,
    scores real[] NOT NULL,
    PRIMARY KEY (run_id, product_id, kind)
);

-- What somebody does not want to be shown.
CREATE TABLE recommendation_dismissals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint REFERENCES members,
    visitor uuid,
    product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(member_id, visitor) = 1),
    UNIQUE (member_id, product_id),
    UNIQUE (visitor, product_id)
);
CREATE INDEX recommendation_dismissals_age ON recommendation_dismissals (at) WHERE visitor IS NOT NULL;
