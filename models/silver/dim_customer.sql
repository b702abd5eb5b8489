-- name: silver.dim_customer
-- description: One row a customer, with the latest name and country that its lines give.
-- mode: merge
-- from: silver.fact_sales
-- keys: CustomerID
-- order: CustomerID
-- file_bytes: 8MiB
-- column: CustomerID long, not null: Number of the customer
-- column: CustomerName string, latest by name_date name_position: Name on the latest line that has one
-- column: Country string, latest by country_date country_position: Country of the latest line
-- column: FirstLineDate timestamp, not null, min: Date of the earliest line
-- column: LastLineDate timestamp, not null, max: Date of the latest line
-- column: name_date timestamp, latest by name_date name_position: Date of the line that gave the name
-- column: name_position long, latest by name_date name_position: Its place in the log
-- column: country_date timestamp, latest by country_date country_position: Date of the line that gave the country
-- column: country_position long, latest by country_date country_position: Its place in the log
-- check: not_null CustomerID Country
-- check: unique CustomerID
SELECT
    f.CustomerID,
    max_by(f.CustomerName, (f.InvoiceDate, f.log_position)) FILTER (WHERE f.CustomerName <> '')
        AS CustomerName,
    max_by(f.Country, (f.InvoiceDate, f.log_position)) AS Country,
    min(f.InvoiceDate) AS FirstLineDate,
    max(f.InvoiceDate) AS LastLineDate,
    max(f.InvoiceDate) FILTER (WHERE f.CustomerName <> '') AS name_date,
    max_by(f.log_position, (f.InvoiceDate, f.log_position)) FILTER (WHERE f.CustomerName <> '')
        AS name_position,
    max(f.InvoiceDate) AS country_date,
    max_by(f.log_position, (f.InvoiceDate, f.log_position)) AS country_position
FROM silver.fact_sales f
WHERE f.CustomerID IS NOT NULL
GROUP BY f.CustomerID
