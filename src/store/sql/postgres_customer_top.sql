WITH best AS (
    SELECT customer_id,
           coalesce(sum(amount) FILTER (WHERE NOT starts_with(invoice_no, 'C')), 0) AS spent
    FROM customer_invoice
    GROUP BY customer_id
    ORDER BY spent DESC, customer_id
    LIMIT $1::bigint
)
SELECT c.name, k.name,
       count(*) FILTER (WHERE NOT starts_with(o.invoice_no, 'C')),
       count(*) FILTER (WHERE starts_with(o.invoice_no, 'C')),
       coalesce(sum(o.lines), 0)::bigint, min(o.invoice_date), max(o.invoice_date),
       coalesce(sum(o.amount) FILTER (WHERE NOT starts_with(o.invoice_no, 'C')), 0),
       coalesce(sum(o.amount) FILTER (WHERE starts_with(o.invoice_no, 'C')), 0),
       c.customer_id
FROM best
JOIN customer c ON c.customer_id = best.customer_id
JOIN country k ON k.country_id = c.country_id
JOIN customer_invoice o ON o.customer_id = c.customer_id
GROUP BY best.spent, c.customer_id, k.name
ORDER BY best.spent DESC, c.customer_id
