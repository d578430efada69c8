-- The row comes with the first thing that is shared.
DELETE FROM search_shared;
