-- Rises with every change that people make, so that the second of two who change the same product is told.
ALTER TABLE products ADD COLUMN version bigint NOT NULL DEFAULT 1;
-- {address: what the picture shows}, for those who cannot see it.
ALTER TABLE products ADD COLUMN alts jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(alts) = 'object');
