SELECT next_offset
FROM consumed_offset
WHERE consumer_group = $1::text AND topic = $2::text AND log_partition = $3::integer
