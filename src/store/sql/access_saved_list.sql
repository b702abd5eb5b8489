SELECT query_id, name, source, query, changed_ms
FROM ops.web_saved_query
WHERE user_name = $1::text
ORDER BY name
