UPDATE ops.web_session
SET by_link = 0
WHERE hash = $1::bytea
