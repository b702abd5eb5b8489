-- name: gold.fact_sales
-- description: One row a line of an invoice, each once, however often it was sent.
-- mode: publish
-- from: silver.fact_sales
-- sum: Amount
-- check: references CustomerID silver.dim_customer.CustomerID
-- check: references StockCode silver.dim_product.StockCode
-- check: references InvoiceNo silver.dim_invoice.InvoiceNo
-- check: references DateID silver.dim_date.DateID
SELECT * FROM silver.fact_sales
