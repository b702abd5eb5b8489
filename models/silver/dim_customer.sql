-- name: silver.dim_customer
-- description: One row a customer, with the latest name and country that its lines give.
-- mode: merge
-- from: silver.fact_sales
-- keys: CustomerID
-- order: CustomerID
-- file_bytes: 1MiB
-- column: CustomerID long, not null: Number of the customer
-- column: CustomerName string(255), latest by name_date name_position: Name on the latest line that has one
-- column: Country string(64), latest by country_date country_position: Country of the latest line
-- column: FirstLineDate timestamp, not null, min: Date of the earliest line
-- column: LastLineDate timestamp, not null, max: Date of the latest line
-- column: name_date timestamp, latest by name_date name_position: Date of the line that gave the name
-- column: name_position long, latest by name_date name_position: Its place in the log
-- column: country_date timestamp, latest by country_date country_position: Date of the line that gave the country
-- column: country_position long, latest by country_date country_position: Its place in the log
-- check: not_null CustomerID Country
-- check: unique CustomerID
SELECT
    d.CustomerID,
    max_by(d.CustomerName, d.InvoiceDate) FILTER (WHERE d.name_position IS NOT NULL) AS CustomerName,
    max_by(d.Country, d.InvoiceDate) AS Country,
    min(d.InvoiceDate) AS FirstLineDate,
    max(d.InvoiceDate) AS LastLineDate,
    max(d.InvoiceDate) FILTER (WHERE d.name_position IS NOT NULL) AS name_date,
    max_by(d.name_position, d.InvoiceDate) FILTER (WHERE d.name_position IS NOT NULL)
        AS name_position,
    max(d.InvoiceDate) AS country_date,
    max_by(d.log_position, d.InvoiceDate) AS country_position
FROM (
    SELECT
        f.CustomerID,
        f.InvoiceDate,
        max_by(f.CustomerName, f.log_position) FILTER (WHERE f.CustomerName <> '') AS CustomerName,
        max(f.log_position) FILTER (WHERE f.CustomerName <> '') AS name_position,
        max_by(f.Country, f.log_position) AS Country,
        max(f.log_position) AS log_position
    FROM silver.fact_sales f
    WHERE f.CustomerID IS NOT NULL
    GROUP BY f.CustomerID, f.InvoiceDate
) d
GROUP BY d.CustomerID
