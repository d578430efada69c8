-- How many units of each product are free, summed up over its SKUs: those that are running out are found among a
-- hundred thousand without adding up the stock of all. The worker makes the sums; a product that was marked since is
-- added up by whoever asks, so that no answer is behind. Nobody who changes stock waits for anybody here: a sum that
-- the trigger wrote itself would have all who sell a product stand in one row.
CREATE TABLE product_levels (
    product_id bigint PRIMARY KEY REFERENCES products ON DELETE CASCADE,
    shop_id bigint NOT NULL,
    status text NOT NULL,
    free bigint NOT NULL
);
CREATE INDEX product_levels_free ON product_levels (free) WHERE status = 'on';
CREATE INDEX product_levels_shop ON product_levels (shop_id, free) WHERE status = 'on';

-- Products whose sum is to be made again, marked in the transaction that changed it.
CREATE TABLE level_marks (product_id bigint NOT NULL);
CREATE INDEX level_marks_product ON level_marks (product_id);

CREATE FUNCTION level_mark_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO level_marks (product_id) SELECT id FROM touched;
    ELSE
        INSERT INTO level_marks (product_id)
        SELECT t.id FROM touched AS t JOIN before AS b USING (id)
        WHERE (t.status, t.shop_id) <> (b.status, b.shop_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER level_marks_new AFTER INSERT ON products
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION level_mark_products();
CREATE TRIGGER level_marks_changed AFTER UPDATE ON products
    REFERENCING OLD TABLE AS before NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION level_mark_products();

-- What is sent away was promised before: it leaves as much free as there was.
CREATE FUNCTION level_mark_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO level_marks (product_id)
        SELECT DISTINCT k.product_id FROM touched AS t JOIN skus AS k ON k.id = t.sku_id;
    ELSE
        INSERT INTO level_marks (product_id)
        SELECT DISTINCT k.product_id
        FROM touched AS t
        JOIN before AS b USING (sku_id)
        JOIN skus AS k ON k.id = t.sku_id
        WHERE t.on_hand - t.allocated <> b.on_hand - b.allocated;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER level_marks_new AFTER INSERT ON stock
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION level_mark_stock();
CREATE TRIGGER level_marks_changed AFTER UPDATE ON stock
    REFERENCING OLD TABLE AS before NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION level_mark_stock();

CREATE FUNCTION level_mark_holds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO level_marks (product_id)
    SELECT DISTINCT k.product_id FROM touched AS t JOIN skus AS k ON k.id = t.sku_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER level_marks_new AFTER INSERT ON stock_holds
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION level_mark_holds();
CREATE TRIGGER level_marks_changed AFTER UPDATE ON stock_holds
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION level_mark_holds();

-- Products whose sum may no longer hold: marked ones, and those of holds that ran out and are not closed yet.
CREATE VIEW level_doubts AS
SELECT m.product_id FROM level_marks AS m
UNION
SELECT k.product_id FROM stock_holds AS h JOIN skus AS k ON k.id = h.sku_id
WHERE h.released_at IS NULL AND h.expires_at <= statement_timestamp();

-- What every product has free: the back office's lists and figures read this.
CREATE VIEW product_free AS
SELECT l.product_id, l.shop_id, l.status, l.free
FROM product_levels AS l
WHERE NOT EXISTS (SELECT FROM level_doubts AS d WHERE d.product_id = l.product_id)
UNION ALL
SELECT p.id AS product_id, p.shop_id, p.status, o.free
FROM level_doubts AS d
JOIN products AS p ON p.id = d.product_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(f.free), 0)::bigint AS free
    FROM skus AS k JOIN stock_free AS f ON f.sku_id = k.id
    WHERE k.product_id = p.id
) AS o;

-- Everything that is there already.
INSERT INTO product_levels (product_id, shop_id, status, free)
SELECT p.id, p.shop_id, p.status, coalesce(o.free, 0)
FROM products AS p
LEFT JOIN (
    SELECT k.product_id, sum(f.free)::bigint AS free
    FROM skus AS k JOIN stock_free AS f ON f.sku_id = k.id
    GROUP BY k.product_id
) AS o ON o.product_id = p.id;
