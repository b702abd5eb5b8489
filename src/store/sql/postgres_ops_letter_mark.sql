INSERT INTO ops.dead_letter (log_partition, log_offset, state, changed_ms)
VALUES ($1::integer, $2::bigint, $3::integer, $4::bigint)
ON CONFLICT (log_partition, log_offset) DO UPDATE
SET state = excluded.state, changed_ms = excluded.changed_ms
