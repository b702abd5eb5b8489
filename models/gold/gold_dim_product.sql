-- name: gold.dim_product
-- description: One row a stock code, with the latest description.
-- mode: publish
-- from: silver.dim_product
SELECT * FROM silver.dim_product
