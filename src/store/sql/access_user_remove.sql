DELETE FROM ops.web_user
WHERE user_id = $1::bigint
