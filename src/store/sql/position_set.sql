INSERT INTO consumed_offset (consumer_group, topic, log_partition, next_offset, moved_ms)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (consumer_group, topic, log_partition) DO UPDATE
SET next_offset = excluded.next_offset, moved_ms = excluded.moved_ms
