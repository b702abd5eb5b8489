DELETE FROM ops.web_link
WHERE user_id = $1::bigint
