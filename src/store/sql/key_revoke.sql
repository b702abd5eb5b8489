UPDATE api_key
SET revoked_ms = ?2
WHERE name = ?1 AND revoked_ms = 0
