SELECT generation
FROM api_key_generation
WHERE generation_id = 1
