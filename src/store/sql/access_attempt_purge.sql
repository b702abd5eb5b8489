DELETE FROM ops.web_attempt
WHERE last_ms <= $1::bigint OR subject NOT IN (
    SELECT subject
    FROM ops.web_attempt
    ORDER BY last_ms DESC
    LIMIT $2::bigint
)
