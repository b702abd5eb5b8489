-- name: gold.vw_CancelledOrders
-- description: Cancelled orders and their amount.
-- mode: view
-- column: CancelledOrders long: Invoices that are cancellations
-- column: CancelledAmount decimal(38,4): Amount of their lines: negative
-- column: CancelledShare double: Part of all invoices, 0 to 1
SELECT
    c.CancelledOrders,
    a.CancelledAmount,
    c.CancelledShare
FROM (
    SELECT
        CAST(coalesce(sum(CASE WHEN i.IsCancelled THEN 1 ELSE 0 END), 0) AS bigint)
            AS CancelledOrders,
        avg(CASE WHEN i.IsCancelled THEN 1.0e0 ELSE 0.0e0 END) AS CancelledShare
    FROM gold.dim_invoice i
) c
CROSS JOIN (
    SELECT CAST(coalesce(sum(m.Returns), 0) AS decimal(38, 4)) AS CancelledAmount
    FROM gold.mart_sales_by_day m
) a
