UPDATE product
SET description = ?2, description_date = ?3, description_partition = ?4, description_offset = ?5
WHERE product_id = ?1
