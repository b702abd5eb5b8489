SELECT 1
FROM ops.api_key
WHERE name = $1::text AND revoked_ms = 0 AND (expires_ms = 0 OR expires_ms > $2::bigint)
