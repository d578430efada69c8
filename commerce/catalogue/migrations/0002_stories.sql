-- What the home page tells beside its goods: a wide picture, a few words, and the way on.
CREATE TABLE home_stories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    title text NOT NULL,
    text text NOT NULL DEFAULT '',
    label text NOT NULL,
    href text NOT NULL CHECK (href LIKE '/%' AND href NOT LIKE '//%'),
    picture text NOT NULL,
    position integer NOT NULL DEFAULT 0,
    shown boolean NOT NULL DEFAULT true
);
