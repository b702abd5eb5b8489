DELETE FROM ops.web_session
WHERE hash = $1::bytea
