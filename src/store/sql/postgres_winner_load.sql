SELECT block, winners
FROM product_winner
WHERE block = ANY ($1::integer[])
