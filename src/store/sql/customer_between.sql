SELECT c.customer_id, c.name, k.name
FROM customer c
JOIN country k ON k.country_id = c.country_id
WHERE c.customer_id BETWEEN ?1 AND ?2
ORDER BY c.customer_id
LIMIT ?3
