SELECT next_offset
FROM consumed_offset
WHERE consumer_group = ?1 AND topic = ?2 AND log_partition = ?3
