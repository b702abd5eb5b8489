-- name: gold.mart_sales_by_product
-- description: Sales and returns of a product in a month.
-- mode: merge
-- from: silver.fact_sales
-- keys: InvoiceMonth StockCode
-- order: InvoiceMonth StockCode
-- file_bytes: 1MiB
-- sum: Amount
-- column: InvoiceMonth integer, not null: Month as yyyymm
-- column: StockCode string(32), not null: Code of the product
-- column: Lines long, not null, sum: Lines, of sales and of cancellations
-- column: Quantity long, not null, sum: Pieces of the lines that are not cancelled
-- column: Sales decimal(38,4), not null, sum: Amount of the lines that are not cancelled
-- column: ReturnedQuantity long, not null, sum: Pieces of the cancelled lines: negative
-- column: Returns decimal(38,4), not null, sum: Amount of the cancelled lines: negative
-- column: Amount decimal(38,4), not null, sum: Amount of all lines
-- check: unique InvoiceMonth StockCode
-- check: accepted_range Lines 1 null
SELECT
    f.InvoiceMonth,
    f.StockCode,
    count(*) AS Lines,
    CAST(sum(CASE WHEN f.InvoiceNo LIKE 'C%' THEN 0 ELSE f.Quantity END) AS bigint) AS Quantity,
    CAST(sum(CASE WHEN f.InvoiceNo LIKE 'C%' THEN 0 ELSE f.Amount END) AS decimal(38, 4)) AS Sales,
    CAST(sum(CASE WHEN f.InvoiceNo LIKE 'C%' THEN f.Quantity ELSE 0 END) AS bigint)
        AS ReturnedQuantity,
    CAST(sum(CASE WHEN f.InvoiceNo LIKE 'C%' THEN f.Amount ELSE 0 END) AS decimal(38, 4)) AS Returns,
    CAST(sum(f.Amount) AS decimal(38, 4)) AS Amount
FROM silver.fact_sales f
GROUP BY f.InvoiceMonth, f.StockCode
