-- Few of many: a page of two-star reviews reads these, not all that there is of the product.
CREATE INDEX remarks_pictured ON remarks (product_id, useful DESC, id DESC)
    WHERE kind = 'review' AND state = 'shown' AND pictured;
CREATE INDEX remarks_followed ON remarks (product_id, useful DESC, id DESC)
    WHERE kind = 'review' AND state = 'shown' AND followed;
CREATE INDEX remarks_rating ON remarks (product_id, rating, useful DESC, id DESC)
    WHERE kind = 'review' AND state = 'shown';
CREATE INDEX remarks_bad ON remarks (shop_id, id DESC) WHERE kind = 'review' AND state = 'shown' AND rating <= 2;
