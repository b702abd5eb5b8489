SELECT wanted.number::integer - 1, p.product_id, p.description
FROM unnest($1::text[]) WITH ORDINALITY AS wanted (stock_code, number)
JOIN product p ON p.stock_code = wanted.stock_code
