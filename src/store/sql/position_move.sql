UPDATE consumed_offset
SET next_offset = ?5, moved_ms = ?6
WHERE consumer_group = ?1 AND topic = ?2 AND log_partition = ?3 AND next_offset = ?4
