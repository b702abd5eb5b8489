SELECT state
FROM ops.dead_letter
WHERE log_partition = $1::integer AND log_offset = $2::bigint
