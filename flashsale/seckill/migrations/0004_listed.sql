-- Whether the home page and the list show the sale. One that is not listed is open to whoever has its address: a
-- load test, a rehearsal, a sale for the readers of a letter.
ALTER TABLE fs_items ADD COLUMN listed boolean NOT NULL DEFAULT true;
