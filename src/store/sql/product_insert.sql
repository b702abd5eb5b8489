INSERT INTO product (stock_code, description, description_date, description_partition,
                     description_offset)
VALUES (?1, ?2, ?3, ?4, ?5)
