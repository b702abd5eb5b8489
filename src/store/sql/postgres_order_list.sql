SELECT invoice_no, invoice_date, lines, items, amount
FROM customer_invoice
WHERE customer_id = $1::bigint
  AND ((starts_with(invoice_no, 'C') AND $2::boolean)
       OR (NOT starts_with(invoice_no, 'C') AND $3::boolean))
ORDER BY invoice_date DESC, invoice_no DESC
LIMIT $4::bigint OFFSET $5::bigint
