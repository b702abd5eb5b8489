SELECT coalesce(max(moved_ms), 0)
FROM consumed_offset
