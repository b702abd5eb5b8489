UPDATE ops.web_link
SET used_ms = $1::bigint
WHERE hash = $2::bytea AND used_ms = 0 AND expires_ms > $1::bigint
