-- name: silver.dim_date
-- description: One row a day on which something was sold or returned.
-- mode: insert
-- from: silver.fact_sales
-- keys: DateID
-- order: DateID
-- column: DateID integer, not null: The day as yyyymmdd
-- column: Date date, not null: The day
-- column: Year integer, not null: Year
-- column: Quarter integer, not null: Quarter, 1 to 4
-- column: Month integer, not null: Month, 1 to 12
-- column: MonthName string(9), not null: Name of the month, in English
-- column: Day integer, not null: Day of the month
-- column: WeekOfYear integer, not null: Week by ISO 8601
-- column: Weekday integer, not null: Day of the week by ISO 8601: Monday is 1
-- column: WeekdayName string(9), not null: Name of the day of the week, in English
-- column: IsWeekend boolean, not null: It is a Saturday or a Sunday
-- check: not_null DateID Date
-- check: unique DateID
-- check: accepted_range Weekday 1 7
-- check: accepted_range Month 1 12
SELECT
    w.DateID,
    w.Date,
    CAST(year(w.Date) AS int) AS Year,
    CAST(quarter(w.Date) AS int) AS Quarter,
    CAST(month(w.Date) AS int) AS Month,
    CASE month(w.Date)
        WHEN 1 THEN 'January' WHEN 2 THEN 'February' WHEN 3 THEN 'March' WHEN 4 THEN 'April'
        WHEN 5 THEN 'May' WHEN 6 THEN 'June' WHEN 7 THEN 'July' WHEN 8 THEN 'August'
        WHEN 9 THEN 'September' WHEN 10 THEN 'October' WHEN 11 THEN 'November'
        ELSE 'December'
    END AS MonthName,
    CAST(day(w.Date) AS int) AS Day,
    CAST(weekofyear(w.Date) AS int) AS WeekOfYear,
    w.Weekday,
    CASE w.Weekday
        WHEN 1 THEN 'Monday' WHEN 2 THEN 'Tuesday' WHEN 3 THEN 'Wednesday'
        WHEN 4 THEN 'Thursday' WHEN 5 THEN 'Friday' WHEN 6 THEN 'Saturday'
        ELSE 'Sunday'
    END AS WeekdayName,
    w.Weekday >= 6 AS IsWeekend
FROM (
    -- Days since the first of January of the year 1, a Monday: engines number weekdays differently.
    SELECT
        d.DateID,
        d.Date,
        CAST((365 * (year(d.Date) - 1) + floor((year(d.Date) - 1) / 4)
              - floor((year(d.Date) - 1) / 100) + floor((year(d.Date) - 1) / 400)
              + dayofyear(d.Date) - 1) % 7 AS int) + 1 AS Weekday
    FROM (
        SELECT f.DateID, CAST(min(f.InvoiceDate) AS date) AS Date
        FROM silver.fact_sales f
        GROUP BY f.DateID
    ) d
) w
