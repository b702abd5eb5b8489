-- name: gold.mart_orders
-- description: What one customer has on one invoice: an order, or a return.
-- mode: merge
-- from: silver.fact_sales
-- keys: InvoiceNo CustomerID
-- order: InvoiceNo
-- file_bytes: 1MiB
-- sum: Amount
-- column: InvoiceNo string(32), not null: Number of the invoice
-- column: CustomerID long: Number of the customer; null is a guest
-- column: IsCancelled boolean, not null, same: It is a cancellation
-- column: Country string(64), latest by head_date head_position: Country of the latest line
-- column: InvoiceDate timestamp, not null, min: Date of the earliest line
-- column: DateID integer, not null, min: Day of InvoiceDate as yyyymmdd
-- column: Lines long, not null, sum: Lines
-- column: Quantity long, not null, sum: Pieces
-- column: Amount decimal(38,4), not null, sum: Amount
-- column: head_date timestamp, latest by head_date head_position: Date of the line that gave the country
-- column: head_position long, latest by head_date head_position: Its place in the log
-- check: unique InvoiceNo CustomerID
-- check: accepted_range Lines 1 null
SELECT
    d.InvoiceNo,
    d.CustomerID,
    d.InvoiceNo LIKE 'C%' AS IsCancelled,
    max_by(d.Country, d.InvoiceDate) AS Country,
    min(d.InvoiceDate) AS InvoiceDate,
    min(d.DateID) AS DateID,
    CAST(sum(d.Lines) AS bigint) AS Lines,
    CAST(sum(d.Quantity) AS bigint) AS Quantity,
    CAST(sum(d.Amount) AS decimal(38, 4)) AS Amount,
    max(d.InvoiceDate) AS head_date,
    max_by(d.log_position, d.InvoiceDate) AS head_position
FROM (
    SELECT
        f.InvoiceNo,
        f.CustomerID,
        f.InvoiceDate,
        min(f.DateID) AS DateID,
        max_by(f.Country, f.log_position) AS Country,
        count(*) AS Lines,
        CAST(sum(f.Quantity) AS bigint) AS Quantity,
        CAST(sum(f.Amount) AS decimal(38, 4)) AS Amount,
        max(f.log_position) AS log_position
    FROM silver.fact_sales f
    GROUP BY f.InvoiceNo, f.CustomerID, f.InvoiceDate
) d
GROUP BY d.InvoiceNo, d.CustomerID
