SELECT consumer_group, topic, log_partition, next_offset
FROM consumed_offset
ORDER BY consumer_group, topic, log_partition
