INSERT INTO ops.api_key (name, hash, prefix, created_ms, expires_ms, revoked_ms, role)
VALUES ($1::text, $2::bytea, $3::text, $4::bigint, $5::bigint, 0, $6::bigint)
