SELECT name, prefix, created_ms, expires_ms, revoked_ms, role
FROM api_key
ORDER BY created_ms, key_id
