-- name: gold.vw_AverageOrderValue
-- description: What an order comes to on average; cancellations are no orders.
-- mode: view
-- column: Orders long: Invoices that are not cancellations
-- column: TotalSales decimal(38,4): Amount of their lines
-- column: AverageOrderValue decimal(38,4): Amount of an order, rounded to four places
SELECT
    c.Orders,
    a.TotalSales,
    CAST(a.TotalSales / nullif(c.Orders, 0) AS decimal(38, 4)) AS AverageOrderValue
FROM (
    SELECT CAST(coalesce(sum(CASE WHEN i.IsCancelled THEN 0 ELSE 1 END), 0) AS bigint) AS Orders
    FROM gold.dim_invoice i
) c
CROSS JOIN (
    SELECT CAST(coalesce(sum(m.Sales), 0) AS decimal(38, 4)) AS TotalSales
    FROM gold.mart_sales_by_day m
) a
