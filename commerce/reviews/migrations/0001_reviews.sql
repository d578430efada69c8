-- What people say about a product: reviews, what their writers add later, questions, and answers.
CREATE TABLE remarks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('review', 'follow_up', 'question', 'answer')),
    product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    shop_id bigint NOT NULL REFERENCES shops,
    -- Null: who wrote it has left; or the shop answered.
    member_id bigint REFERENCES members,
    staff_id bigint REFERENCES staff,
    -- A follow-up's review, an answer's question.
    parent_id bigint REFERENCES remarks ON DELETE CASCADE,
    -- A review's order line: each is reviewed once, also by two tabs, also after the review was removed.
    line_id bigint UNIQUE REFERENCES order_lines,
    spec text NOT NULL DEFAULT '',
    rating smallint CHECK (rating BETWEEN 1 AND 5),
    anonymous boolean NOT NULL DEFAULT false,
    -- Whether who answers has bought the product.
    bought boolean NOT NULL DEFAULT false,
    text text NOT NULL DEFAULT '',
    pictures jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(pictures) = 'array'),
    state text NOT NULL CHECK (state IN ('waiting', 'shown', 'hidden', 'removed')),
    -- Whether somebody has looked at its pictures.
    checked boolean NOT NULL DEFAULT false,
    -- Why it is hidden, for its writer.
    reason text NOT NULL DEFAULT '',
    useful integer NOT NULL DEFAULT 0 CHECK (useful >= 0),
    -- Reports that nobody has decided upon.
    reports integer NOT NULL DEFAULT 0 CHECK (reports >= 0),
    -- Of a question: its answers that are shown. Of a review: whether a follow-up is, and whether either has pictures.
    answers integer NOT NULL DEFAULT 0 CHECK (answers >= 0),
    followed boolean NOT NULL DEFAULT false,
    pictured boolean NOT NULL DEFAULT false,
    -- The shop's reply, one to each review and follow-up.
    reply text,
    reply_by bigint REFERENCES staff,
    replied_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'review') = (rating IS NOT NULL)),
    CHECK ((kind = 'review') = (line_id IS NOT NULL)),
    CHECK ((kind IN ('follow_up', 'answer')) = (parent_id IS NOT NULL)),
    CHECK ((reply IS NULL) = (replied_at IS NULL))
);
CREATE UNIQUE INDEX remarks_follow_up ON remarks (parent_id) WHERE kind = 'follow_up';
CREATE INDEX remarks_parent ON remarks (parent_id, useful DESC, id) WHERE parent_id IS NOT NULL;
CREATE INDEX remarks_newest ON remarks (product_id, kind, id DESC) WHERE state = 'shown';
CREATE INDEX remarks_useful ON remarks (product_id, kind, useful DESC, id DESC) WHERE state = 'shown';
CREATE INDEX remarks_member ON remarks (member_id, id DESC);
CREATE INDEX remarks_shop ON remarks (shop_id, id DESC) WHERE state = 'shown';
CREATE INDEX remarks_queue ON remarks (id)
    WHERE state = 'waiting' OR (state = 'shown' AND (reports > 0 OR (NOT checked AND pictures <> '[]')));

-- What a product's reviews come to, kept by the trigger below in the transaction that changes one of them.
CREATE TABLE review_sums (
    product_id bigint PRIMARY KEY REFERENCES products ON DELETE CASCADE,
    ones integer NOT NULL DEFAULT 0,
    twos integer NOT NULL DEFAULT 0,
    threes integer NOT NULL DEFAULT 0,
    fours integer NOT NULL DEFAULT 0,
    fives integer NOT NULL DEFAULT 0,
    pictured integer NOT NULL DEFAULT 0,
    followed integer NOT NULL DEFAULT 0,
    questions integer NOT NULL DEFAULT 0
);

CREATE FUNCTION remarks_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was integer := 0;
    shown integer := (NEW.state = 'shown')::integer;
    was_rating smallint := NEW.rating;
    was_pictured integer := 0;
    was_followed integer := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := (OLD.state = 'shown')::integer;
        was_rating := OLD.rating;
        was_pictured := was * OLD.pictured::integer;
        was_followed := was * OLD.followed::integer;
    END IF;
    IF NEW.kind = 'follow_up' THEN
        UPDATE remarks AS r SET
            followed = shown = 1,
            pictured = r.pictures <> '[]' OR (shown = 1 AND NEW.pictures <> '[]')
        WHERE r.id = NEW.parent_id;
    ELSIF NEW.kind = 'answer' THEN
        UPDATE remarks SET answers = answers + shown - was WHERE id = NEW.parent_id AND shown <> was;
    ELSIF NEW.kind = 'question' THEN
        IF shown <> was THEN
            INSERT INTO review_sums AS s (product_id, questions) VALUES (NEW.product_id, shown)
            ON CONFLICT (product_id) DO UPDATE SET questions = s.questions + shown - was;
        END IF;
    ELSE
        INSERT INTO review_sums AS s (product_id, ones, twos, threes, fours, fives, pictured, followed)
        VALUES (
            NEW.product_id,
            shown * (NEW.rating = 1)::integer, shown * (NEW.rating = 2)::integer, shown * (NEW.rating = 3)::integer,
            shown * (NEW.rating = 4)::integer, shown * (NEW.rating = 5)::integer,
            shown * NEW.pictured::integer, shown * NEW.followed::integer
        )
        ON CONFLICT (product_id) DO UPDATE SET
            ones = s.ones + excluded.ones - was * (was_rating = 1)::integer,
            twos = s.twos + excluded.twos - was * (was_rating = 2)::integer,
            threes = s.threes + excluded.threes - was * (was_rating = 3)::integer,
            fours = s.fours + excluded.fours - was * (was_rating = 4)::integer,
            fives = s.fives + excluded.fives - was * (was_rating = 5)::integer,
            pictured = s.pictured + excluded.pictured - was_pictured,
            followed = s.followed + excluded.followed - was_followed;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER remarks_counted AFTER INSERT OR UPDATE OF state, rating, pictured, followed ON remarks
    FOR EACH ROW EXECUTE FUNCTION remarks_counted();

-- Who finds what useful: once each.
CREATE TABLE remark_votes (
    remark_id bigint NOT NULL REFERENCES remarks ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (remark_id, member_id)
);
CREATE INDEX remark_votes_member ON remark_votes (member_id);

-- Who holds what to be wrong, and why: once each. Settled by a decision.
CREATE TABLE remark_reports (
    remark_id bigint NOT NULL REFERENCES remarks ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members,
    reason text NOT NULL CHECK (reason IN ('advertising', 'abuse', 'false', 'private', 'illegal', 'other')),
    note text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    PRIMARY KEY (remark_id, member_id)
);
CREATE INDEX remark_reports_member ON remark_reports (member_id);

-- What was decided about a remark, by whom: never changed.
CREATE TABLE remark_decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    remark_id bigint NOT NULL REFERENCES remarks ON DELETE CASCADE,
    -- Null: the words decided, or its writer.
    staff_id bigint REFERENCES staff,
    at timestamptz NOT NULL DEFAULT now(),
    from_state text NOT NULL,
    to_state text NOT NULL,
    reason text NOT NULL DEFAULT '',
    -- The words that it met.
    words text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX remark_decisions_remark ON remark_decisions (remark_id, id);
CREATE FUNCTION remark_decisions_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions about remarks stand' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER remark_decisions_stand BEFORE UPDATE ON remark_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION remark_decisions_stand();

-- What holds a remark back until somebody has looked at it.
CREATE TABLE watched_words (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    word text NOT NULL UNIQUE CHECK (word <> ''),
    staff_id bigint REFERENCES staff,
    at timestamptz NOT NULL DEFAULT now()
);

-- Who has received a product, and when last: they may answer questions about it.
CREATE TABLE product_buyers (
    product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    member_id bigint NOT NULL REFERENCES members,
    at timestamptz NOT NULL,
    PRIMARY KEY (product_id, member_id)
);
CREATE INDEX product_buyers_latest ON product_buyers (product_id, at DESC);
CREATE INDEX product_buyers_member ON product_buyers (member_id);

INSERT INTO product_buyers (product_id, member_id, at)
SELECT l.product_id, o.member_id, max(coalesce(e.at, o.paid_at, o.created_at))
FROM orders AS o
JOIN order_lines AS l ON l.order_id = o.id
JOIN products AS p ON p.id = l.product_id
JOIN members AS m ON m.id = o.member_id
LEFT JOIN order_events AS e ON e.order_id = o.id AND e.to_status = 'completed'
WHERE o.status = 'completed'
GROUP BY l.product_id, o.member_id;

UPDATE roles SET permissions = permissions || '{reviews.reply}'::text[]
WHERE code IN ('shop_manager', 'service', 'platform_service') AND NOT permissions @> '{reviews.reply}';
UPDATE roles SET permissions = permissions || '{reviews.moderate}'::text[]
WHERE code IN ('platform_operator', 'platform_service') AND NOT permissions @> '{reviews.moderate}';
