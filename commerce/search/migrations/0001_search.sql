-- What lists and searches are answered from: one row a product, made again whenever something it shows has changed.
CREATE TABLE search_products (
    product_id bigint PRIMARY KEY REFERENCES products ON DELETE CASCADE,
    -- Rises with every change in the order of the commits: rows are only written under one lock.
    revision bigint NOT NULL,
    shown boolean NOT NULL,
    shop_id bigint NOT NULL,
    category_id bigint NOT NULL,
    brand_id bigint,
    tags text[] NOT NULL,
    -- 'ATTRIBUTE:VALUE', the value's id for a choice, the number itself for a number.
    attributes text[] NOT NULL,
    price bigint NOT NULL,
    dearest bigint NOT NULL,
    in_stock boolean NOT NULL,
    sales bigint NOT NULL,
    created_at timestamptz NOT NULL,
    -- Of the texts that the words were made of.
    digest text NOT NULL,
    -- A line for each weight, words with a space between.
    words text NOT NULL
);
CREATE UNIQUE INDEX search_products_revision ON search_products (revision);
CREATE SEQUENCE search_revision;

-- Products whose row is to be made again, marked in the transaction that changed them. 0 stands for what all share:
-- names of categories, brands, shops and attributes, synonyms.
CREATE TABLE search_marks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL
);
CREATE TABLE search_shared (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL
);
INSERT INTO search_shared (revision) VALUES (1);

CREATE FUNCTION search_mark_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_marks (product_id) SELECT id FROM touched;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_marks_new AFTER INSERT ON products
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_products();
CREATE TRIGGER search_marks_changed AFTER UPDATE ON products
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_products();

CREATE FUNCTION search_mark_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_marks (product_id) SELECT DISTINCT product_id FROM touched;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_marks_new AFTER INSERT ON skus
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_parts();
CREATE TRIGGER search_marks_changed AFTER UPDATE ON skus
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_parts();
CREATE TRIGGER search_marks_gone AFTER DELETE ON skus
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_parts();
CREATE TRIGGER search_marks_new AFTER INSERT ON product_attributes
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_parts();
CREATE TRIGGER search_marks_changed AFTER UPDATE ON product_attributes
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_parts();
CREATE TRIGGER search_marks_gone AFTER DELETE ON product_attributes
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_parts();

-- Lists ask only whether anything is left. Without live holds that changes where on hand meets allocated.
CREATE FUNCTION search_mark_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO search_marks (product_id)
        SELECT DISTINCT k.product_id FROM touched AS t JOIN skus AS k ON k.id = t.sku_id;
    ELSE
        INSERT INTO search_marks (product_id)
        SELECT DISTINCT k.product_id
        FROM touched AS t
        JOIN before AS b USING (sku_id)
        JOIN skus AS k ON k.id = t.sku_id
        WHERE (t.on_hand > t.allocated) <> (b.on_hand > b.allocated)
            OR EXISTS (SELECT FROM stock_holds AS h WHERE h.sku_id = t.sku_id AND h.released_at IS NULL);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_marks_new AFTER INSERT ON stock
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_stock();
CREATE TRIGGER search_marks_changed AFTER UPDATE ON stock
    REFERENCING OLD TABLE AS before NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_stock();

CREATE FUNCTION search_mark_holds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_marks (product_id)
    SELECT DISTINCT k.product_id FROM touched AS t JOIN skus AS k ON k.id = t.sku_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_marks_new AFTER INSERT ON stock_holds
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_holds();
CREATE TRIGGER search_marks_changed AFTER UPDATE ON stock_holds
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION search_mark_holds();

-- What products share: every process reads it again; products that were found by an old name are marked themselves.
CREATE FUNCTION search_mark_shared() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_marks (product_id) VALUES (0);
    IF TG_OP = 'UPDATE' THEN
        IF TG_TABLE_NAME = 'brands' THEN
            INSERT INTO search_marks (product_id) SELECT id FROM products WHERE brand_id = NEW.id;
        ELSIF TG_TABLE_NAME = 'shops' THEN
            INSERT INTO search_marks (product_id) SELECT id FROM products WHERE shop_id = NEW.id;
        ELSIF TG_TABLE_NAME = 'attributes' THEN
            INSERT INTO search_marks (product_id)
            SELECT DISTINCT product_id FROM product_attributes WHERE attribute_id = NEW.id;
        ELSIF TG_TABLE_NAME = 'attribute_values' THEN
            INSERT INTO search_marks (product_id)
            SELECT DISTINCT product_id FROM product_attributes WHERE value_id = NEW.id;
        ELSIF TG_TABLE_NAME = 'categories' THEN
            INSERT INTO search_marks (product_id)
            WITH RECURSIVE branch AS (
                SELECT NEW.id AS id
                UNION
                SELECT c.id FROM categories AS c JOIN branch ON c.parent_id = branch.id
            )
            SELECT p.id FROM products AS p JOIN branch ON branch.id = p.category_id;
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_marks AFTER INSERT OR DELETE OR UPDATE OF slug, name ON brands
    FOR EACH ROW EXECUTE FUNCTION search_mark_shared();
CREATE TRIGGER search_marks AFTER INSERT OR DELETE OR UPDATE OF slug, name ON shops
    FOR EACH ROW EXECUTE FUNCTION search_mark_shared();
CREATE TRIGGER search_marks AFTER INSERT OR DELETE OR UPDATE ON categories
    FOR EACH ROW EXECUTE FUNCTION search_mark_shared();
CREATE TRIGGER search_marks AFTER INSERT OR DELETE OR UPDATE ON attributes
    FOR EACH ROW EXECUTE FUNCTION search_mark_shared();
CREATE TRIGGER search_marks AFTER INSERT OR DELETE OR UPDATE ON attribute_values
    FOR EACH ROW EXECUTE FUNCTION search_mark_shared();

-- Words that mean the same: who looks for one finds the others.
CREATE TABLE search_synonyms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    words text[] NOT NULL CHECK (cardinality(words) >= 2),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER search_marks AFTER INSERT OR DELETE OR UPDATE ON search_synonyms
    FOR EACH ROW EXECUTE FUNCTION search_mark_shared();

-- What people looked for and found, by day.
CREATE TABLE search_counts (
    day date NOT NULL,
    words text NOT NULL CHECK (words <> ''),
    searches bigint NOT NULL,
    PRIMARY KEY (day, words)
);
-- What an operator does not want among the hot searches.
CREATE TABLE search_hidden (
    words text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE search_history (
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    words text NOT NULL CHECK (words <> ''),
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, words)
);

-- Everything that is there already.
INSERT INTO search_marks (product_id) SELECT id FROM products;
