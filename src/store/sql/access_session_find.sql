SELECT
    u.user_id, u.name, u.role, u.customer_id, u.password, u.created_ms, u.signed_in_ms, s.by_link,
    s.seen_ms, s.expires_ms
FROM ops.web_session AS s
INNER JOIN ops.web_user AS u ON s.user_id = u.user_id
WHERE s.hash = $1::bytea
