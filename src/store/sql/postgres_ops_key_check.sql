SELECT name, prefix, created_ms, expires_ms, revoked_ms, role
FROM ops.api_key
WHERE hash = $1::bytea AND revoked_ms = 0 AND (expires_ms = 0 OR expires_ms > $2::bigint)
