COPY invoice (invoice_no, no_prefix, cancelled, invoice_date, customer_id, country_id,
              head_date, head_partition, head_offset, lines, items, amount)
FROM STDIN (FORMAT binary)
