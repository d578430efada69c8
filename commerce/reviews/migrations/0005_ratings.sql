-- The catalogue's cards show what reviews come to, in the transaction that changes it.
CREATE FUNCTION review_sums_rated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO product_ratings AS r (product_id, reviews, stars)
    VALUES (
        NEW.product_id,
        NEW.ones + NEW.twos + NEW.threes + NEW.fours + NEW.fives,
        NEW.ones + 2 * NEW.twos + 3 * NEW.threes + 4 * NEW.fours + 5 * NEW.fives
    )
    ON CONFLICT (product_id) DO UPDATE SET reviews = excluded.reviews, stars = excluded.stars
    WHERE (r.reviews, r.stars) <> (excluded.reviews, excluded.stars);
    RETURN NULL;
END $$;
CREATE TRIGGER review_sums_rated AFTER INSERT OR UPDATE ON review_sums
    FOR EACH ROW EXECUTE FUNCTION review_sums_rated();
INSERT INTO product_ratings (product_id, reviews, stars)
SELECT product_id, ones + twos + threes + fours + fives, ones + 2 * twos + 3 * threes + 4 * fours + 5 * fives
FROM review_sums;
