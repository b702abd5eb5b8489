INSERT INTO ops.invoice_document (invoice_no, state, path, bytes, sha256, made_ms)
VALUES ($1::text, $2::text, $3::text, $4::bigint, $5::bytea, $6::bigint)
ON CONFLICT (invoice_no, state) DO UPDATE
SET path = excluded.path, bytes = excluded.bytes, sha256 = excluded.sha256,
    made_ms = excluded.made_ms
