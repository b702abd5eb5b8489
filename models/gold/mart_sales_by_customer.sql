-- name: gold.mart_sales_by_customer
-- description: What each customer spent and returned to date.
-- mode: merge
-- from: silver.fact_sales
-- keys: CustomerID
-- lookup: InvoiceNo CustomerID
-- order: CustomerID
-- file_bytes: 1MiB
-- column: CustomerID long, not null: Number of the customer
-- column: CustomerName string(255), same: Name
-- column: Country string(64), same: Country
-- column: Spent decimal(38,4), not null, sum: Amount of the lines that are not cancelled
-- column: Returned decimal(38,4), not null, sum: Amount of the cancelled lines: negative
-- column: Amount decimal(38,4), not null, sum: Both together
-- column: Orders long, not null, sum: Orders, without cancellations
-- column: Returns long, not null, sum: Cancellations
-- column: Lines long, not null, sum: Lines of both
-- column: FirstOrderDate timestamp, min: Date of the first line that is not cancelled; null without one
-- column: LastOrderDate timestamp, max: Date of the last line that is not cancelled
-- check: unique CustomerID
SELECT
    n.CustomerID,
    max(c.CustomerName) AS CustomerName,
    max(c.Country) AS Country,
    CAST(sum(CASE WHEN o.IsCancelled THEN 0 ELSE n.Amount END) AS decimal(38, 4)) AS Spent,
    CAST(sum(CASE WHEN o.IsCancelled THEN n.Amount ELSE 0 END) AS decimal(38, 4)) AS Returned,
    CAST(sum(n.Amount) AS decimal(38, 4)) AS Amount,
    -- An order all of whose lines are new is a new one: each is counted once, in whatever pieces it
    -- comes.
    CAST(sum(CASE WHEN o.IsCancelled OR n.Lines < o.Lines THEN 0 ELSE 1 END) AS bigint) AS Orders,
    CAST(sum(CASE WHEN o.IsCancelled AND n.Lines = o.Lines THEN 1 ELSE 0 END) AS bigint) AS Returns,
    CAST(sum(n.Lines) AS bigint) AS Lines,
    min(CASE WHEN o.IsCancelled THEN NULL ELSE n.FirstDate END) AS FirstOrderDate,
    max(CASE WHEN o.IsCancelled THEN NULL ELSE n.LastDate END) AS LastOrderDate
FROM (
    SELECT
        f.InvoiceNo,
        f.CustomerID,
        count(*) AS Lines,
        CAST(sum(f.Amount) AS decimal(38, 4)) AS Amount,
        min(f.InvoiceDate) AS FirstDate,
        max(f.InvoiceDate) AS LastDate
    FROM silver.fact_sales f
    WHERE f.CustomerID IS NOT NULL
    GROUP BY f.InvoiceNo, f.CustomerID
) n
JOIN gold.mart_orders o ON o.InvoiceNo = n.InvoiceNo AND o.CustomerID = n.CustomerID
JOIN silver.dim_customer c ON c.CustomerID = n.CustomerID
GROUP BY n.CustomerID
