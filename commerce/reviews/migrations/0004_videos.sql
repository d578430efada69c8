-- Videos that members upload for their reviews, by the address they are served under, which names their content.
CREATE TABLE review_videos (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Null: who uploaded it has left.
    member_id bigint REFERENCES members,
    address text NOT NULL CHECK (address ~ '^/media/w/[0-9a-f]{2}/[0-9a-f]{64}\.(mp4|webm)$'),
    size bigint NOT NULL,
    milliseconds bigint NOT NULL,
    -- Null: a remark of theirs shows it. Otherwise how long it waits for one.
    kept_until timestamptz,
    UNIQUE (member_id, address)
);
CREATE INDEX review_videos_address ON review_videos (address);
CREATE INDEX review_videos_due ON review_videos (kept_until) WHERE kept_until IS NOT NULL;

ALTER TABLE remarks ADD COLUMN video text NOT NULL DEFAULT '';
CREATE INDEX remarks_video ON remarks (video) WHERE video <> '';

-- A video that its remark shows no longer may go.
CREATE FUNCTION remarks_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE review_videos SET kept_until = now()
    WHERE address = OLD.video AND member_id IS NOT DISTINCT FROM OLD.member_id;
    RETURN NULL;
END $$;
CREATE TRIGGER remarks_let_go AFTER UPDATE OF video ON remarks
    FOR EACH ROW WHEN (OLD.video <> '' AND NEW.video <> OLD.video) EXECUTE FUNCTION remarks_let_go();
CREATE TRIGGER remarks_let_go_whole AFTER DELETE ON remarks
    FOR EACH ROW WHEN (OLD.video <> '') EXECUTE FUNCTION remarks_let_go();

-- Videos are looked at as pictures are, and counted with them.
DROP INDEX remarks_queue;
CREATE INDEX remarks_queue ON remarks (id)
    WHERE state = 'waiting'
        OR (state = 'shown' AND (reports > 0 OR (NOT checked AND (pictures <> '[]' OR video <> ''))));
CREATE OR REPLACE FUNCTION remarks_counted() RETURNS trigger LANGUAGE plpgsql AS $$
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
            pictured = r.pictures <> '[]' OR r.video <> '' OR (shown = 1 AND (NEW.pictures <> '[]' OR NEW.video <> ''))
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
