SELECT c.name, k.name,
       count(*) FILTER (WHERE NOT starts_with(o.invoice_no, 'C')),
       count(*) FILTER (WHERE starts_with(o.invoice_no, 'C')),
       coalesce(sum(o.lines), 0)::bigint, min(o.invoice_date), max(o.invoice_date),
       coalesce(sum(o.amount) FILTER (WHERE NOT starts_with(o.invoice_no, 'C')), 0),
       coalesce(sum(o.amount) FILTER (WHERE starts_with(o.invoice_no, 'C')), 0),
       c.customer_id
FROM customer c
JOIN country k ON k.country_id = c.country_id
LEFT JOIN customer_invoice o ON o.customer_id = c.customer_id
WHERE c.customer_id = $1::bigint
GROUP BY c.customer_id, k.name
