SELECT invoice_date, lines, items, amount
FROM customer_invoice
WHERE invoice_no = ?1 AND customer_id = ?2
