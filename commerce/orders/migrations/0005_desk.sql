-- Staff look for orders among those of their shops, or of all, by state and day of purchase: newest first, whichever of
-- these are given. Both serve the figures too.
CREATE INDEX orders_of_shop_by_state ON orders (shop_id, status, created_at, id);
CREATE INDEX orders_by_state ON orders (status, created_at, id);
DROP INDEX orders_of_shop;
DROP INDEX orders_to_ship;
-- By who receives: the whole name, or the last eleven digits of the phone however it was written. What waits for its
-- payment is left out, so that a sale's orders are not held up by it; there are few of these at any time.
CREATE INDEX orders_receiver_phone ON orders (right(regexp_replace(address ->> 'phone', '[^0-9]', '', 'g'), 11))
    WHERE status <> 'pending_payment';
CREATE INDEX orders_receiver_name ON orders ((address ->> 'name')) WHERE status <> 'pending_payment';
-- By what was bought, in the same order: a line knows when its order was placed, in whose transaction it is written.
ALTER TABLE order_lines ADD COLUMN placed_at timestamptz;
UPDATE order_lines AS l SET placed_at = o.created_at FROM orders AS o WHERE o.id = l.order_id;
ALTER TABLE order_lines ALTER COLUMN placed_at SET DEFAULT now(), ALTER COLUMN placed_at SET NOT NULL;
CREATE INDEX order_lines_product ON order_lines (product_id, placed_at, order_id);
