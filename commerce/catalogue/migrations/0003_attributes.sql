-- What products of a category are described by. An attribute holds for the categories under its own too.
CREATE TABLE attributes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category_id bigint NOT NULL REFERENCES categories,
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('choice', 'number')),
    -- What numbers are counted in; empty for choices.
    unit text NOT NULL DEFAULT '',
    position integer NOT NULL DEFAULT 0,
    -- Whether lists can be narrowed by it.
    filterable boolean NOT NULL DEFAULT true,
    UNIQUE (category_id, name)
);

CREATE TABLE attribute_values (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attribute_id bigint NOT NULL REFERENCES attributes ON DELETE CASCADE,
    value text NOT NULL CHECK (value <> ''),
    position integer NOT NULL DEFAULT 0,
    UNIQUE (attribute_id, value),
    UNIQUE (attribute_id, id)
);

-- A choice has one row for each value chosen, a number one row.
CREATE TABLE product_attributes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    attribute_id bigint NOT NULL REFERENCES attributes ON DELETE CASCADE,
    value_id bigint,
    number numeric(14, 4),
    FOREIGN KEY (attribute_id, value_id) REFERENCES attribute_values (attribute_id, id) ON DELETE CASCADE,
    CHECK ((value_id IS NULL) <> (number IS NULL)),
    UNIQUE NULLS NOT DISTINCT (product_id, attribute_id, value_id)
);
CREATE INDEX product_attributes_value ON product_attributes (value_id) WHERE value_id IS NOT NULL;
CREATE INDEX product_attributes_attribute ON product_attributes (attribute_id);
