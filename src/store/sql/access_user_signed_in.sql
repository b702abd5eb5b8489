UPDATE ops.web_user
SET signed_in_ms = $1::bigint
WHERE user_id = $2::bigint
