-- What products are found by lives in the search table; nothing reads these any more.
ALTER TABLE products DROP COLUMN search;
