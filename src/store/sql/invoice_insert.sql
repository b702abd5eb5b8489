INSERT INTO invoice (invoice_no, no_prefix, cancelled, invoice_date, customer_id, country_id,
                     head_date, head_partition, head_offset, lines, items, amount)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
