-- name: silver.dim_invoice
-- description: One row an invoice. Customer and country are those of its latest line, of the lines that name a customer if there are any.
-- mode: merge
-- from: silver.fact_sales
-- keys: InvoiceNo
-- order: InvoiceNo
-- file_bytes: 1MiB
-- column: InvoiceNo string(32), not null: Number of the invoice
-- column: InvoiceDate timestamp, not null, min: Date of its earliest line
-- column: DateID integer, not null, min: Day of InvoiceDate as yyyymmdd
-- column: LastLineDate timestamp, not null, max: Date of its latest line
-- column: CustomerID long, latest by has_customer head_date head_position: Number of the customer; null is a guest
-- column: Country string(64), latest by has_customer head_date head_position: Country
-- column: IsCancelled boolean, not null, same: It is a cancellation: its number begins with C
-- column: has_customer integer, latest by has_customer head_date head_position: 1 where a line names a customer
-- column: head_date timestamp, latest by has_customer head_date head_position: Date of the line that gave customer and country
-- column: head_position long, latest by has_customer head_date head_position: Its place in the log
-- check: not_null InvoiceNo InvoiceDate Country
-- check: unique InvoiceNo
-- An invoice has one row of h for each date and answer to has_customer, so that dates alone tell
-- which is the latest: keys of one fixed size cost the engine far less than rows of several.
SELECT
    h.InvoiceNo,
    min(h.InvoiceDate) AS InvoiceDate,
    min(h.DateID) AS DateID,
    max(h.InvoiceDate) AS LastLineDate,
    max_by(h.CustomerID, h.InvoiceDate) FILTER (WHERE h.has_customer = 1) AS CustomerID,
    coalesce(max_by(h.Country, h.InvoiceDate) FILTER (WHERE h.has_customer = 1),
             max_by(h.Country, h.InvoiceDate) FILTER (WHERE h.has_customer = 0)) AS Country,
    h.InvoiceNo LIKE 'C%' AS IsCancelled,
    max(h.has_customer) AS has_customer,
    coalesce(max(h.InvoiceDate) FILTER (WHERE h.has_customer = 1),
             max(h.InvoiceDate) FILTER (WHERE h.has_customer = 0)) AS head_date,
    coalesce(max_by(h.log_position, h.InvoiceDate) FILTER (WHERE h.has_customer = 1),
             max_by(h.log_position, h.InvoiceDate) FILTER (WHERE h.has_customer = 0)) AS head_position
FROM (
    SELECT
        f.InvoiceNo,
        f.InvoiceDate,
        CASE WHEN f.CustomerID IS NULL THEN 0 ELSE 1 END AS has_customer,
        min(f.DateID) AS DateID,
        max_by(f.CustomerID, f.log_position) AS CustomerID,
        max_by(f.Country, f.log_position) AS Country,
        max(f.log_position) AS log_position
    FROM silver.fact_sales f
    GROUP BY f.InvoiceNo, f.InvoiceDate, CASE WHEN f.CustomerID IS NULL THEN 0 ELSE 1 END
) h
GROUP BY h.InvoiceNo
