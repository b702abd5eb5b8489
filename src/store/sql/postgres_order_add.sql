INSERT INTO customer_invoice AS o (invoice_no, customer_id, invoice_date, lines, items, amount)
SELECT invoice_no, customer_id, invoice_date, lines, items, amount
FROM unnest($1::text[], $2::bigint[], $3::timestamp[], $4::bigint[], $5::bigint[], $6::numeric[])
    AS added (invoice_no, customer_id, invoice_date, lines, items, amount)
ORDER BY invoice_no, customer_id
ON CONFLICT (invoice_no, customer_id) DO UPDATE
SET invoice_date = least(o.invoice_date, excluded.invoice_date),
    lines = o.lines + excluded.lines,
    items = o.items + excluded.items,
    amount = o.amount + excluded.amount
