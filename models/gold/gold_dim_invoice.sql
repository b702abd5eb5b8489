-- name: gold.dim_invoice
-- description: One row an invoice, with its date, customer and country.
-- mode: publish
-- from: silver.dim_invoice
SELECT * FROM silver.dim_invoice
