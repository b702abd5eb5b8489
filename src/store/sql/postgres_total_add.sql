INSERT INTO store_total AS t (log_partition, lines, invoices, cancelled_invoices, customers,
                              products, countries, sales, cancelled)
VALUES ($1::integer, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::bigint,
        $8::numeric, $9::numeric)
ON CONFLICT (log_partition) DO UPDATE
SET lines = t.lines + excluded.lines,
    invoices = t.invoices + excluded.invoices,
    cancelled_invoices = t.cancelled_invoices + excluded.cancelled_invoices,
    customers = t.customers + excluded.customers,
    products = t.products + excluded.products,
    countries = t.countries + excluded.countries,
    sales = t.sales + excluded.sales,
    cancelled = t.cancelled + excluded.cancelled
