SELECT name, prefix, created_ms, expires_ms, revoked_ms, role
FROM api_key
WHERE hash = ?1 AND revoked_ms = 0 AND (expires_ms = 0 OR expires_ms > ?2)
