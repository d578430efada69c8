-- json keeps the order in which a SKU's specs are shown (colour before size, as on the product's page); jsonb does not.
ALTER TABLE fs_items ALTER COLUMN specs TYPE json USING specs::json;
UPDATE fs_items AS i SET specs = o.specs
FROM (
    SELECT f.id, json_object_agg(s.key, s.value ORDER BY array_position(p.spec_names, s.key), s.key) AS specs
    FROM fs_items AS f JOIN products AS p ON p.id = f.product_id CROSS JOIN json_each_text(f.specs) AS s
    GROUP BY f.id
) AS o
WHERE o.id = i.id;
