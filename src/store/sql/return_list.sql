SELECT o.invoice_no, o.invoice_date, r.stock_code, r.quantity, r.unit_price
FROM customer_invoice o
CROSS JOIN invoice_line r ON r.invoice_no = o.invoice_no AND r.customer_id = o.customer_id
WHERE o.customer_id = ?2 AND o.invoice_date >= ?3 AND substr(o.invoice_no, 1, 1) = 'C'
  AND r.stock_code IN (SELECT stock_code
                       FROM invoice_line
                       WHERE invoice_no = ?1 AND customer_id = ?2)
ORDER BY o.invoice_date, o.invoice_no, r.stock_code
