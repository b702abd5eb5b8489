-- The OLTP tables of the peer: the same columns and keys as ours, in the original's names.
CREATE TABLE customer (customer_id bigint PRIMARY KEY, name text, country text);
CREATE TABLE product (stock_code text PRIMARY KEY, description text);
CREATE TABLE invoice (invoice_no text PRIMARY KEY, customer_id bigint, invoice_date timestamp);
CREATE TABLE invoice_line (
    invoice_no   text,
    line_id      text, -- hash of the line's content: identical lines are one, as in dropDuplicates
    stock_code   text,
    quantity     integer,
    unit_price   numeric(18, 4),
    invoice_date timestamp,
    customer_id  bigint,
    country      text,
    PRIMARY KEY (invoice_no, line_id)
);
CREATE INDEX invoice_customer ON invoice (customer_id, invoice_date);

-- What Spark's JDBC writer fills, a batch at a time; unlogged, as it is emptied again at once.
CREATE UNLOGGED TABLE staging (
    "InvoiceNo" text, "StockCode" text, "Description" text, "Quantity" integer, "InvoiceDate" timestamp,
    "UnitPrice" numeric(18, 4), "CustomerID" bigint, "customerName" text, "Country" text, line_id text
);
