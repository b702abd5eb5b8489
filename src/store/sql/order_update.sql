UPDATE customer_invoice
SET invoice_date = ?3, lines = ?4, items = ?5, amount = ?6
WHERE invoice_no = ?1 AND customer_id = ?2
