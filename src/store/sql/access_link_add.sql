INSERT INTO ops.web_link (hash, user_id, created_ms, expires_ms, used_ms)
VALUES ($1::bytea, $2::bigint, $3::bigint, $4::bigint, 0)
