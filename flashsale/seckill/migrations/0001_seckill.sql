-- One SKU on sale at a special price for a while, with units of its own that were moved out of the SKU's free stock.
CREATE TABLE fs_items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shop_id bigint NOT NULL REFERENCES shops,
    product_id bigint NOT NULL REFERENCES products,
    sku_id bigint NOT NULL REFERENCES skus,
    title text NOT NULL,
    specs jsonb NOT NULL,
    picture text NOT NULL,
    price bigint NOT NULL CHECK (price > 0),
    list_price bigint NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    allocated integer NOT NULL DEFAULT 0 CHECK (allocated >= 0),
    limit_per_member integer NOT NULL CHECK (limit_per_member > 0),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    pay_within_s integer NOT NULL CHECK (pay_within_s > 0),
    challenge text NOT NULL CHECK (challenge IN ('none', 'pow', 'captcha')),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published', 'paused', 'ended')),
    -- Rises with every change of terms; Redis ignores news with an older one.
    rev bigint NOT NULL DEFAULT 1,
    -- Rises with every load into Redis; what an older one admitted can no longer be settled.
    epoch bigint NOT NULL DEFAULT 0,
    created_by bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    ended_at timestamptz,
    archived_at timestamptz,
    CHECK (price < list_price),
    CHECK (starts_at < ends_at)
);
CREATE INDEX fs_items_window ON fs_items (starts_at, id);
CREATE INDEX fs_items_shop ON fs_items (shop_id, id);
CREATE INDEX fs_items_live ON fs_items (id) WHERE state <> 'draft' AND archived_at IS NULL;

-- One row for each key that won, for ever. No foreign keys: rows come from fs_items by the settling statement itself,
-- and one key check a row on the same hot tuple would cost more than the row; orders carry the member's.
CREATE TABLE fs_reservations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item_id bigint NOT NULL,
    member_id bigint NOT NULL,
    request_id text NOT NULL,
    qty integer NOT NULL CHECK (qty > 0),
    gen integer NOT NULL CHECK (gen > 0),
    epoch bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('held', 'paid', 'expired', 'void')),
    pay_before timestamptz NOT NULL,
    -- When Redis said yes, by its own clock; unknown where the win was settled from a repeated send.
    won_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (item_id, member_id, request_id)
);
CREATE INDEX fs_reservations_due ON fs_reservations (pay_before) WHERE status = 'held';

-- Units to give back to Redis: written with the expiry, cancellation or void, done once release.lua has answered.
CREATE TABLE fs_releases (
    reservation_id bigint NOT NULL REFERENCES fs_reservations,
    gen integer NOT NULL,
    epoch bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    PRIMARY KEY (reservation_id, gen)
);
CREATE INDEX fs_releases_open ON fs_releases (reservation_id) WHERE done_at IS NULL;

-- Payments that came after the deadline; each ends as re-won or refunded, never both.
CREATE TABLE fs_late_payments (
    payment_id bigint PRIMARY KEY,
    -- No foreign keys: the row is written while order and payment are locked, after which nothing locks a reservation.
    reservation_id bigint NOT NULL,
    order_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    decision text CHECK (decision IN ('rewon', 'refund')),
    decided_at timestamptz
);
CREATE INDEX fs_late_payments_open ON fs_late_payments (payment_id) WHERE decision IS NULL;
CREATE INDEX fs_late_payments_reservation ON fs_late_payments (reservation_id);

-- What happened at the gate, second by second; each web process adds its own counts once a second.
CREATE TABLE fs_figures (
    item_id bigint NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (item_id, at, outcome)
);
