SELECT invoice_no, invoice_date, lines, amount
FROM customer_invoice
WHERE customer_id = ?1
