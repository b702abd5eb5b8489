SELECT page.key, l.stock_code, p.description
FROM json_each(?1) page
CROSS JOIN invoice_line l ON l.invoice_no = page.value AND l.customer_id = ?2
LEFT JOIN product p ON p.stock_code = l.stock_code
GROUP BY page.key, l.stock_code
ORDER BY page.key, min(l.log_partition), min(l.log_offset)
