INSERT INTO ops.web_saved_query (user_name, name, source, query, changed_ms)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::bigint)
ON CONFLICT (user_name, name) DO NOTHING
RETURNING query_id
