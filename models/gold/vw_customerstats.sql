-- name: gold.vw_CustomerStats
-- description: Customers, and how many of them came back.
-- mode: view
-- column: TotalCustomers long: Customers with an order or a return
-- column: LoyalCustomers long: Those with more than one order, cancellations not counted
-- column: LoyalShare double: Part of the customers that is loyal, 0 to 1
-- column: TotalSpent decimal(38,4): What customers spent; guests apart
SELECT
    count(*) AS TotalCustomers,
    CAST(coalesce(sum(CASE WHEN m.Orders > 1 THEN 1 ELSE 0 END), 0) AS bigint) AS LoyalCustomers,
    avg(CASE WHEN m.Orders > 1 THEN 1.0e0 ELSE 0.0e0 END) AS LoyalShare,
    CAST(coalesce(sum(m.Spent), 0) AS decimal(38, 4)) AS TotalSpent
FROM gold.mart_sales_by_customer m
