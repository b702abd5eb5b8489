SELECT page.number, l.stock_code, p.description
FROM unnest($1::text[]) WITH ORDINALITY AS page (invoice_no, number)
JOIN invoice_line l ON l.invoice_no = page.invoice_no AND l.customer_id = $2::bigint
LEFT JOIN product p ON p.stock_code = l.stock_code
GROUP BY page.number, l.stock_code, p.description
ORDER BY page.number, min(l.log_partition), min(l.log_offset)
