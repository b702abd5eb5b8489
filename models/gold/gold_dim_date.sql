-- name: gold.dim_date
-- description: One row a day on which something was sold or returned.
-- mode: publish
-- from: silver.dim_date
SELECT * FROM silver.dim_date
