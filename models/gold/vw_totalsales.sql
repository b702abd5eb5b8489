-- name: gold.vw_TotalSales
-- description: Sales to date, guests included; cancellations apart.
-- mode: view
-- column: TotalSales decimal(38,4): Amount of all lines that are not cancelled
-- column: TotalReturns decimal(38,4): Amount of the cancelled lines: negative
-- column: NetSales decimal(38,4): Both together
-- column: Lines long: Lines of both
SELECT
    CAST(coalesce(sum(m.Sales), 0) AS decimal(38, 4)) AS TotalSales,
    CAST(coalesce(sum(m.Returns), 0) AS decimal(38, 4)) AS TotalReturns,
    CAST(coalesce(sum(m.Amount), 0) AS decimal(38, 4)) AS NetSales,
    CAST(coalesce(sum(m.Lines), 0) AS bigint) AS Lines
FROM gold.mart_sales_by_day m
