INSERT INTO product_winner AS w (block, winners)
SELECT block, winners
FROM unnest($1::integer[], $2::bytea[]) AS put (block, winners)
ON CONFLICT (block) DO UPDATE
SET winners = excluded.winners
