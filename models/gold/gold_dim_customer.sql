-- name: gold.dim_customer
-- description: One row a customer, with the latest name and country.
-- mode: publish
-- from: silver.dim_customer
SELECT * FROM silver.dim_customer
