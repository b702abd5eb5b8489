INSERT INTO ops.web_audit (at_ms, user_name, address, action, target, detail)
VALUES ($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text)
RETURNING audit_id
