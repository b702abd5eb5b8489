INSERT INTO ops.web_attempt (subject, failures, last_ms)
VALUES ($1::text, 1, $2::bigint)
ON CONFLICT (subject) DO UPDATE
SET failures = CASE WHEN web_attempt.last_ms <= $3::bigint THEN 1 ELSE web_attempt.failures + 1 END,
    last_ms = excluded.last_ms
