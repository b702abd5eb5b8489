UPDATE ops.web_saved_query
SET name = $1::text, source = $2::text, query = $3::text, changed_ms = $4::bigint
WHERE query_id = $5::bigint AND user_name = $6::text AND NOT EXISTS (
    SELECT 1
    FROM ops.web_saved_query AS other
    WHERE other.user_name = $6::text AND other.name = $1::text AND other.query_id <> $5::bigint
)
