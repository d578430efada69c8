-- Pages that are kept are made again once what they show has changed (server/kept.py): `product:ID` for everything of
-- a product, `shop:ID` for how much a shop has on the shelf, `shelf` for how much there is in all, `catalogue` for
-- names and words that many products share.
CREATE FUNCTION changed_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (topic) SELECT 'product:' || id FROM touched;
    RETURN NULL;
END
$$;
CREATE TRIGGER changes_new AFTER INSERT ON products
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_products();
CREATE TRIGGER changes_changed AFTER UPDATE ON products
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_products();
CREATE TRIGGER changes_gone AFTER DELETE ON products
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_products();

CREATE FUNCTION changed_shelf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (topic)
        SELECT DISTINCT topic
        FROM touched AS t
        JOIN before AS b USING (id)
        CROSS JOIN LATERAL unnest(ARRAY['shelf', 'shop:' || t.shop_id, 'shop:' || b.shop_id]) AS topic
        WHERE (t.status, t.shop_id) <> (b.status, b.shop_id);
    ELSE
        INSERT INTO changes (topic)
        SELECT DISTINCT topic
        FROM touched AS t
        CROSS JOIN LATERAL unnest(ARRAY['shelf', 'shop:' || t.shop_id]) AS topic
        WHERE t.status = 'on';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER changes_shelf_new AFTER INSERT ON products
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_shelf();
CREATE TRIGGER changes_shelf_changed AFTER UPDATE ON products
    REFERENCING OLD TABLE AS before NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_shelf();
CREATE TRIGGER changes_shelf_gone AFTER DELETE ON products
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_shelf();

CREATE FUNCTION changed_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (topic) SELECT DISTINCT 'product:' || product_id FROM touched;
    RETURN NULL;
END
$$;
CREATE TRIGGER changes_new AFTER INSERT ON skus
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_parts();
CREATE TRIGGER changes_changed AFTER UPDATE ON skus
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_parts();
CREATE TRIGGER changes_gone AFTER DELETE ON skus
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_parts();
CREATE TRIGGER changes_new AFTER INSERT ON product_attributes
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_parts();
CREATE TRIGGER changes_changed AFTER UPDATE ON product_attributes
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_parts();
CREATE TRIGGER changes_gone AFTER DELETE ON product_attributes
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_parts();

-- A product without a SKU on the shelf is not there for shoppers.
CREATE FUNCTION changed_offer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (topic) VALUES ('shelf');
    RETURN NULL;
END
$$;
CREATE TRIGGER changes_offer AFTER INSERT OR DELETE OR UPDATE OF status, product_id ON skus
    FOR EACH STATEMENT EXECUTE FUNCTION changed_offer();

CREATE FUNCTION changed_catalogue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (topic) VALUES ('catalogue');
    RETURN NULL;
END
$$;
CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE ON shops
    FOR EACH STATEMENT EXECUTE FUNCTION changed_catalogue();
CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE ON categories
    FOR EACH STATEMENT EXECUTE FUNCTION changed_catalogue();
CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE ON brands
    FOR EACH STATEMENT EXECUTE FUNCTION changed_catalogue();
CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE ON attributes
    FOR EACH STATEMENT EXECUTE FUNCTION changed_catalogue();
CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE ON attribute_values
    FOR EACH STATEMENT EXECUTE FUNCTION changed_catalogue();
CREATE TRIGGER changes AFTER INSERT OR UPDATE OR DELETE ON home_stories
    FOR EACH STATEMENT EXECUTE FUNCTION changed_catalogue();

-- The best of a category without reading all of it, and how much a shop has without reading any of it.
DROP INDEX products_category;
CREATE INDEX products_category ON products (category_id, sales DESC, created_at DESC, id) WHERE status = 'on';
CREATE INDEX products_of_shop ON products (shop_id) WHERE status = 'on';
