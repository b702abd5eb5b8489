-- Lines that tell no name, of customers that are there already.
UPDATE customer c
SET country_id = later.country_id,
    country_date = later.country_date,
    country_partition = later.country_partition,
    country_offset = later.country_offset
FROM unnest($1::bigint[], $2::integer[], $3::timestamp[], $4::integer[], $5::bigint[])
    AS later (customer_id, country_id, country_date, country_partition, country_offset)
WHERE c.customer_id = later.customer_id
  AND (c.country_date, c.country_partition, c.country_offset)
    < (later.country_date, later.country_partition, later.country_offset)
