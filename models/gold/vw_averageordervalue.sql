-- name: gold.vw_AverageOrderValue
-- description: What an order comes to on average; cancellations are no orders.
-- mode: view
-- column: Orders long: Invoices that are not cancellations
-- column: TotalSales decimal(38,4): Amount of their lines
-- column: AverageOrderValue decimal(38,4): Amount of an order, rounded to four places
-- The quotient is one of integers, rounded half away from zero: an engine's own division may be a
-- double's.
SELECT
    r.Orders,
    r.TotalSales,
    CAST(CAST((r.doubled - r.doubled % r.parts) / r.parts AS decimal(33, 0)) * 0.0001
         AS decimal(38, 4)) AS AverageOrderValue
FROM (
    SELECT
        c.Orders,
        a.TotalSales,
        CAST(a.TotalSales * 20000 AS bigint)
            + CASE WHEN a.TotalSales < 0 THEN -c.Orders ELSE c.Orders END AS doubled,
        nullif(2 * c.Orders, 0) AS parts
    FROM (
        SELECT CAST(coalesce(sum(CASE WHEN i.IsCancelled THEN 0 ELSE 1 END), 0) AS bigint) AS Orders
        FROM gold.dim_invoice i
    ) c
    CROSS JOIN (
        SELECT CAST(coalesce(sum(m.Sales), 0) AS decimal(38, 4)) AS TotalSales
        FROM gold.mart_sales_by_day m
    ) a
) r
