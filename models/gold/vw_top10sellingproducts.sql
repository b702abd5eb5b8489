-- name: gold.vw_Top10SellingProducts
-- description: The ten products with most sales, without cancellations.
-- mode: view
-- column: StockCode string(32): Code of the product
-- column: Description string(255): Its description
-- column: TotalQuantity long: Pieces sold
-- column: TotalSales decimal(38,4): Amount of the lines that are not cancelled
SELECT
    t.StockCode,
    p.Description,
    t.TotalQuantity,
    t.TotalSales
FROM (
    SELECT
        m.StockCode,
        CAST(sum(m.Quantity) AS bigint) AS TotalQuantity,
        CAST(sum(m.Sales) AS decimal(38, 4)) AS TotalSales
    FROM gold.mart_sales_by_product m
    GROUP BY m.StockCode
    ORDER BY TotalSales DESC, m.StockCode
    LIMIT 10
) t
LEFT JOIN gold.dim_product p ON p.StockCode = t.StockCode
ORDER BY t.TotalSales DESC, t.StockCode
