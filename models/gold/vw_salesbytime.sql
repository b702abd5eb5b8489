-- name: gold.vw_SalesByTime
-- description: Sales of each day, with its place in the calendar.
-- mode: view
-- column: DateID integer: Day as yyyymmdd
-- column: Date date: Day
-- column: Year integer: Year
-- column: Quarter integer: Quarter
-- column: Month integer: Month
-- column: MonthName string(9): Name of the month
-- column: Weekday integer: Day of the week, Monday is 1
-- column: WeekdayName string(9): Its name
-- column: TotalSales decimal(38,4): Amount of the lines that are not cancelled
-- column: TotalReturns decimal(38,4): Amount of the cancelled lines: negative
-- column: TotalQuantity long: Pieces sold
-- column: Orders long: Orders of the day, counted in each of their countries
SELECT
    d.DateID, d.Date, d.Year, d.Quarter, d.Month, d.MonthName, d.Weekday, d.WeekdayName,
    CAST(sum(m.Sales) AS decimal(38, 4)) AS TotalSales,
    CAST(sum(m.Returns) AS decimal(38, 4)) AS TotalReturns,
    CAST(sum(m.Quantity) AS bigint) AS TotalQuantity,
    CAST(sum(m.Orders) AS bigint) AS Orders
FROM gold.mart_sales_by_day m
JOIN gold.dim_date d ON d.DateID = m.DateID
GROUP BY d.DateID, d.Date, d.Year, d.Quarter, d.Month, d.MonthName, d.Weekday, d.WeekdayName
