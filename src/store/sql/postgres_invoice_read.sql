SELECT i.invoice_no, i.invoice_date, i.cancelled, i.customer_id, c.name, k.name,
       i.lines, i.items, i.amount
FROM invoice i
JOIN country k ON k.country_id = i.country_id
LEFT JOIN customer c ON c.customer_id = i.customer_id
WHERE i.invoice_no = $1::text
