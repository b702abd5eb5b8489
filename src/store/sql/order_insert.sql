INSERT INTO customer_invoice (invoice_no, customer_id, invoice_date, lines, items, amount)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
