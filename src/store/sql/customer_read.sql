SELECT c.name, k.name
FROM customer c
JOIN country k ON k.country_id = c.country_id
WHERE c.customer_id = ?1
