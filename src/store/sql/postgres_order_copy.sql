COPY customer_invoice (invoice_no, customer_id, invoice_date, lines, items, amount)
FROM STDIN (FORMAT binary)
