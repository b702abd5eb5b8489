SELECT invoice_date, customer_id, country_id, head_date, head_partition, head_offset,
       lines, items, amount
FROM invoice
WHERE invoice_no = ?1
