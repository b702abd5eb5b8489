/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_lines.c - the OLTP store in PostgreSQL: writing lines and judging them.
 *
 * Two ways. A batch of new lines is copied straight into the table, which costs half of anything
 * that looks first; while the server takes rows in, the lines before them are noted in the cache. A
 * batch that meets a line already there (the COPY fails whole) is undone to a savepoint and sent
 * again as one INSERT that leaves such lines out and tells which went in. Lines come again in runs
 * (a replay, a file posted twice), so after such a batch the next one goes that way at once.
 *
 * A line that comes twice within a batch (real files have such) is found here, before it is sent.
 * Invoices are written in the same two ways (store_postgres_sums.c); one that was there already
 * undoes the batch as well.
 *
 * Owns:       nothing; works on the store's open transaction and its cache.
 * Called by:  store_postgres.c, on the handle's thread.
 * Invariants: (1) a line that was there already, same or not, changes nothing;
 *             (2) every item has its verdict, and every inserted line is noted exactly once.
 * Not here:   what lines belong to (store_postgres_write.c).
 */
#include "store/store_postgres.h"

enum {
    line_fields = 10,
    /* cells of two texts of events, and 80 bytes of fixed ones with their lengths, rounded up */
    line_bytes_max = 4 * (mr_event_invoice_no_length_max + mr_event_stock_code_length_max) + 256,
};

extern const char mr_embed_postgres_line_copy_sql[];

static bool has_content_hash(const mr_event *event)
{
    return event->event_key.data != NULL;
}

/* --- Twice in a batch ------------------------------------------------------------------------- */

static bool same_line(const mr_event *a, const mr_event *b)
{
    return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes)) == 0 &&
           mr_text_equal(a->invoice_no, b->invoice_no);
}

/* An event without a key has its content's hash for an id. */
static mr_store_verdict verdict_beside(const mr_event *first, const mr_event *event)
{
    bool same = has_content_hash(first) == has_content_hash(event) &&
                (!has_content_hash(event) || first->content_hash == event->content_hash);

    return same ? MR_STORE_DUPLICATE : MR_STORE_CONFLICT;
}

/* The slot of the event's line, or the free one where it belongs. */
static uint32_t *find_seen(mr_pg_seen *seen, const mr_store_item *items, const mr_event *event)
{
    uint64_t hash;
    size_t at;

    memcpy(&hash, event->id.bytes + sizeof(event->id.bytes) - sizeof(hash), sizeof(hash));
    at = hash & (seen->slot_count - 1);
    while (seen->slots[at] != 0 && !same_line(items[seen->slots[at] - 1].event, event)) {
        at = (at + 1) & (seen->slot_count - 1);
    }
    return &seen->slots[at];
}

static void begin_judging(mr_pg_seen *seen, size_t count)
{
    if (seen->slot_count < 2 * count) {
        while (seen->slot_count < 2 * count) {
            seen->slot_count = seen->slot_count == 0 ? 1024 : 2 * seen->slot_count;
        }
        seen->slots = mr_realloc(seen->slots, seen->slot_count * sizeof(*seen->slots));
    }
    memset(seen->slots, 0, seen->slot_count * sizeof(*seen->slots));
}

/* Against the items before it: the first of the same lines is INSERTED, until the server says
 * otherwise. */
static void judge_next(mr_pg_seen *seen, mr_store_item *items, size_t index)
{
    uint32_t *slot = find_seen(seen, items, items[index].event);

    if (*slot == 0) {
        *slot = (uint32_t)index + 1;
        items[index].verdict = MR_STORE_INSERTED;
    } else {
        items[index].verdict = verdict_beside(items[*slot - 1].event, items[index].event);
    }
}

/* --- Straight --------------------------------------------------------------------------------- */

static void put_line(mr_buffer *rows, int32_t partition, const mr_store_item *item)
{
    const mr_event *event = item->event;
    char *begin = mr_buffer_reserve(rows, line_bytes_max);
    char *at = begin;

    MR_ASSERT(begin != NULL);
    at = mr_pg_write_field_count(at, line_fields);
    at = mr_pg_write_text(at, event->invoice_no);
    at = mr_pg_write_bytes(at, event->id.bytes, sizeof(event->id.bytes));
    at = mr_pg_write_text(at, event->stock_code);
    at = mr_pg_write_int4(at, event->quantity);
    at = mr_pg_write_price(at, event->unit_price);
    at = mr_pg_write_date(at, event->invoice_date);
    at = event->has_customer ? mr_pg_write_int8(at, event->customer_id) : mr_pg_write_null(at);
    at = has_content_hash(event) ? mr_pg_write_int8(at, (int64_t)event->content_hash)
                                 : mr_pg_write_null(at);
    at = mr_pg_write_int4(at, partition);
    at = mr_pg_write_int8(at, item->offset);
    mr_buffer_commit(rows, (size_t)(at - begin));
}

/* Sends the lines; meanwhile judges those to come, and notes those that went while the cache has
 * room. MR_EXISTS: one is known. */
static mr_status copy_lines(mr_pg_store *store, int32_t partition, mr_store_item *items,
                            size_t count, size_t *ret_noted, mr_err *err)
{
    mr_status status = mr_pg_copy_begin(store->pg, mr_embed_postgres_line_copy_sql, err);
    size_t index, noted = 0;

    if (status != MR_OK) {
        return status;
    }
    mr_buffer_clear(&store->rows);
    mr_pg_put_copy_header(&store->rows);
    begin_judging(&store->seen, count);
    for (index = 0; index < count && status == MR_OK; index++) {
        judge_next(&store->seen, items, index);
        if (items[index].verdict == MR_STORE_INSERTED) {
            put_line(&store->rows, partition, &items[index]);
        }
        if (store->rows.bytes >= mr_pg_copy_chunk_bytes) {
            status = mr_pg_copy_put(store->pg, &store->rows, err);
            noted = mr_pg_store_note(store, partition, items, noted, index + 1);
        }
    }
    if (status == MR_OK) {
        status = mr_pg_copy_put_last(store->pg, &store->rows, err);
    }
    if (status == MR_OK) {
        noted = mr_pg_store_note(store, partition, items, noted, count);
        status = mr_pg_copy_end(store->pg, NULL, err);
    }
    *ret_noted = noted;
    return status;
}

/* --- By INSERT -------------------------------------------------------------------------------- */

static void bind_keys(mr_pg_store *store, const mr_store_item *items, size_t count)
{
    mr_buffer *numbers, *ids;
    size_t index;

    mr_pg_params_reset(&store->params);
    numbers = mr_pg_array_begin(&store->params, MR_PG_TEXT);
    ids = mr_pg_array_begin(&store->params, MR_PG_UUID);
    for (index = 0; index < count; index++) {
        const mr_event *event = items[index].event;

        mr_pg_put_text(numbers, event->invoice_no);
        mr_pg_put_bytes(ids, event->id.bytes, sizeof(event->id.bytes));
    }
    mr_pg_array_end(numbers, count);
    mr_pg_array_end(ids, count);
}

static void bind_lines(mr_pg_store *store, int32_t partition, const mr_store_item *items,
                       size_t count)
{
    static const mr_pg_type types[] = {MR_PG_TEXT, MR_PG_INT4, MR_PG_NUMERIC, MR_PG_TIMESTAMP,
                                       MR_PG_INT8, MR_PG_INT8, MR_PG_INT8};
    enum { columns = sizeof(types) / sizeof(types[0]) };
    mr_buffer *cells[columns];
    size_t index;

    bind_keys(store, items, count);
    for (index = 0; index < columns; index++) {
        cells[index] = mr_pg_array_begin(&store->params, types[index]);
    }
    for (index = 0; index < count; index++) {
        const mr_event *event = items[index].event;

        mr_pg_put_text(cells[0], event->stock_code);
        mr_pg_put_int4(cells[1], event->quantity);
        mr_pg_put_price(cells[2], event->unit_price);
        mr_pg_put_date(cells[3], event->invoice_date);
        if (event->has_customer) {
            mr_pg_put_int8(cells[4], event->customer_id);
        } else {
            mr_pg_put_null(cells[4]);
        }
        if (has_content_hash(event)) {
            mr_pg_put_int8(cells[5], (int64_t)event->content_hash);
        } else {
            mr_pg_put_null(cells[5]);
        }
        mr_pg_put_int8(cells[6], items[index].offset);
    }
    for (index = 0; index < columns; index++) {
        mr_pg_array_end(cells[index], count);
    }
    mr_pg_bind_int4(&store->params, partition);
}

static bool is_row_of(const PGresult *result, int row, const mr_store_item *item)
{
    return mr_pg_int8(result, row, 0) == item->offset &&
           memcmp(PQgetvalue(result, row, 1), item->event->id.bytes,
                  sizeof(item->event->id.bytes)) == 0;
}

/* Rows come back in the order they went, those left out apart. */
static mr_status insert_lines(mr_pg_store *store, int32_t partition, mr_store_item *items,
                              size_t count, size_t *ret_inserted, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status;
    size_t index;
    int row = 0;

    bind_lines(store, partition, items, count);
    status = mr_pg_run(store->pg, MR_PG_LINE_INSERT, &store->params, &result, NULL, err);
    if (status != MR_OK) {
        return status;
    }
    for (index = 0; index < count; index++) {
        bool inserted = row < PQntuples(result) && is_row_of(result, row, &items[index]);

        items[index].verdict = inserted ? MR_STORE_INSERTED : MR_STORE_DUPLICATE;
        row += inserted ? 1 : 0;
    }
    MR_ASSERT(row == PQntuples(result));
    *ret_inserted = (size_t)row;
    PQclear(result);
    return MR_OK;
}

/* The same event again, or another under its id? An event without a key has its content's hash for
 * an id, and no content_hash. */
static mr_store_verdict verdict_of(const PGresult *result, int row, const mr_event *event)
{
    bool same;

    if (!has_content_hash(event) || mr_pg_is_null(result, row, 1)) {
        same = !has_content_hash(event) && mr_pg_is_null(result, row, 1);
    } else {
        same = (uint64_t)mr_pg_int8(result, row, 1) == event->content_hash;
    }
    return same ? MR_STORE_DUPLICATE : MR_STORE_CONFLICT;
}

/* Tells duplicates from conflicts among the lines that did not go in. */
static mr_status judge_known(mr_pg_store *store, mr_store_item *items, size_t count, mr_err *err)
{
    PGresult *result = NULL;
    mr_status status;
    size_t index;

    bind_keys(store, items, count);
    status = mr_pg_run(store->pg, MR_PG_LINE_KNOWN, &store->params, &result, NULL, err);
    if (status != MR_OK) {
        return status;
    }
    MR_ASSERT((size_t)PQntuples(result) == count);
    for (index = 0; index < count && status == MR_OK; index++) {
        if (!mr_pg_flag(result, (int)index, 0)) {
            status = mr_fail(err, MR_CORRUPT, "%s: line %lld is there and is not",
                             mr_pg_where(store->pg), (long long)items[index].offset);
        } else if (items[index].verdict != MR_STORE_INSERTED) {
            items[index].verdict = verdict_of(result, (int)index, items[index].event);
        }
    }
    PQclear(result);
    return status;
}

/* --- Both ------------------------------------------------------------------------------------- */

static mr_status note_rest(mr_pg_store *store, int32_t partition, const mr_store_item *items,
                           size_t noted, size_t count, mr_err *err)
{
    mr_status status = MR_OK;

    while (status == MR_OK &&
           (noted = mr_pg_store_note(store, partition, items, noted, count)) < count) {
        status = mr_pg_store_flush(store, partition, err);
        mr_pg_store_forget(store);
    }
    return status != MR_OK ? status : mr_pg_store_flush(store, partition, err);
}

/* Undoes what was written of the batch, and remembers what to expect of the next. */
static mr_status undo_lines(mr_pg_store *store, bool *expects, mr_err *err)
{
    mr_pg_store_forget_all(store); /* locks taken since the savepoint go with it */
    *expects = true;
    return mr_pg_exec(store->pg, "ROLLBACK TO SAVEPOINT lines", err);
}

/* *ret_undone: nothing is written, expects_known says that a line was there already, or
 * expects_older that an invoice was. */
static mr_status write_straight(mr_pg_store *store, int32_t partition, mr_store_item *items,
                                size_t count, bool *ret_undone, mr_err *err)
{
    size_t noted = 0;
    mr_status status = copy_lines(store, partition, items, count, &noted, err);

    *ret_undone = status == MR_EXISTS;
    if (status == MR_EXISTS) {
        return undo_lines(store, &store->expects_known, err);
    }
    store->copies_invoices = !store->expects_older;
    store->met_invoices = 0;
    if (status == MR_OK) {
        status = note_rest(store, partition, items, noted, count, err);
    }
    *ret_undone = status == MR_EXISTS && store->copies_invoices;
    if (*ret_undone) {
        return undo_lines(store, &store->expects_older, err);
    }
    store->expects_older = store->met_invoices > 0;
    return status;
}

static mr_status write_looking(mr_pg_store *store, int32_t partition, mr_store_item *items,
                               size_t count, mr_err *err)
{
    size_t inserted = 0;
    mr_status status = insert_lines(store, partition, items, count, &inserted, err);

    if (status == MR_OK && inserted < count) {
        status = judge_known(store, items, count, err);
    }
    if (status == MR_OK) {
        store->expects_known = inserted < count;
        store->copies_invoices = false;
        status = note_rest(store, partition, items, 0, count, err);
    }
    return status;
}

mr_status mr_pg_store_write(mr_pg_store *store, int32_t partition, mr_store_item *items,
                            size_t count, mr_err *err)
{
    mr_status status = MR_OK;
    bool undone = true;

    if (count == 0) {
        return MR_OK;
    }
    MR_ASSERT(count < UINT32_MAX);
    while (status == MR_OK && undone && !store->expects_known) {
        status = write_straight(store, partition, items, count, &undone, err);
    }
    if (status == MR_OK && undone) {
        status = write_looking(store, partition, items, count, err);
    }
    return status;
}
