SELECT i.invoice_no, o.invoice_date, i.cancelled, o.customer_id, c.name, k.name,
       o.lines, o.items, o.amount
FROM customer_invoice o
JOIN invoice i ON i.invoice_no = o.invoice_no
JOIN customer c ON c.customer_id = o.customer_id
JOIN country k ON k.country_id = CASE WHEN i.customer_id = o.customer_id THEN i.country_id
                                      ELSE c.country_id END
WHERE o.invoice_no = ?1 AND o.customer_id = ?2
