SELECT history_id, at_ms, source, query, duration_ms, row_count, failure
FROM ops.web_query_history
WHERE user_name = $1::text AND history_id < $2::bigint
ORDER BY history_id DESC
LIMIT $3::bigint
