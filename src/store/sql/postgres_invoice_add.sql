WITH written AS (
    INSERT INTO invoice AS i (invoice_no, no_prefix, cancelled, invoice_date, customer_id,
                              country_id, head_date, head_partition, head_offset, lines, items,
                              amount)
    SELECT invoice_no, no_prefix, starts_with(invoice_no, 'C'), invoice_date, customer_id,
           country_id, head_date, $11::integer, head_offset, lines, items, amount
    FROM unnest($1::text[], $2::bigint[], $3::timestamp[], $4::bigint[], $5::integer[],
                $6::timestamp[], $7::bigint[], $8::bigint[], $9::bigint[], $10::numeric[])
        AS added (invoice_no, no_prefix, invoice_date, customer_id, country_id, head_date,
                  head_offset, lines, items, amount)
    ORDER BY invoice_no
    ON CONFLICT (invoice_no) DO UPDATE
    SET invoice_date = least(i.invoice_date, excluded.invoice_date),
        lines = i.lines + excluded.lines,
        items = i.items + excluded.items,
        amount = i.amount + excluded.amount,
        -- A line that names a customer goes before those that do not; else the latest wins.
        (customer_id, country_id, head_date, head_partition, head_offset) = (
            SELECT head.customer_id, head.country_id, head.head_date, head.head_partition,
                   head.head_offset
            FROM (VALUES (i.customer_id, i.country_id, i.head_date, i.head_partition,
                          i.head_offset),
                         (excluded.customer_id, excluded.country_id, excluded.head_date,
                          excluded.head_partition, excluded.head_offset))
                AS head (customer_id, country_id, head_date, head_partition, head_offset)
            ORDER BY head.customer_id IS NULL, head.head_date DESC, head.head_partition DESC,
                     head.head_offset DESC
            LIMIT 1)
    RETURNING xmax = 0 AS is_new, cancelled -- xmax is set on the row that an update leaves
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE is_new AND cancelled)
FROM written
