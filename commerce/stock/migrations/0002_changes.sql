-- Pages that show how much is left are made again once that changes (server/kept.py).
CREATE FUNCTION changed_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (topic)
    SELECT DISTINCT 'product:' || k.product_id FROM touched AS t JOIN skus AS k ON k.id = t.sku_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER changes_new AFTER INSERT ON stock
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_stock();
CREATE TRIGGER changes_changed AFTER UPDATE ON stock
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_stock();
CREATE TRIGGER changes_new AFTER INSERT ON stock_holds
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_stock();
CREATE TRIGGER changes_changed AFTER UPDATE ON stock_holds
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_stock();
