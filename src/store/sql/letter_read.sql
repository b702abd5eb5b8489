SELECT state
FROM dead_letter
WHERE log_partition = ?1 AND log_offset = ?2
