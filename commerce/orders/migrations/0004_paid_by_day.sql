-- What came in today is summed up for the back office's first page from this alone.
CREATE INDEX orders_paid ON orders (paid_at) INCLUDE (shop_id, paid) WHERE paid_at IS NOT NULL;
