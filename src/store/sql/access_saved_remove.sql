DELETE FROM ops.web_saved_query
WHERE query_id = $1::bigint AND user_name = $2::text
