DELETE FROM ops.web_session
WHERE user_id = $1::bigint AND hash NOT IN (
    SELECT hash
    FROM ops.web_session
    WHERE user_id = $1::bigint
    ORDER BY seen_ms DESC
    LIMIT $2::bigint
)
