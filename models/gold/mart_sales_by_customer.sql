-- name: gold.mart_sales_by_customer
-- description: What each customer spent and returned to date.
-- mode: replace
-- from: silver.fact_sales
-- group: CustomerID
-- keys: CustomerID
-- order: CustomerID
-- file_bytes: 1MiB
-- column: CustomerID long, not null: Number of the customer
-- column: CustomerName string(255): Name
-- column: Country string(64): Country
-- column: Spent decimal(38,4), not null: Amount of the lines that are not cancelled
-- column: Returned decimal(38,4), not null: Amount of the cancelled lines: negative
-- column: Amount decimal(38,4), not null: Both together
-- column: Orders long, not null: Orders, without cancellations
-- column: Returns long, not null: Cancellations
-- column: Lines long, not null: Lines of both
-- column: FirstOrderDate timestamp: Date of the first order; null without one
-- column: LastOrderDate timestamp: Date of the last order
-- check: unique CustomerID
SELECT
    o.CustomerID,
    max(c.CustomerName) AS CustomerName,
    max(c.Country) AS Country,
    CAST(sum(CASE WHEN o.IsCancelled THEN 0 ELSE o.Amount END) AS decimal(38, 4)) AS Spent,
    CAST(sum(CASE WHEN o.IsCancelled THEN o.Amount ELSE 0 END) AS decimal(38, 4)) AS Returned,
    CAST(sum(o.Amount) AS decimal(38, 4)) AS Amount,
    CAST(sum(CASE WHEN o.IsCancelled THEN 0 ELSE 1 END) AS bigint) AS Orders,
    CAST(sum(CASE WHEN o.IsCancelled THEN 1 ELSE 0 END) AS bigint) AS Returns,
    CAST(sum(o.Lines) AS bigint) AS Lines,
    min(CASE WHEN o.IsCancelled THEN NULL ELSE o.InvoiceDate END) AS FirstOrderDate,
    max(CASE WHEN o.IsCancelled THEN NULL ELSE o.InvoiceDate END) AS LastOrderDate
FROM gold.mart_orders o
JOIN silver.dim_customer c ON c.CustomerID = o.CustomerID
GROUP BY o.CustomerID
