DELETE FROM ops.web_query_history
WHERE history_id <= $1::bigint
