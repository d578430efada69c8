-- Product pages tell of the sales of their product (server/kept.py).
CREATE FUNCTION changed_sale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (topic) VALUES ('product:' || NEW.product_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER changes_new AFTER INSERT ON fs_items FOR EACH ROW EXECUTE FUNCTION changed_sale();
CREATE TRIGGER changes_changed AFTER UPDATE ON fs_items FOR EACH ROW EXECUTE FUNCTION changed_sale();
