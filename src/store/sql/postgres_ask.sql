-- What runs the SQL of people (ask_postgres.c): a function of a role that may read the shop's tables
-- and nothing else. Within a function that runs as its owner no session can take another role,
-- neither by SET nor by set_config. The role's name holds the database's and the schema's: a login
-- that was given one shop's role is given no other shop's on the same server.
-- A login that may make no role goes on without.
DO $do$
DECLARE
    shop text := quote_ident(current_schema());
    reader text := 'millrace_sql_' || quote_ident(current_database()) || '.' || shop;
BEGIN
    IF to_regprocedure(shop || '.millrace_ask(text)') IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(1836217197); -- that of the migrations
    -- By way of the table: what another one made meanwhile is seen there first.
    IF EXISTS (SELECT FROM pg_catalog.pg_proc
               WHERE proname = 'millrace_ask' AND pronamespace = shop::regnamespace) THEN
        RETURN;
    END IF;
    IF octet_length(reader) > 63 THEN
        reader := 'millrace_sql_' || md5(reader);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = reader) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', reader);
    END IF;
    EXECUTE format('GRANT %I TO CURRENT_USER', reader);
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %s TO %I', shop, reader);
    EXECUTE format('GRANT SELECT ON %1$s.country, %1$s.customer, %1$s.product, %1$s.invoice,'
        ' %1$s.invoice_line, %1$s.customer_invoice, %1$s.store_total, %1$s.consumed_offset TO %2$I',
        shop, reader);
    EXECUTE format('CREATE FUNCTION %1$s.millrace_ask(query text) RETURNS SETOF record'
        ' LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$s, pg_temp'
        ' AS $f$ BEGIN RETURN QUERY EXECUTE query; END $f$', shop);
    EXECUTE format('ALTER FUNCTION %s.millrace_ask(text) OWNER TO %I', shop, reader);
    EXECUTE format('REVOKE CREATE ON SCHEMA %s FROM %I', shop, reader);
    EXECUTE format('REVOKE ALL ON FUNCTION %s.millrace_ask(text) FROM PUBLIC', shop);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s.millrace_ask(text) TO CURRENT_USER WITH GRANT OPTION', shop);
EXCEPTION WHEN insufficient_privilege THEN
    NULL; -- whoever asks is told
END $do$
