UPDATE ops.web_user
SET password = $1::text
WHERE user_id = $2::bigint
