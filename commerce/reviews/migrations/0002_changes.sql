-- A product's kept page is made again once what people say of it has changed, or what its writers are called.
CREATE FUNCTION changed_remarks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (topic) SELECT DISTINCT 'product:' || product_id FROM touched;
    RETURN NULL;
END
$$;
CREATE TRIGGER changes_new AFTER INSERT ON remarks
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_remarks();
CREATE TRIGGER changes_changed AFTER UPDATE ON remarks
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_remarks();
CREATE TRIGGER changes_gone AFTER DELETE ON remarks
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION changed_remarks();

CREATE FUNCTION changed_writer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (topic)
    SELECT DISTINCT 'product:' || product_id FROM remarks WHERE member_id = NEW.id AND state = 'shown';
    RETURN NULL;
END
$$;
CREATE TRIGGER changes_writer AFTER UPDATE OF nickname, avatar ON members
    FOR EACH ROW WHEN ((OLD.nickname, OLD.avatar) IS DISTINCT FROM (NEW.nickname, NEW.avatar))
    EXECUTE FUNCTION changed_writer();
