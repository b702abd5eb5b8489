SELECT path, bytes, sha256, made_ms
FROM ops.invoice_document
WHERE invoice_no = $1::text AND state = $2::text
