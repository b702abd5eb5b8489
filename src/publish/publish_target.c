/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish_target.c - the schema published to: turns, what it holds, rights.
 *
 *   millrace_published   a row a table or view: what it was made of, and how
 *
 * Owns:       nothing; the connection is the publication's.
 * Called by:  publish.c, within its transaction.
 * Invariants: (1) one publication at a time: the others wait for the lock, and read behind it;
 *             (2) nothing is touched in the schema that a publication has not made;
 *             (3) a right that is there already is not asked for: a publisher needs none that it
 *                 does not use.
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "publish/publish_private.h"

static const char note_table[] = "millrace_published";

enum {
    turn_wait_ms = 300000, /* for another publication to end */
    lock_wait_ms = 60000,  /* for a table that somebody changes */
};

mr_status mr_publish_run(mr_publication *p, const char *what, mr_err *err)
{
    mr_status status = MR_OK;

    if (p->sql.overflowed || !mr_buffer_append(&p->sql, "", 1)) {
        mr_buffer_clear(&p->sql);
        return mr_fail(err, MR_LIMIT, "%s: the statement is longer than %d bytes", what,
                       mr_publish_sql_bytes_max);
    }
    if (p->sql.bytes > 1) {
        status = mr_pg_exec(p->pg, p->sql.data, err);
    }
    mr_buffer_clear(&p->sql);
    return status == MR_OK ? MR_OK : mr_fail_in(err, status, "%s", what);
}

static mr_status ask(mr_publication *p, mr_pg_visit visit, void *ctx, mr_err *err)
{
    MR_ASSERT(mr_buffer_append(&p->sql, "", 1));
    mr_status status = mr_pg_each_sql(p->pg, p->sql.data, visit, ctx, err);

    mr_buffer_clear(&p->sql);
    return status;
}

/* --- Taking the turn -------------------------------------------------------------------------- */

/* Settings of the connection suit the store's short statements; those of this transaction suit
 * rows by the million. */
static mr_status take_turn(mr_publication *p, mr_err *err)
{
    const char *schema = p->options->schema;
    mr_status status;

    (void)mr_buffer_printf(
        &p->sql,
        "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
        "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;"
        "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;"
        "SET LOCAL plan_cache_mode = auto; SET LOCAL synchronous_commit = on;"
        "SET LOCAL lock_timeout = %d;"
        "SELECT pg_advisory_xact_lock(%lld); SET LOCAL lock_timeout = %d",
        turn_wait_ms, (long long)(mr_hash64(schema, strlen(schema)) >> 1), lock_wait_ms);
    status = mr_publish_run(p, "its turn", err);
    return status != MR_UNAVAILABLE
               ? status
               : mr_fail_in(err, status, "schema %s: another publication is under way", schema);
}

static mr_status take_flag(void *ctx, const PGresult *row, mr_err *err)
{
    bool *flag = ctx;

    (void)err;
    *flag = mr_pg_flag(row, 0, 0);
    return MR_OK;
}

static mr_status has_schema(mr_publication *p, bool *ret_there, mr_err *err)
{
    (void)mr_buffer_append_string(
        &p->sql, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ");
    (void)mr_olap_quote_text(&p->sql, mr_text_of(p->options->schema));
    (void)mr_buffer_append_string(&p->sql, ")");
    return ask(p, take_flag, ret_there, err);
}

/* --- What there is ---------------------------------------------------------------------------- */

static mr_publish_part *find_part(mr_publication *p, mr_text name)
{
    for (size_t i = 0; i < p->part_count; i++) {
        if (mr_text_equal(name, mr_text_of(p->parts[i].item->name))) {
            return &p->parts[i];
        }
    }
    return NULL;
}

/* What was published, and has no model any more. */
static mr_publish_part *add_left_over(mr_publication *p, mr_text name)
{
    mr_publish_part *part = &p->parts[p->part_count];
    mr_publish_report *report = p->report;

    if (p->part_count == mr_publish_items_max || name.bytes >= sizeof(part->item->name)) {
        return NULL;
    }
    part->item = &report->items[report->count++];
    p->part_count++;
    memcpy(part->item->name, name.data, name.bytes);
    part->item->way = MR_PUBLISH_DROP;
    part->item->version_from = -1;
    part->item->version = -1;
    part->item->rows = -1;
    (void)snprintf(part->item->reason, sizeof(part->item->reason), "its model is gone");
    return part;
}

static mr_status take_note(void *ctx, const PGresult *row, mr_err *err)
{
    mr_publication *p = ctx;
    mr_text name = mr_pg_text(row, 0, 0);
    mr_publish_part *part = find_part(p, name);

    if (part == NULL) {
        part = add_left_over(p, name);
    }
    if (part == NULL) {
        return mr_fail(err, MR_LIMIT, "schema %s: more than %d tables and views were published",
                       p->options->schema, mr_publish_items_max);
    }
    part->known = true;
    part->is_view = mr_pg_flag(row, 0, 1);
    mr_pg_string(row, 0, 2, part->id_then, sizeof(part->id_then));
    part->item->version_from = mr_pg_is_null(row, 0, 3) ? -1 : mr_pg_int8(row, 0, 3);
    part->shape_then = mr_pg_int8(row, 0, 4);
    part->words_then = mr_pg_int8(row, 0, 5);
    part->rows_then = mr_pg_is_null(row, 0, 6) ? -1 : mr_pg_int8(row, 0, 6);
    return MR_OK;
}

static mr_status take_relation(void *ctx, const PGresult *row, mr_err *err)
{
    mr_publication *p = ctx;
    mr_publish_part *part = find_part(p, mr_pg_text(row, 0, 0));

    if (part == NULL) {
        return MR_OK; /* somebody else's, and not in our way */
    }
    part->present = true;
    return part->known ? MR_OK
                       : mr_fail(err, MR_EXISTS,
                                 "%s: schema %s has a table or view \"%s\" that millrace did not "
                                 "publish: rename it, or publish into another by --schema",
                                 mr_pg_where(p->pg), p->options->schema, part->item->name);
}

static mr_status list_relations(mr_publication *p, mr_err *err)
{
    (void)mr_buffer_append_string(
        &p->sql, "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
                 " ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')"
                 " AND n.nspname = ");
    (void)mr_olap_quote_text(&p->sql, mr_text_of(p->options->schema));
    return ask(p, take_relation, p, err);
}

static mr_status list_notes(mr_publication *p, mr_err *err)
{
    bool there = false;
    mr_status status;

    (void)mr_buffer_append_string(&p->sql, "SELECT to_regclass(");
    mr_buffer name;
    mr_buffer_init(&name, 512);
    mr_publish_sql_table(&name, p->options->schema, note_table);
    (void)mr_olap_quote_text(&p->sql, mr_buffer_text(&name));
    mr_buffer_free(&name);
    (void)mr_buffer_append_string(&p->sql, ") IS NOT NULL");
    status = ask(p, take_flag, &there, err);
    if (status != MR_OK || !there) {
        return status;
    }
    (void)mr_buffer_append_string(
        &p->sql, "SELECT name, is_view, lake_table, lake_version, shape, words, rows FROM ");
    mr_publish_sql_table(&p->sql, p->options->schema, note_table);
    (void)mr_buffer_append_string(&p->sql, " ORDER BY published_at, name");
    return ask(p, take_note, p, err);
}

mr_status mr_publish_target_open(mr_publication *p, mr_err *err)
{
    bool there = false;
    mr_status status = take_turn(p, err);

    if (status == MR_OK) {
        status = has_schema(p, &there, err);
    }
    if (status == MR_OK && !there && !p->options->dry_run) {
        (void)mr_buffer_append_string(&p->sql, "CREATE SCHEMA ");
        (void)mr_olap_quote_name(&p->sql, mr_text_of(p->options->schema));
        status = mr_publish_run(p, "schema", err);
    }
    if (status == MR_OK && there) {
        status = list_notes(p, err);
    }
    return status == MR_OK && there ? list_relations(p, err) : status;
}

/* --- Notes ------------------------------------------------------------------------------------ */

static void append_note(mr_publication *p, const mr_publish_part *part)
{
    const bool is_view = part->table == NULL;

    (void)mr_buffer_append_string(&p->sql, "INSERT INTO ");
    mr_publish_sql_table(&p->sql, p->options->schema, note_table);
    (void)mr_buffer_append_string(&p->sql, " VALUES (");
    (void)mr_olap_quote_text(&p->sql, mr_text_of(part->item->name));
    (void)mr_buffer_append_string(&p->sql, is_view ? ", true, '', NULL" : ", false, ");
    if (!is_view) {
        (void)mr_olap_quote_text(&p->sql, mr_text_of(mr_delta_id(part->snapshot)));
        (void)mr_buffer_printf(&p->sql, ", %lld", (long long)part->item->version);
    }
    (void)mr_buffer_printf(&p->sql, ", %lld, %lld, ", (long long)part->shape,
                           (long long)part->words);
    (void)mr_buffer_printf(&p->sql, part->item->rows >= 0 ? "%lld" : "NULL",
                           (long long)part->item->rows);
    (void)mr_buffer_append_string(&p->sql,
                                  ", clock_timestamp()) ON CONFLICT (name) DO UPDATE SET"
                                  " is_view = excluded.is_view, lake_table = excluded.lake_table,"
                                  " lake_version = excluded.lake_version, shape = excluded.shape,"
                                  " words = excluded.words, rows = excluded.rows,"
                                  " published_at = excluded.published_at;");
}

static void append_notes(mr_publication *p)
{
    (void)mr_buffer_append_string(&p->sql, "CREATE TABLE IF NOT EXISTS ");
    mr_publish_sql_table(&p->sql, p->options->schema, note_table);
    (void)mr_buffer_append_string(
        &p->sql, " (name text PRIMARY KEY, is_view boolean NOT NULL, lake_table text NOT NULL,"
                 " lake_version bigint, shape bigint NOT NULL, words bigint NOT NULL, rows bigint,"
                 " published_at timestamptz NOT NULL);");
    for (size_t i = 0; i < p->part_count; i++) {
        const mr_publish_part *part = &p->parts[i];

        if (part->item->way == MR_PUBLISH_DROP) {
            (void)mr_buffer_append_string(&p->sql, "DELETE FROM ");
            mr_publish_sql_table(&p->sql, p->options->schema, note_table);
            (void)mr_buffer_append_string(&p->sql, " WHERE name = ");
            (void)mr_olap_quote_text(&p->sql, mr_text_of(part->item->name));
            (void)mr_buffer_append_string(&p->sql, ";");
        } else if (part->item->way != MR_PUBLISH_NOTHING) {
            append_note(p, part);
        }
    }
}

/* --- The reader's rights ---------------------------------------------------------------------- */

/* true: the role may read the schema and all that is published in it. */
static mr_status may_read(mr_publication *p, bool *ret_may, mr_err *err)
{
    const mr_text reader = mr_text_of(p->options->reader);
    const mr_text schema = mr_text_of(p->options->schema);

    (void)mr_buffer_append_string(&p->sql, "SELECT has_schema_privilege(");
    (void)mr_olap_quote_text(&p->sql, reader);
    (void)mr_buffer_append_string(&p->sql, ", n.oid, 'USAGE') AND NOT EXISTS (SELECT FROM ");
    mr_publish_sql_table(&p->sql, p->options->schema, note_table);
    (void)mr_buffer_append_string(
        &p->sql, " m JOIN pg_catalog.pg_class c ON c.relname = m.name AND c.relnamespace = n.oid"
                 " WHERE NOT has_table_privilege(");
    (void)mr_olap_quote_text(&p->sql, reader);
    (void)mr_buffer_append_string(
        &p->sql, ", c.oid, 'SELECT')) FROM pg_catalog.pg_namespace n WHERE n.nspname = ");
    (void)mr_olap_quote_text(&p->sql, schema);
    return ask(p, take_flag, ret_may, err);
}

static void append_grant(mr_publication *p, const char *right, const char *name)
{
    (void)mr_buffer_append_string(&p->sql, right);
    if (name == NULL) {
        (void)mr_olap_quote_name(&p->sql, mr_text_of(p->options->schema));
    } else {
        mr_publish_sql_table(&p->sql, p->options->schema, name);
    }
    (void)mr_buffer_append_string(&p->sql, " TO ");
    (void)mr_olap_quote_name(&p->sql, mr_text_of(p->options->reader));
    (void)mr_buffer_append_string(&p->sql, ";");
}

static mr_status grant_rights(mr_publication *p, mr_err *err)
{
    bool may = false;
    mr_status status = may_read(p, &may, err);

    if (status != MR_OK) {
        return mr_fail_in(err, status, "--reader %s", p->options->reader);
    }
    if (may) {
        return MR_OK;
    }
    append_grant(p, "GRANT USAGE ON SCHEMA ", NULL);
    append_grant(p, "GRANT SELECT ON ", note_table);
    for (size_t i = 0; i < p->part_count; i++) {
        if (p->parts[i].item->way != MR_PUBLISH_DROP) {
            append_grant(p, "GRANT SELECT ON ", p->parts[i].item->name);
        }
    }
    p->report->granted = true;
    return mr_publish_run(p, "rights of the reader", err);
}

mr_status mr_publish_target_note(mr_publication *p, mr_err *err)
{
    mr_status status = MR_OK;

    if (mr_publish_report_changed(p->report)) {
        append_notes(p);
        status = mr_publish_run(p, "notes", err);
    }
    return status == MR_OK && p->options->reader != NULL ? grant_rights(p, err) : status;
}
