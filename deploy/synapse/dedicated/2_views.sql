-- Views of gold, as the dashboard's SQL page has them.
-- Made by millrace eject from the models and metrics: change those, not this file.
-- Run in the dedicated pool.

-- Sales to date, guests included; cancellations apart.
IF OBJECT_ID('gold.vw_TotalSales', 'V') IS NOT NULL DROP VIEW [gold].[vw_TotalSales];
GO
CREATE VIEW [gold].[vw_TotalSales] AS
SELECT
    CAST(coalesce(sum(m.Sales), 0) AS decimal(38, 4)) AS TotalSales,
    CAST(coalesce(sum(m.Returns), 0) AS decimal(38, 4)) AS TotalReturns,
    CAST(coalesce(sum(m.Amount), 0) AS decimal(38, 4)) AS NetSales,
    CAST(coalesce(sum(m.Lines), 0) AS bigint) AS Lines
FROM gold.mart_sales_by_day m;
GO

-- Sales of each day, with its place in the calendar.
IF OBJECT_ID('gold.vw_SalesByTime', 'V') IS NOT NULL DROP VIEW [gold].[vw_SalesByTime];
GO
CREATE VIEW [gold].[vw_SalesByTime] AS
SELECT
    d.DateID, d.Date, d.Year, d.Quarter, d.Month, d.MonthName, d.Weekday, d.WeekdayName,
    CAST(sum(m.Sales) AS decimal(38, 4)) AS TotalSales,
    CAST(sum(m.Returns) AS decimal(38, 4)) AS TotalReturns,
    CAST(sum(m.Quantity) AS bigint) AS TotalQuantity,
    CAST(sum(m.Orders) AS bigint) AS Orders
FROM gold.mart_sales_by_day m
JOIN gold.dim_date d ON d.DateID = m.DateID
GROUP BY d.DateID, d.Date, d.Year, d.Quarter, d.Month, d.MonthName, d.Weekday, d.WeekdayName;
GO

-- The ten products with most sales, without cancellations.
IF OBJECT_ID('gold.vw_Top10SellingProducts', 'V') IS NOT NULL DROP VIEW [gold].[vw_Top10SellingProducts];
GO
CREATE VIEW [gold].[vw_Top10SellingProducts] AS
SELECT
    t.StockCode,
    p.Description,
    t.TotalQuantity,
    t.TotalSales
FROM (
    SELECT TOP (10)
        m.StockCode,
        CAST(sum(m.Quantity) AS bigint) AS TotalQuantity,
        CAST(sum(m.Sales) AS decimal(38, 4)) AS TotalSales
    FROM gold.mart_sales_by_product m
    GROUP BY m.StockCode
    ORDER BY TotalSales DESC, m.StockCode
) t
LEFT JOIN gold.dim_product p ON p.StockCode = t.StockCode;
GO

-- Customers, and how many of them came back.
IF OBJECT_ID('gold.vw_CustomerStats', 'V') IS NOT NULL DROP VIEW [gold].[vw_CustomerStats];
GO
CREATE VIEW [gold].[vw_CustomerStats] AS
SELECT
    count_big(*) AS TotalCustomers,
    CAST(coalesce(sum(CASE WHEN m.Orders > 1 THEN CAST(1 AS bigint) ELSE CAST(0 AS bigint) END), 0) AS bigint) AS LoyalCustomers,
    avg(CASE WHEN m.Orders > 1 THEN 1.0e0 ELSE 0.0e0 END) AS LoyalShare,
    CAST(coalesce(sum(m.Spent), 0) AS decimal(38, 4)) AS TotalSpent
FROM gold.mart_sales_by_customer m;
GO

-- Cancelled orders and their amount.
IF OBJECT_ID('gold.vw_CancelledOrders', 'V') IS NOT NULL DROP VIEW [gold].[vw_CancelledOrders];
GO
CREATE VIEW [gold].[vw_CancelledOrders] AS
SELECT
    c.CancelledOrders,
    a.CancelledAmount,
    c.CancelledShare
FROM (
    SELECT
        CAST(coalesce(sum(CASE WHEN i.IsCancelled = 1 THEN CAST(1 AS bigint) ELSE CAST(0 AS bigint) END), 0) AS bigint)
            AS CancelledOrders,
        avg(CASE WHEN i.IsCancelled = 1 THEN 1.0e0 ELSE 0.0e0 END) AS CancelledShare
    FROM gold.dim_invoice i
) c
CROSS JOIN (
    SELECT CAST(coalesce(sum(m.Returns), 0) AS decimal(38, 4)) AS CancelledAmount
    FROM gold.mart_sales_by_day m
) a;
GO

-- What an order comes to on average; cancellations are no orders.
IF OBJECT_ID('gold.vw_AverageOrderValue', 'V') IS NOT NULL DROP VIEW [gold].[vw_AverageOrderValue];
GO
CREATE VIEW [gold].[vw_AverageOrderValue] AS
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
        SELECT CAST(coalesce(sum(CASE WHEN i.IsCancelled = 1 THEN CAST(0 AS bigint) ELSE CAST(1 AS bigint) END), 0) AS bigint) AS Orders
        FROM gold.dim_invoice i
    ) c
    CROSS JOIN (
        SELECT CAST(coalesce(sum(m.Sales), 0) AS decimal(38, 4)) AS TotalSales
        FROM gold.mart_sales_by_day m
    ) a
) r;
GO

