WITH found AS (
    SELECT customer_id
    FROM customer
    WHERE name IS NOT NULL AND customer_id + 0 > $3::bigint
      AND customer_name_words(name) @@ to_tsquery('simple', $1::text)
    ORDER BY customer_id
    LIMIT $2::bigint
)
SELECT c.name, k.name,
       count(*) FILTER (WHERE NOT starts_with(o.invoice_no, 'C')),
       count(*) FILTER (WHERE starts_with(o.invoice_no, 'C')),
       coalesce(sum(o.lines), 0)::bigint, min(o.invoice_date), max(o.invoice_date),
       coalesce(sum(o.amount) FILTER (WHERE NOT starts_with(o.invoice_no, 'C')), 0),
       coalesce(sum(o.amount) FILTER (WHERE starts_with(o.invoice_no, 'C')), 0),
       c.customer_id
FROM found
JOIN customer c ON c.customer_id = found.customer_id
JOIN country k ON k.country_id = c.country_id
LEFT JOIN customer_invoice o ON o.customer_id = c.customer_id
GROUP BY c.customer_id, k.name
ORDER BY c.customer_id
