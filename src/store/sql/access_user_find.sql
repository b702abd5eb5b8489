SELECT user_id, name, role, customer_id, password, created_ms, signed_in_ms
FROM ops.web_user
WHERE name = $1::text
