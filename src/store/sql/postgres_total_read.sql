SELECT coalesce(sum(lines), 0)::bigint, coalesce(sum(invoices), 0)::bigint,
       coalesce(sum(cancelled_invoices), 0)::bigint, coalesce(sum(customers), 0)::bigint,
       coalesce(sum(products), 0)::bigint, coalesce(sum(countries), 0)::bigint,
       coalesce(sum(sales), 0), coalesce(sum(cancelled), 0)
FROM store_total
