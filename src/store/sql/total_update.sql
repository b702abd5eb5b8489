UPDATE store_total
SET lines = ?1, invoices = ?2, cancelled_invoices = ?3, customers = ?4, products = ?5,
    countries = ?6, sales = ?7, cancelled = ?8
WHERE total_id = 1
