-- Whose order is paid back, which never changes: staff of a shop read and count their own refunds from here alone.
ALTER TABLE refunds ADD COLUMN shop_id bigint;
UPDATE refunds AS r SET shop_id = o.shop_id
FROM payments AS p JOIN orders AS o ON o.id = p.order_id WHERE p.id = r.payment_id;
ALTER TABLE refunds ALTER COLUMN shop_id SET NOT NULL;
CREATE INDEX refunds_of_shop ON refunds (shop_id, status, id);
