SELECT country_id
FROM country
WHERE name = $1::text
