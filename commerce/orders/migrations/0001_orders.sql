-- Orders and their lines are written by the statement that settles a flash sale, thousands a second. They freeze what
-- was bought, so nothing in them points at members, shops or SKUs by a foreign key: a shop's row would be locked and
-- released by every winner of its sale.
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_no text NOT NULL UNIQUE CHECK (order_no ~ '^[0-9]{18}$'),
    member_id bigint NOT NULL,
    shop_id bigint NOT NULL,
    source text NOT NULL CHECK (source IN ('flash_sale', 'cart')),
    reservation_id bigint UNIQUE,
    status text NOT NULL DEFAULT 'pending_payment'
        CHECK (status IN ('pending_payment', 'pending_shipment', 'pending_receipt', 'completed', 'cancelled')),
    refund_status text NOT NULL DEFAULT 'none' CHECK (refund_status IN ('none', 'partial', 'full')),
    amount bigint NOT NULL CHECK (amount > 0),
    paid bigint NOT NULL DEFAULT 0 CHECK (paid >= 0),
    address jsonb NOT NULL,
    note text NOT NULL DEFAULT '',
    pay_before timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    paid_at timestamptz,
    cancelled_at timestamptz,
    cancel_reason text,
    CHECK (status NOT IN ('pending_shipment', 'pending_receipt', 'completed') OR (paid = amount AND paid_at IS NOT NULL)),
    CHECK (status <> 'pending_payment' OR paid = 0),
    CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL))
);
CREATE INDEX orders_of_member ON orders (member_id, id DESC);
CREATE INDEX orders_of_shop ON orders (shop_id, id DESC);
-- What a source holds (a flash sale) its source expires; the rest is expired from here.
CREATE INDEX orders_due ON orders (pay_before) WHERE status = 'pending_payment' AND source <> 'flash_sale';

CREATE TABLE order_lines (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders,
    sku_id bigint NOT NULL,
    product_id bigint NOT NULL,
    title text NOT NULL,
    specs jsonb NOT NULL DEFAULT '{}',
    picture text NOT NULL DEFAULT '',
    unit_price bigint NOT NULL CHECK (unit_price > 0),
    list_price bigint CHECK (list_price > 0),
    quantity integer NOT NULL CHECK (quantity > 0),
    amount bigint NOT NULL CHECK (amount > 0)
);
CREATE INDEX order_lines_order ON order_lines (order_id);

-- What happened to an order, by whom. An order without rows shows its creation from created_at.
CREATE TABLE order_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    from_status text,
    to_status text,
    actor_kind text NOT NULL CHECK (actor_kind IN ('member', 'staff', 'system')),
    actor_id bigint,
    text text NOT NULL DEFAULT ''
);
CREATE INDEX order_events_order ON order_events (order_id, id);
