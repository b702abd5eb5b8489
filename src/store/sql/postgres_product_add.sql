INSERT INTO product (stock_code)
SELECT added.stock_code
FROM unnest($1::text[]) AS added (stock_code)
WHERE NOT EXISTS (SELECT FROM product p WHERE p.stock_code = added.stock_code)
