-- name: silver.fact_sales
-- description: One row a line of an invoice, each once, however often it was sent.
-- mode: insert
-- from: bronze.sales_events
-- keys: event_id
-- prune: InvoiceNo
-- index: silver.dim_invoice InvoiceDate between InvoiceDate LastLineDate
-- partition: InvoiceMonth
-- sum: Amount
-- column: event_id binary(16), not null: Identity of the line, 16 bytes
-- column: InvoiceNo string(32), not null: Number of the invoice; a cancellation's begins with C
-- column: StockCode string(32), not null: Code of the product
-- column: Description string(255): The product's description, as this line gave it
-- column: CustomerID long: Number of the customer; null is a guest
-- column: CustomerName string(255): The customer's name, as this line gave it
-- column: Country string(64), not null: Country, as this line gave it
-- column: Quantity integer, not null: Pieces; negative in a return
-- column: UnitPrice decimal(18,4), not null: Price of a piece
-- column: Amount decimal(28,4), not null: Quantity times UnitPrice, exact
-- column: InvoiceDate timestamp, not null: Date and time of the line, by the shop's clock
-- column: DateID integer, not null: Day of InvoiceDate as yyyymmdd
-- column: log_position long, not null: Place in the log: partition times 2^48, plus offset
-- column: InvoiceMonth integer, not null: Month of InvoiceDate as yyyymm
-- check: not_null event_id InvoiceNo StockCode Country Quantity UnitPrice Amount InvoiceDate
-- check: unique event_id
-- check: accepted_range DateID 10101 99991231
SELECT
    b.event_id,
    b.InvoiceNo,
    b.StockCode,
    b.Description,
    b.CustomerID,
    b.CustomerName,
    b.Country,
    b.Quantity,
    b.UnitPrice,
    CAST(b.Quantity * b.UnitPrice AS decimal(28, 4)) AS Amount,
    b.InvoiceDate,
    CAST(year(b.InvoiceDate) * 10000 + month(b.InvoiceDate) * 100 + day(b.InvoiceDate) AS int)
        AS DateID,
    CAST(b.partition AS bigint) * 281474976710656 + b.offset AS log_position,
    CAST(year(b.InvoiceDate) * 100 + month(b.InvoiceDate) AS int) AS InvoiceMonth
FROM bronze.sales_events b
LEFT JOIN (
    SELECT
        r.event_id,
        min(CAST(r.partition AS bigint) * 281474976710656 + r.offset) AS first_position
    FROM bronze.sales_events r
    GROUP BY r.event_id
    HAVING count(*) > 1
) repeated ON repeated.event_id = b.event_id
WHERE repeated.event_id IS NULL
   OR CAST(b.partition AS bigint) * 281474976710656 + b.offset = repeated.first_position
