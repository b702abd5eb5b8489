INSERT INTO consumed_offset (consumer_group, topic, log_partition, next_offset, moved_ms)
VALUES ($1::text, $2::text, $3::integer, $4::bigint, $5::bigint)
ON CONFLICT (consumer_group, topic, log_partition) DO UPDATE
SET next_offset = excluded.next_offset, moved_ms = excluded.moved_ms
