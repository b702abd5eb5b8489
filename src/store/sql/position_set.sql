INSERT INTO consumed_offset (consumer_group, topic, log_partition, next_offset)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (consumer_group, topic, log_partition) DO UPDATE SET next_offset = excluded.next_offset
