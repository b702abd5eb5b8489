-- name: silver.dim_product
-- description: One row a stock code, with the latest description that its lines give.
-- mode: merge
-- from: silver.fact_sales
-- keys: StockCode
-- order: StockCode
-- file_bytes: 8MiB
-- column: StockCode string, not null: Code of the product
-- column: Description string, latest by description_date description_position: Description of the latest line that has one
-- column: FirstLineDate timestamp, not null, min: Date of the earliest line
-- column: LastLineDate timestamp, not null, max: Date of the latest line
-- column: description_date timestamp, latest by description_date description_position: Date of the line that gave the description
-- column: description_position long, latest by description_date description_position: Its place in the log
-- check: not_null StockCode
-- check: unique StockCode
SELECT
    f.StockCode,
    max_by(f.Description, (f.InvoiceDate, f.log_position)) FILTER (WHERE f.Description <> '')
        AS Description,
    min(f.InvoiceDate) AS FirstLineDate,
    max(f.InvoiceDate) AS LastLineDate,
    max(f.InvoiceDate) FILTER (WHERE f.Description <> '') AS description_date,
    max_by(f.log_position, (f.InvoiceDate, f.log_position)) FILTER (WHERE f.Description <> '')
        AS description_position
FROM silver.fact_sales f
GROUP BY f.StockCode
