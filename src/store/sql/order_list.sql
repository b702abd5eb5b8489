SELECT invoice_no, invoice_date, lines, items, amount
FROM customer_invoice
WHERE customer_id = ?1
  AND ((substr(invoice_no, 1, 1) = 'C' AND ?2) OR (substr(invoice_no, 1, 1) <> 'C' AND ?3))
ORDER BY invoice_date DESC, invoice_no DESC
LIMIT ?4 OFFSET ?5
