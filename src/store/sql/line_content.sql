SELECT content_hash
FROM invoice_line
WHERE invoice_no = ?1 AND event_id = ?2
