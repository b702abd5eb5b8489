SELECT l.event_id, l.stock_code, p.description, l.quantity, l.unit_price, l.invoice_date,
       l.customer_id, l.log_partition, l.log_offset
FROM invoice_line l
LEFT JOIN product p ON p.stock_code = l.stock_code
WHERE l.invoice_no = ?1 AND l.customer_id = ?2
ORDER BY l.log_partition, l.log_offset
