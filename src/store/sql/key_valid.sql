SELECT 1
FROM api_key
WHERE name = ?1 AND revoked_ms = 0 AND (expires_ms = 0 OR expires_ms > ?2)
