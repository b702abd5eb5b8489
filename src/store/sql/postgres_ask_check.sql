-- The function that runs the SQL of people, whether its owner is as harmless as it must be, and
-- whether this login may call it.
SELECT quote_ident(n.nspname), r.rolname::text,
    p.prosecdef
    AND NOT (r.rolsuper OR r.rolcanlogin OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.member = r.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace o
                    WHERE o.nspname = 'ops' AND has_schema_privilege(r.oid, o.oid, 'USAGE')),
    has_function_privilege(p.oid, 'EXECUTE')
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
WHERE n.nspname = current_schema() AND p.oid = to_regprocedure(quote_ident(n.nspname) || '.millrace_ask(text)')
