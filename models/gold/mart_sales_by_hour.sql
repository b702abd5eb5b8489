-- name: gold.mart_sales_by_hour
-- description: Sales of an hour of a day.
-- mode: merge
-- from: silver.fact_sales
-- keys: DateID Hour
-- order: DateID Hour
-- file_bytes: 1MiB
-- sum: Amount
-- column: DateID integer, not null: Day as yyyymmdd
-- column: Hour integer, not null: Hour, 0 to 23
-- column: Lines long, not null, sum: Lines, of sales and of cancellations
-- column: Sales decimal(38,4), not null, sum: Amount of the lines that are not cancelled
-- column: Amount decimal(38,4), not null, sum: Amount of all lines
-- check: unique DateID Hour
-- check: accepted_range Hour 0 23
SELECT
    f.DateID,
    CAST(hour(f.InvoiceDate) AS int) AS Hour,
    count(*) AS Lines,
    CAST(sum(CASE WHEN f.InvoiceNo LIKE 'C%' THEN 0 ELSE f.Amount END) AS decimal(38, 4)) AS Sales,
    CAST(sum(f.Amount) AS decimal(38, 4)) AS Amount
FROM silver.fact_sales f
GROUP BY f.DateID, hour(f.InvoiceDate)
