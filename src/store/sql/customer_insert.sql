INSERT INTO customer (customer_id, name, name_date, name_partition, name_offset,
                      country_id, country_date, country_partition, country_offset)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
