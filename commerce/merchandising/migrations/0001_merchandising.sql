-- What was charged for a SKU, change by change; never changed, never removed. Nothing before the first price.
CREATE TABLE price_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku_id bigint NOT NULL REFERENCES skus,
    price_before bigint,
    price_after bigint NOT NULL,
    list_price_before bigint,
    list_price_after bigint,
    ref text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX price_changes_sku ON price_changes (sku_id, id);

-- Who changed what of a product, from what to what: [{"what": …, "sku": …, "before": …, "after": …}, …].
CREATE TABLE product_edits (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES products,
    version bigint NOT NULL,
    staff_id bigint NOT NULL REFERENCES staff,
    ref text NOT NULL,
    changes jsonb NOT NULL CHECK (jsonb_typeof(changes) = 'array'),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (product_id, version)
);

CREATE FUNCTION history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER price_changes_stay BEFORE UPDATE OR DELETE ON price_changes
    FOR EACH ROW EXECUTE FUNCTION history_stays();
CREATE TRIGGER product_edits_stay BEFORE UPDATE OR DELETE ON product_edits
    FOR EACH ROW EXECUTE FUNCTION history_stays();
