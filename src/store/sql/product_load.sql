SELECT product_id, description, description_date, description_partition, description_offset
FROM product
WHERE stock_code = ?1
