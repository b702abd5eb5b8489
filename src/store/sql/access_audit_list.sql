SELECT audit_id, at_ms, user_name, address, action, target, detail
FROM ops.web_audit
WHERE audit_id < $1::bigint
ORDER BY audit_id DESC
LIMIT $2::bigint
