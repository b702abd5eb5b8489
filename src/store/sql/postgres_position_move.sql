UPDATE consumed_offset
SET next_offset = $5::bigint, moved_ms = $6::bigint
WHERE consumer_group = $1::text AND topic = $2::text AND log_partition = $3::integer
  AND next_offset = $4::bigint
