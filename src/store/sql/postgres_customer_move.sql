-- Of customers that are there already, as most are: it costs less than an INSERT that meets them.
UPDATE customer c
SET country_id = CASE WHEN (c.country_date, c.country_partition, c.country_offset)
                         < (later.country_date, later.country_partition, later.country_offset)
                      THEN later.country_id ELSE c.country_id END,
    country_date = greatest(c.country_date, later.country_date),
    country_partition = CASE WHEN (c.country_date, c.country_partition, c.country_offset)
                                < (later.country_date, later.country_partition,
                                   later.country_offset)
                             THEN later.country_partition ELSE c.country_partition END,
    country_offset = CASE WHEN (c.country_date, c.country_partition, c.country_offset)
                             < (later.country_date, later.country_partition, later.country_offset)
                          THEN later.country_offset ELSE c.country_offset END,
    -- Lines without a name say nothing about it; one without a date is of no line.
    name = CASE WHEN later.name_date IS NULL
                     OR (c.name_date, c.name_partition, c.name_offset)
                     >= (later.name_date, later.name_partition, later.name_offset)
                THEN c.name ELSE later.name END,
    name_date = CASE WHEN later.name_date IS NULL
                          OR (c.name_date, c.name_partition, c.name_offset)
                          >= (later.name_date, later.name_partition, later.name_offset)
                     THEN c.name_date ELSE later.name_date END,
    name_partition = CASE WHEN later.name_date IS NULL
                               OR (c.name_date, c.name_partition, c.name_offset)
                               >= (later.name_date, later.name_partition, later.name_offset)
                          THEN c.name_partition ELSE later.name_partition END,
    name_offset = CASE WHEN later.name_date IS NULL
                            OR (c.name_date, c.name_partition, c.name_offset)
                            >= (later.name_date, later.name_partition, later.name_offset)
                       THEN c.name_offset ELSE later.name_offset END
FROM unnest($1::bigint[], $2::text[], $3::timestamp[], $4::integer[], $5::bigint[], $6::integer[],
            $7::timestamp[], $8::integer[], $9::bigint[])
    AS later (customer_id, name, name_date, name_partition, name_offset,
              country_id, country_date, country_partition, country_offset)
WHERE c.customer_id = later.customer_id
