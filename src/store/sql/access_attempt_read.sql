SELECT failures, last_ms
FROM ops.web_attempt
WHERE subject = $1::text
