INSERT INTO product (stock_code, description)
SELECT stock_code, description
FROM unnest($1::text[], $2::text[]) AS added (stock_code, description)
RETURNING stock_code, product_id
