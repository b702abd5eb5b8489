SELECT customer_id, invoice_no, amount
FROM customer_invoice
ORDER BY customer_id
