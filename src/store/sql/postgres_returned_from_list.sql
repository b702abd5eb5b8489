SELECT o.invoice_no, o.invoice_date, r.stock_code, r.quantity, r.unit_price
FROM customer_invoice o
JOIN invoice_line r ON r.invoice_no = o.invoice_no AND r.customer_id = o.customer_id
WHERE o.customer_id = $2::bigint AND o.invoice_date <= $3::timestamp AND NOT starts_with(o.invoice_no, 'C')
  AND r.stock_code IN (SELECT stock_code
                       FROM invoice_line
                       WHERE invoice_no = $1::text AND customer_id = $2::bigint)
ORDER BY o.invoice_date DESC, o.invoice_no DESC, r.stock_code
