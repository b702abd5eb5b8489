INSERT INTO ops.web_user (name, role, customer_id, password, created_ms, signed_in_ms)
VALUES ($1::text, $2::bigint, $3::bigint, $4::text, $5::bigint, 0)
ON CONFLICT (name) DO NOTHING
