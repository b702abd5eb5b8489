DELETE FROM ops.web_session
WHERE expires_ms <= $1::bigint
