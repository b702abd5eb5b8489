SAVEPOINT lines;
COPY invoice_line (invoice_no, event_id, stock_code, quantity, unit_price, invoice_date, customer_id,
                   content_hash, log_partition, log_offset)
FROM STDIN (FORMAT binary)
