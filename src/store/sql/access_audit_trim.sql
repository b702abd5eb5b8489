DELETE FROM ops.web_audit
WHERE audit_id <= $1::bigint
