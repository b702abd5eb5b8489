-- name: silver.dim_product
-- description: One row a stock code, with the latest description that its lines give.
-- mode: merge
-- from: silver.fact_sales
-- keys: StockCode
-- order: StockCode
-- file_bytes: 1MiB
-- column: StockCode string(32), not null: Code of the product
-- column: Description string(255), latest by description_date description_position: Description of the latest line that has one
-- column: FirstLineDate timestamp, not null, min: Date of the earliest line
-- column: LastLineDate timestamp, not null, max: Date of the latest line
-- column: description_date timestamp, latest by description_date description_position: Date of the line that gave the description
-- column: description_position long, latest by description_date description_position: Its place in the log
-- check: not_null StockCode
-- check: unique StockCode
SELECT
    d.StockCode,
    max_by(d.Description, (d.LastDate, d.last_position)) FILTER (WHERE d.Description <> '')
        AS Description,
    min(d.FirstDate) AS FirstLineDate,
    max(d.LastDate) AS LastLineDate,
    max(d.LastDate) FILTER (WHERE d.Description <> '') AS description_date,
    max_by(d.last_position, (d.LastDate, d.last_position)) FILTER (WHERE d.Description <> '')
        AS description_position
FROM (
    SELECT
        f.StockCode,
        f.Description,
        min(f.InvoiceDate) AS FirstDate,
        max(f.InvoiceDate) AS LastDate,
        max_by(f.log_position, (f.InvoiceDate, f.log_position)) AS last_position
    FROM silver.fact_sales f
    GROUP BY f.StockCode, f.Description
) d
GROUP BY d.StockCode
