INSERT INTO consumed_offset (consumer_group, topic, log_partition, next_offset, moved_ms)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO NOTHING
