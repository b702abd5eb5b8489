SELECT lines, invoices, cancelled_invoices, customers, products, countries, sales, cancelled
FROM store_total
WHERE total_id = 1
