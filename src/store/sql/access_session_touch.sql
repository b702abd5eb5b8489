UPDATE ops.web_session
SET seen_ms = $1::bigint
WHERE hash = $2::bytea
