-- json keeps the order in which a SKU's specs are shown (colour before size, as on the product's page); jsonb does not.
ALTER TABLE order_lines ALTER COLUMN specs DROP DEFAULT;
ALTER TABLE order_lines ALTER COLUMN specs TYPE json USING specs::json;
ALTER TABLE order_lines ALTER COLUMN specs SET DEFAULT '{}';
UPDATE order_lines AS l SET specs = o.specs
FROM (
    SELECT f.id, json_object_agg(s.key, s.value ORDER BY array_position(p.spec_names, s.key), s.key) AS specs
    FROM order_lines AS f JOIN products AS p ON p.id = f.product_id CROSS JOIN json_each_text(f.specs) AS s
    GROUP BY f.id
) AS o
WHERE o.id = l.id;
