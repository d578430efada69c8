-- What changed in what pages show, by topic. Web processes that keep pages ask for what is new since they last asked:
-- rows of transactions that their last snapshot did not see, whatever order these began and committed in.
CREATE TABLE changes (
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    topic text NOT NULL CHECK (topic <> ''),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX changes_xact ON changes (xact);
CREATE INDEX changes_age ON changes (at);
