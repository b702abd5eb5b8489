UPDATE ops.api_key
SET revoked_ms = $2::bigint
WHERE name = $1::text AND revoked_ms = 0
