DELETE FROM ops.web_link
WHERE expires_ms <= $1::bigint
