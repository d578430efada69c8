CREATE TABLE stock (
    sku_id bigint PRIMARY KEY REFERENCES skus,
    on_hand bigint NOT NULL DEFAULT 0,
    allocated bigint NOT NULL DEFAULT 0,
    CONSTRAINT stock_never_promised_twice CHECK (0 <= allocated AND allocated <= on_hand)
);

-- Units kept for somebody until a stored moment. A hold that has expired counts for nothing,
-- whether the sweep has been by or not.
CREATE TABLE stock_holds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku_id bigint NOT NULL REFERENCES stock,
    quantity bigint NOT NULL CHECK (quantity > 0),
    purpose text NOT NULL,
    ref text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    released_at timestamptz
);
CREATE INDEX stock_holds_live ON stock_holds (sku_id) WHERE released_at IS NULL;
CREATE INDEX stock_holds_expiry ON stock_holds (expires_at) WHERE released_at IS NULL;

CREATE TABLE stock_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku_id bigint NOT NULL REFERENCES stock,
    kind text NOT NULL CHECK (kind IN ('receive', 'allocate', 'release', 'ship', 'correct')),
    quantity bigint NOT NULL CHECK (quantity <> 0),
    on_hand_after bigint NOT NULL,
    allocated_after bigint NOT NULL,
    ref text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX stock_movements_sku ON stock_movements (sku_id, id);

CREATE FUNCTION stock_movements_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stock movements are only ever added' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER stock_movements_stay BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION stock_movements_stay();

-- What may still be promised. Lists and filters of the catalogue read this, nothing else of stock.
CREATE VIEW stock_free AS
SELECT
    s.sku_id,
    s.on_hand,
    s.allocated,
    s.on_hand - s.allocated - coalesce((
        SELECT sum(h.quantity) FROM stock_holds AS h
        WHERE h.sku_id = s.sku_id AND h.released_at IS NULL
            AND (h.expires_at IS NULL OR h.expires_at > statement_timestamp())
    ), 0)::bigint AS free
FROM stock AS s;
