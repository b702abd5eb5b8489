SELECT l.event_id, l.stock_code, p.description, l.quantity, l.unit_price, l.invoice_date,
       l.customer_id, l.log_partition, l.log_offset, o.invoice_no, o.invoice_date
FROM customer_invoice o
JOIN invoice_line l ON l.invoice_no = o.invoice_no AND l.customer_id = o.customer_id
LEFT JOIN product p ON p.stock_code = l.stock_code
WHERE o.customer_id = $1::bigint
  AND ((starts_with(o.invoice_no, 'C') AND $2::boolean)
       OR (NOT starts_with(o.invoice_no, 'C') AND $3::boolean))
  AND o.invoice_date >= $4::timestamp AND o.invoice_date < $5::timestamp
ORDER BY o.invoice_date, o.invoice_no
