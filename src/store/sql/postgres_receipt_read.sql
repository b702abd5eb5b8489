SELECT l.invoice_no, l.log_partition, l.log_offset
FROM invoice i
JOIN invoice_line l ON l.invoice_no = i.invoice_no
WHERE i.no_prefix = $1::bigint AND l.event_id = $2::uuid
