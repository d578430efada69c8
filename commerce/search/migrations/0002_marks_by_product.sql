-- All marks of a product are seen to at once.
CREATE INDEX search_marks_product ON search_marks (product_id);
-- How the words of the rows were made; another way has all of them made again.
ALTER TABLE search_shared ADD COLUMN way text NOT NULL DEFAULT '';
