SELECT generation
FROM ops.api_key_generation
WHERE generation_id = 1
