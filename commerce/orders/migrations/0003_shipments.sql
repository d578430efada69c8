-- What left the shop, with whom and under which number. One parcel an order for now: parcels for single lines need no
-- more than the first constraint gone, since what is in each lies in shipment_lines.
CREATE TABLE shipments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL CONSTRAINT shipments_one_per_order UNIQUE REFERENCES orders,
    carrier text NOT NULL CHECK (carrier IN ('sf', 'zto', 'yto', 'sto', 'yd', 'jd', 'ems', 'other')),
    tracking_no text NOT NULL CHECK (tracking_no ~ '^[0-9A-Z-]{6,32}$'),
    corrections integer NOT NULL DEFAULT 0 CHECK (corrections >= 0),
    shipped_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE shipment_lines (
    shipment_id bigint NOT NULL REFERENCES shipments,
    line_id bigint NOT NULL REFERENCES order_lines,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, line_id)
);
CREATE INDEX shipment_lines_line ON shipment_lines (line_id);

-- When an order that is on its way counts as received, unless its member says so before.
ALTER TABLE orders ADD COLUMN receipt_before timestamptz;
UPDATE orders SET receipt_before = now() + interval '10 days' WHERE status = 'pending_receipt';
CREATE INDEX orders_to_receive ON orders (receipt_before) WHERE status = 'pending_receipt';
CREATE INDEX orders_to_ship ON orders (shop_id) WHERE status = 'pending_shipment';
