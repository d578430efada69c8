CREATE TABLE shops (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL,
    intro text NOT NULL DEFAULT '',
    logo text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE categories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id bigint REFERENCES categories,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL,
    icon text NOT NULL DEFAULT '',
    position integer NOT NULL DEFAULT 0
);
CREATE INDEX categories_parent ON categories (parent_id, position);

CREATE TABLE brands (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL
);

CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shop_id bigint NOT NULL REFERENCES shops,
    category_id bigint NOT NULL REFERENCES categories,
    brand_id bigint REFERENCES brands,
    slug text NOT NULL UNIQUE,
    title text NOT NULL CHECK (title <> ''),
    subtitle text NOT NULL DEFAULT '',
    -- Markdown; made into HTML and sanitised whenever it is shown.
    description text NOT NULL DEFAULT '',
    -- [[name, value], …] and [address, …], in the order they are shown.
    parameters jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(parameters) = 'array'),
    pictures jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(pictures) = 'array'),
    tags text[] NOT NULL DEFAULT '{}',
    -- The names of its SKUs' specs in the order they are shown, which jsonb does not keep.
    spec_names text[] NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'off' CHECK (status IN ('on', 'off')),
    sales bigint NOT NULL DEFAULT 0 CHECK (sales >= 0),
    -- Words segmented by the application: PostgreSQL cannot segment Chinese.
    search tsvector NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX products_shop ON products (shop_id, id);
CREATE INDEX products_category ON products (category_id) WHERE status = 'on';
CREATE INDEX products_search ON products USING gin (search);
-- Parts of words, which segmentation does not know.
CREATE INDEX products_title ON products USING gin (title gin_trgm_ops);

CREATE TABLE skus (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES products,
    code text NOT NULL UNIQUE CHECK (code <> ''),
    -- {name: value}; every SKU of a product has the same names.
    specs jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(specs) = 'object'),
    position integer NOT NULL DEFAULT 0,
    price bigint NOT NULL CHECK (price > 0),
    list_price bigint CHECK (list_price > price),
    picture text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'on' CHECK (status IN ('on', 'off')),
    UNIQUE (product_id, specs)
);
