-- name: gold.mart_sales_by_day
-- description: Sales, returns and orders of a day and country.
-- mode: replace
-- from: silver.fact_sales
-- group: DateID
-- keys: DateID Country
-- order: DateID Country
-- file_bytes: 1MiB
-- sum: Amount
-- column: DateID integer, not null: Day as yyyymmdd
-- column: Country string(64), not null: Country of the lines
-- column: Lines long, not null: Lines, of sales and of cancellations
-- column: Quantity long, not null: Pieces sold, without cancellations
-- column: Sales decimal(38,4), not null: Amount of the lines that are not cancelled
-- column: Returns decimal(38,4), not null: Amount of the cancelled lines: negative
-- column: Amount decimal(38,4), not null: Both together
-- column: Orders long, not null: Invoices that are not cancellations
-- column: Cancellations long, not null: Invoices that are
-- check: unique DateID Country
-- check: accepted_range Lines 1 null
SELECT
    i.DateID,
    i.Country,
    CAST(sum(i.Lines) AS bigint) AS Lines,
    CAST(sum(CASE WHEN i.InvoiceNo LIKE 'C%' THEN 0 ELSE i.Quantity END) AS bigint) AS Quantity,
    CAST(sum(CASE WHEN i.InvoiceNo LIKE 'C%' THEN 0 ELSE i.Amount END) AS decimal(38, 4)) AS Sales,
    CAST(sum(CASE WHEN i.InvoiceNo LIKE 'C%' THEN i.Amount ELSE 0 END) AS decimal(38, 4)) AS Returns,
    CAST(sum(i.Amount) AS decimal(38, 4)) AS Amount,
    CAST(sum(CASE WHEN i.InvoiceNo LIKE 'C%' THEN 0 ELSE 1 END) AS bigint) AS Orders,
    CAST(sum(CASE WHEN i.InvoiceNo LIKE 'C%' THEN 1 ELSE 0 END) AS bigint) AS Cancellations
FROM (
    SELECT
        f.DateID,
        f.Country,
        f.InvoiceNo,
        count(*) AS Lines,
        CAST(sum(f.Quantity) AS bigint) AS Quantity,
        CAST(sum(f.Amount) AS decimal(38, 4)) AS Amount
    FROM silver.fact_sales f
    GROUP BY f.DateID, f.Country, f.InvoiceNo
) i
GROUP BY i.DateID, i.Country
