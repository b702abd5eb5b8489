INSERT INTO ops.web_session (hash, user_id, by_link, created_ms, seen_ms, expires_ms, address)
VALUES ($1::bytea, $2::bigint, $3::bigint, $4::bigint, $4::bigint, $5::bigint, $6::text)
