DELETE FROM ops.web_session
WHERE user_id = $1::bigint AND hash <> $2::bytea
