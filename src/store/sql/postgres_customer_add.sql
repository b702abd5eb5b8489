WITH written AS (
    INSERT INTO customer AS c (customer_id, name, name_date, name_partition, name_offset,
                               country_id, country_date, country_partition, country_offset)
    SELECT customer_id, name, name_date, name_partition, name_offset,
           country_id, country_date, country_partition, country_offset
    FROM unnest($1::bigint[], $2::text[], $3::timestamp[], $4::integer[], $5::bigint[],
                $6::integer[], $7::timestamp[], $8::integer[], $9::bigint[])
        AS added (customer_id, name, name_date, name_partition, name_offset,
                  country_id, country_date, country_partition, country_offset)
    ON CONFLICT (customer_id) DO UPDATE
    SET country_id = CASE WHEN (c.country_date, c.country_partition, c.country_offset)
                             < (excluded.country_date, excluded.country_partition,
                                excluded.country_offset)
                          THEN excluded.country_id ELSE c.country_id END,
        country_date = greatest(c.country_date, excluded.country_date),
        country_partition = CASE WHEN (c.country_date, c.country_partition, c.country_offset)
                                    < (excluded.country_date, excluded.country_partition,
                                       excluded.country_offset)
                                 THEN excluded.country_partition ELSE c.country_partition END,
        country_offset = CASE WHEN (c.country_date, c.country_partition, c.country_offset)
                                 < (excluded.country_date, excluded.country_partition,
                                    excluded.country_offset)
                              THEN excluded.country_offset ELSE c.country_offset END,
        -- Lines without a name say nothing about it, and most have none.
        (name, name_date, name_partition, name_offset) = (
            SELECT CASE WHEN is_newer THEN excluded.name ELSE c.name END,
                   CASE WHEN is_newer THEN excluded.name_date ELSE c.name_date END,
                   CASE WHEN is_newer THEN excluded.name_partition ELSE c.name_partition END,
                   CASE WHEN is_newer THEN excluded.name_offset ELSE c.name_offset END
            FROM (SELECT excluded.name_date IS NOT NULL
                         AND (c.name_date IS NULL
                              OR (c.name_date, c.name_partition, c.name_offset)
                               < (excluded.name_date, excluded.name_partition,
                                  excluded.name_offset))) AS newer (is_newer))
    RETURNING xmax = 0 AS is_new -- xmax is set on the row that an update leaves
)
SELECT count(*) FILTER (WHERE is_new)
FROM written
