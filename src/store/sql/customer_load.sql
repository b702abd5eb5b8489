SELECT name, name_date, name_partition, name_offset,
       country_id, country_date, country_partition, country_offset
FROM customer
WHERE customer_id = ?1
