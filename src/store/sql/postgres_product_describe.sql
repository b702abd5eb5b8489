UPDATE product p
SET description = given.description
FROM unnest($1::integer[], $2::text[]) AS given (product_id, description)
WHERE p.product_id = given.product_id
