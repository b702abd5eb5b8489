INSERT INTO ops.web_query_history (
    user_name, at_ms, source, query, duration_ms, row_count, failure
)
VALUES ($1::text, $2::bigint, $3::text, $4::text, $5::bigint, $6::bigint, $7::text)
RETURNING history_id
