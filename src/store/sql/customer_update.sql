UPDATE customer
SET name = ?2, name_date = ?3, name_partition = ?4, name_offset = ?5,
    country_id = ?6, country_date = ?7, country_partition = ?8, country_offset = ?9
WHERE customer_id = ?1
