SELECT count(*)
FROM ops.web_saved_query
WHERE user_name = $1::text
