INSERT INTO dead_letter (log_partition, log_offset, state, changed_ms)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (log_partition, log_offset) DO UPDATE
SET state = excluded.state, changed_ms = excluded.changed_ms
