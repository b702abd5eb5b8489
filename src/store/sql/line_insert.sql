INSERT INTO invoice_line (invoice_no, event_id, stock_code, quantity, unit_price, invoice_date,
                          customer_id, content_hash, log_partition, log_offset)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT DO NOTHING
