-- One batch out of staging, in one transaction: dimensions only when new or changed, lines only once.
INSERT INTO customer
SELECT DISTINCT ON ("CustomerID") "CustomerID", "customerName", "Country" FROM staging
WHERE "CustomerID" IS NOT NULL ORDER BY "CustomerID", "InvoiceDate" DESC
ON CONFLICT (customer_id) DO UPDATE SET name = excluded.name, country = excluded.country
WHERE (customer.name, customer.country) IS DISTINCT FROM (excluded.name, excluded.country);

INSERT INTO product
SELECT DISTINCT ON ("StockCode") "StockCode", "Description" FROM staging ORDER BY "StockCode", "InvoiceDate" DESC
ON CONFLICT (stock_code) DO UPDATE SET description = excluded.description
WHERE product.description IS DISTINCT FROM excluded.description;

INSERT INTO invoice
SELECT DISTINCT ON ("InvoiceNo") "InvoiceNo", "CustomerID", "InvoiceDate" FROM staging ORDER BY "InvoiceNo", "InvoiceDate"
ON CONFLICT (invoice_no) DO NOTHING;

INSERT INTO invoice_line
SELECT "InvoiceNo", line_id, "StockCode", "Quantity", "UnitPrice", "InvoiceDate", "CustomerID", "Country" FROM staging
ON CONFLICT DO NOTHING;

TRUNCATE staging;
