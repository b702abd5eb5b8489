-- What the SQL of people may read: tables and views of the shop that role $1 may select from.
SELECT c.relname::text, CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END,
    a.attname::text, format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())
    AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege($1::text, c.oid, 'SELECT')
ORDER BY c.relname, a.attnum
