-- Whose searches these were: digests of the first few visitors, so that what one of them types is not shown as everybody's.
ALTER TABLE search_counts ADD COLUMN visitors bigint[] NOT NULL DEFAULT '{}';
-- What an operator offers to look for.
CREATE TABLE search_picks (
    words text PRIMARY KEY CHECK (words <> ''),
    position integer NOT NULL
);
