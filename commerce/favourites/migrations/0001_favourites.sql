-- What members keep an eye on, at the cheapest price it had then.
CREATE TABLE favourites (
    member_id bigint NOT NULL REFERENCES members,
    product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    price bigint NOT NULL CHECK (price >= 0),
    -- The price that its member was last told of, and when: once a day, and only ever lower.
    told_price bigint,
    told_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, product_id)
);
CREATE INDEX favourites_product ON favourites (product_id, member_id);

-- Which products a member looked at, by Shanghai's day.
CREATE TABLE footprints (
    member_id bigint NOT NULL REFERENCES members,
    day date NOT NULL,
    product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, day, product_id)
);
CREATE INDEX footprints_seen ON footprints (member_id, seen_at DESC);
CREATE INDEX footprints_age ON footprints (seen_at);

-- Members who want none kept.
CREATE TABLE footprints_off (
    member_id bigint PRIMARY KEY REFERENCES members,
    since timestamptz NOT NULL DEFAULT now()
);
