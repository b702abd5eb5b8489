INSERT INTO api_key (name, hash, prefix, created_ms, expires_ms, revoked_ms, role)
VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)
