SELECT c.customer_id, c.name, k.name
FROM customer_name n
JOIN customer c ON c.customer_id = n.rowid
JOIN country k ON k.country_id = c.country_id
WHERE customer_name MATCH ?1 AND n.rowid > ?3
ORDER BY n.rowid
LIMIT ?2
