-- What the reviews of a product come to, for its cards. Reviews, which are above the catalogue, keep it by a trigger.
CREATE TABLE product_ratings (
    product_id bigint PRIMARY KEY REFERENCES products ON DELETE CASCADE,
    reviews integer NOT NULL CHECK (reviews >= 0),
    -- The sum of their stars.
    stars bigint NOT NULL CHECK (stars BETWEEN reviews AND 5 * reviews::bigint)
);
