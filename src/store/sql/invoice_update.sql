UPDATE invoice
SET invoice_date = ?2, customer_id = ?3, country_id = ?4,
    head_date = ?5, head_partition = ?6, head_offset = ?7,
    lines = ?8, items = ?9, amount = ?10
WHERE invoice_no = ?1
