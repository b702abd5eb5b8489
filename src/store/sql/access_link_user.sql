SELECT u.user_id, u.name, u.role, u.customer_id, u.password, u.created_ms, u.signed_in_ms
FROM ops.web_link AS l
INNER JOIN ops.web_user AS u ON l.user_id = u.user_id
WHERE l.hash = $1::bytea
