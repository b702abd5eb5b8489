UPDATE ops.api_key_generation
SET generation = generation + 1
WHERE generation_id = 1
