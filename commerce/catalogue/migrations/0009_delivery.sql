-- Where a shop ships from, and within how many hours of payment; empty and NULL: nothing is promised.
-- Pages that show it are made again as for every change of a shop.
ALTER TABLE shops
    ADD COLUMN ships_from text NOT NULL DEFAULT '' CHECK (length(ships_from) <= 20),
    ADD COLUMN ships_within integer CHECK (ships_within BETWEEN 1 AND 720);
