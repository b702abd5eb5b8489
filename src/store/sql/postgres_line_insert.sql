INSERT INTO invoice_line (invoice_no, event_id, stock_code, quantity, unit_price, invoice_date,
                          customer_id, content_hash, log_partition, log_offset)
SELECT invoice_no, event_id, stock_code, quantity, unit_price, invoice_date,
       customer_id, content_hash, $10::integer, log_offset
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::integer[], $5::numeric[], $6::timestamp[],
            $7::bigint[], $8::bigint[], $9::bigint[])
    AS line (invoice_no, event_id, stock_code, quantity, unit_price, invoice_date,
             customer_id, content_hash, log_offset)
ON CONFLICT DO NOTHING
RETURNING log_offset, event_id
