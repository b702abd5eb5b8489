SELECT l.event_id IS NOT NULL, l.content_hash
FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS line (invoice_no, event_id, number)
LEFT JOIN invoice_line l ON l.invoice_no = line.invoice_no AND l.event_id = line.event_id
ORDER BY line.number
