-- Every metric over all of gold, with its words.
-- Made by millrace eject from the models and metrics: change those, not this file.
-- Run in the dedicated pool.

-- A row a metric: the figures of the dashboard without a filter.
IF OBJECT_ID('gold.metrics', 'V') IS NOT NULL DROP VIEW [gold].[metrics];
GO
CREATE VIEW [gold].[metrics] AS
SELECT 'sales' AS [name], 'Sales' AS [title], 'Amount of all lines of orders, guests included; cancellations apart' AS [description],
    CAST((SELECT CAST(coalesce(sum([Amount]), 0) AS decimal(38, 4)) FROM [gold].[fact_sales] WHERE [InvoiceNo] NOT LIKE 'C%') AS decimal(38, 6)) AS [value]
UNION ALL
SELECT 'returns', 'Returns', 'Amount of the lines of cancelled orders: negative',
    CAST((SELECT CAST(coalesce(sum([Amount]), 0) AS decimal(38, 4)) FROM [gold].[fact_sales] WHERE [InvoiceNo] LIKE 'C%') AS decimal(38, 6))
UNION ALL
SELECT 'orders', 'Orders', 'Invoices that are not cancellations',
    CAST((SELECT count_big(DISTINCT [InvoiceNo]) FROM [gold].[fact_sales] WHERE [InvoiceNo] NOT LIKE 'C%') AS decimal(38, 6))
UNION ALL
SELECT 'average_order', 'Average order', 'Sales divided by orders, rounded to four places',
    CAST((SELECT CAST(coalesce(CAST(r.y / nullif(r.d, 0) AS decimal(33, 0)) * 0.0001, 0) AS decimal(38, 4)) FROM (SELECT 2 * a.x + CASE WHEN a.x < 0 THEN -a.n ELSE a.n END AS y, 2 * a.n AS d FROM (SELECT CAST(CAST(coalesce(sum(CASE WHEN [InvoiceNo] NOT LIKE 'C%' THEN [Amount] END), 0) AS decimal(38, 4)) * 10000 AS bigint) AS x, count_big(DISTINCT CASE WHEN [InvoiceNo] NOT LIKE 'C%' THEN [InvoiceNo] END) AS n FROM [gold].[fact_sales]) a) r) AS decimal(38, 6))
UNION ALL
SELECT 'customers', 'Customers', 'Customers with an order or a return; guests have no number',
    CAST((SELECT count_big(DISTINCT [CustomerID]) FROM [gold].[fact_sales]) AS decimal(38, 6))
UNION ALL
SELECT 'new_customers', 'New customers', 'Customers who ordered, the first time ever in the range',
    CAST((SELECT count_big(*) FROM (SELECT [CustomerID], min([DateID]) AS [v] FROM [gold].[fact_sales] WHERE [InvoiceNo] NOT LIKE 'C%' AND [CustomerID] IS NOT NULL GROUP BY [CustomerID]) g WHERE g.[v] >= (SELECT min([DateID]) FROM [gold].[fact_sales])) AS decimal(38, 6))
UNION ALL
SELECT 'returning_customers', 'Returning customers', 'Customers who ordered in the range and had ordered before it',
    CAST((SELECT count_big(*) FROM (SELECT [CustomerID], min([DateID]) AS [v] FROM [gold].[fact_sales] WHERE [InvoiceNo] NOT LIKE 'C%' AND [CustomerID] IS NOT NULL GROUP BY [CustomerID]) g WHERE g.[v] < (SELECT min([DateID]) FROM [gold].[fact_sales])) AS decimal(38, 6))
UNION ALL
SELECT 'loyal_customers', 'Loyal customers', 'Customers with more than one order; cancellations do not count',
    CAST((SELECT count_big(*) FROM (SELECT [CustomerID], count_big(DISTINCT [InvoiceNo]) AS [v] FROM [gold].[fact_sales] WHERE [InvoiceNo] NOT LIKE 'C%' AND [CustomerID] IS NOT NULL GROUP BY [CustomerID]) g WHERE g.[v] > 1) AS decimal(38, 6))
UNION ALL
SELECT 'items', 'Items', 'Pieces on the lines of orders',
    CAST((SELECT CAST(coalesce(sum(CAST([Quantity] AS bigint)), 0) AS bigint) FROM [gold].[fact_sales] WHERE [InvoiceNo] NOT LIKE 'C%') AS decimal(38, 6))
UNION ALL
SELECT 'cancelled_orders', 'Cancelled orders', 'Invoices whose number begins with C',
    CAST((SELECT count_big(DISTINCT [InvoiceNo]) FROM [gold].[fact_sales] WHERE [InvoiceNo] LIKE 'C%') AS decimal(38, 6))
UNION ALL
SELECT 'cancellation_rate', 'Cancellation rate', 'Cancelled orders divided by orders and cancelled orders together, 0 to 1',
    CAST((SELECT CAST(coalesce(CAST(r.y / nullif(r.d, 0) AS decimal(9, 0)) * 0.000001, 0) AS decimal(9, 6)) FROM (SELECT 2 * a.x + CASE WHEN a.x < 0 THEN -a.n ELSE a.n END AS y, 2 * a.n AS d FROM (SELECT CAST(count_big(DISTINCT CASE WHEN [InvoiceNo] LIKE 'C%' THEN [InvoiceNo] END) * 1000000 AS bigint) AS x, count_big(DISTINCT CASE WHEN [InvoiceNo] NOT LIKE 'C%' THEN [InvoiceNo] END) + count_big(DISTINCT CASE WHEN [InvoiceNo] LIKE 'C%' THEN [InvoiceNo] END) AS n FROM [gold].[fact_sales]) a) r) AS decimal(38, 6))
UNION ALL
SELECT 'guests_sales', 'Guests', 'Sales of orders without a customer number',
    CAST((SELECT CAST(coalesce(sum([Amount]), 0) AS decimal(38, 4)) FROM [gold].[fact_sales] WHERE [InvoiceNo] NOT LIKE 'C%' AND [CustomerID] IS NULL) AS decimal(38, 6))
;
GO
