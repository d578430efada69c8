-- What visitors and members who agreed did. Written in batches, pruned by age: see commerce/behaviour/log.py.
CREATE TABLE behaviour_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    visitor uuid,
    visit_id uuid,
    member_id bigint REFERENCES members,
    -- No foreign key: products are of a floor above, and what was looked at may be gone.
    product_id bigint,
    details jsonb NOT NULL DEFAULT '{}',
    CHECK (visitor IS NOT NULL OR member_id IS NOT NULL)
);
CREATE INDEX behaviour_events_member ON behaviour_events (member_id, at DESC) WHERE member_id IS NOT NULL;
CREATE INDEX behaviour_events_visitor ON behaviour_events (visitor, at DESC) WHERE visitor IS NOT NULL;
CREATE INDEX behaviour_events_age ON behaviour_events (at);

-- How visits began.
CREATE TABLE behaviour_visits (
    id uuid PRIMARY KEY,
    visitor uuid NOT NULL,
    member_id bigint REFERENCES members,
    began_at timestamptz NOT NULL,
    source text NOT NULL DEFAULT '',
    medium text NOT NULL DEFAULT '',
    campaign text NOT NULL DEFAULT '',
    referrer text NOT NULL DEFAULT '',
    landing text NOT NULL DEFAULT '',
    device text NOT NULL
);
CREATE INDEX behaviour_visits_visitor ON behaviour_visits (visitor);
CREATE INDEX behaviour_visits_member ON behaviour_visits (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX behaviour_visits_age ON behaviour_visits (began_at);

-- What members chose. One who chose nothing has no row.
CREATE TABLE behaviour_privacy (
    member_id bigint PRIMARY KEY REFERENCES members,
    choice text CHECK (choice IN ('all', 'necessary')),
    personalised boolean NOT NULL DEFAULT true,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Visitors who took their consent back: what other processes still hold of them is not written. Kept for a day.
CREATE TABLE behaviour_withdrawn (
    visitor uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);

-- How often what happened, by day of Shanghai: no person in it, so it outlives the events.
CREATE TABLE behaviour_days (
    day date NOT NULL,
    kind text NOT NULL,
    shown_as text NOT NULL DEFAULT '',
    events bigint NOT NULL,
    products bigint NOT NULL,
    PRIMARY KEY (day, kind, shown_as)
);
