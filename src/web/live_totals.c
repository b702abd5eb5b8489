/* SPDX-License-Identifier: Apache-2.0 */
/* web/live_totals.c - the figures that move: the store's totals, and gold's distance from bronze.
 *
 * Owns:       a read-only handle of the store, the tables of the lake it looks at.
 * Called by:  the live thread.
 * Invariants: nothing here fails: what cannot be read now is tried again at the next reading, and
 * its last figures stand meanwhile. Rows are counted on from version to version, so that a reading
 * costs what has changed and not what there is.
 */
#include "web/live_totals.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/rate_window.h"
#include "lake/delta.h"
#include "store/store.h"
#include "web/json.h"

static const char bronze_path[] = "bronze/sales_events";
static const char silver_path[] = "silver/fact_sales";
static const char gold_path[] = "gold/fact_sales";

typedef struct figures {
    bool has_store;
    uint64_t lines, orders;
    mr_amount sales, returns;
    int64_t gold_version; /* -1: none */
    int64_t behind;       /* -1: unknown */
} figures;

struct mr_live_reader {
    const mr_web_options *options;
    mr_store *store; /* NULL: not open */
    mr_blobs *blobs; /* NULL: not open; so the tables */
    mr_delta_table *bronze, *silver, *gold;
    int64_t made_of;      /* bronze's version that gold_version was made of; -1: unknown */
    int64_t counted_from; /* rows behind are counted from this version of bronze ... */
    int64_t counted_to;   /* ... to this one */
    int64_t counted_rows;
    mr_rate_window window;
    figures now, told;
    bool was_told, told_idle;
    int64_t changed_ms; /* when lines last grew */
};

mr_live_reader *mr_live_reader_create(const mr_web_options *options)
{
    mr_live_reader *reader = mr_alloc_zero(1, sizeof *reader);

    reader->options = options;
    reader->now.gold_version = reader->now.behind = -1;
    reader->made_of = reader->counted_from = -1;
    return reader;
}

void mr_live_reader_destroy(mr_live_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    mr_store_close(reader->store);
    mr_delta_table_destroy(reader->bronze);
    mr_delta_table_destroy(reader->silver);
    mr_delta_table_destroy(reader->gold);
    mr_blobs_close(reader->blobs);
    free(reader);
}

/* --- Store ------------------------------------------------------------------------------------ */

static void read_store(mr_live_reader *reader)
{
    mr_store_options options = reader->options->store;
    mr_store_totals totals;

    options.mode = MR_STORE_READ;
    if (reader->store == NULL && mr_store_open(&options, &reader->store, NULL) != MR_OK) {
        reader->store = NULL;
        return;
    }
    if (mr_store_read_totals(reader->store, &totals, NULL) != MR_OK) {
        mr_store_close(reader->store);
        reader->store = NULL;
        return;
    }
    if (!reader->now.has_store || totals.lines != reader->now.lines) {
        reader->changed_ms = mr_now_ms();
    }
    reader->now.has_store = true;
    reader->now.lines = totals.lines;
    reader->now.orders = totals.invoices - totals.cancelled_invoices;
    reader->now.sales = totals.sales;
    reader->now.returns = totals.cancelled;
    (void)mr_rate_window_add(&reader->window, mr_monotonic_us(), totals.lines);
}

/* --- Lake ------------------------------------------------------------------------------------- */

static bool open_lake(mr_live_reader *reader)
{
    if (reader->blobs == NULL) {
        if (mr_blobs_open(&reader->options->lake, &reader->blobs, NULL) != MR_OK) {
            reader->blobs = NULL;
            return false;
        }
        reader->bronze = mr_delta_table_create(reader->blobs, bronze_path);
        reader->silver = mr_delta_table_create(reader->blobs, silver_path);
        reader->gold = mr_delta_table_create(reader->blobs, gold_path);
    }
    return true;
}

/* The version of bronze that gold was made of: gold names silver's, silver bronze's. */
static void find_source(mr_live_reader *reader)
{
    mr_delta_snapshot *gold = NULL;
    mr_delta_snapshot *silver = NULL;

    if (mr_delta_read(reader->gold, &gold, NULL) == MR_OK &&
        mr_delta_version(gold) != reader->now.gold_version) {
        int64_t version = mr_delta_txn_version(gold, silver_path);
        reader->made_of = -1;
        if (version >= 0 &&
            mr_delta_read_version(reader->silver, version, &silver, NULL) == MR_OK) {
            reader->made_of = mr_delta_txn_version(silver, bronze_path);
        }
        reader->now.gold_version = mr_delta_version(gold);
    }
    mr_delta_snapshot_free(silver);
    mr_delta_snapshot_free(gold);
}

static bool add_rows(void *ctx, const mr_delta_file *file)
{
    int64_t *rows = ctx;

    *rows = file->rows < 0 || *rows < 0 ? -1 : *rows + file->rows;
    return true;
}

static void count_behind(mr_live_reader *reader)
{
    mr_delta_snapshot *bronze = NULL;

    if (reader->made_of < 0 || mr_delta_read(reader->bronze, &bronze, NULL) != MR_OK) {
        reader->now.behind = -1;
        return;
    }
    int64_t newest = mr_delta_version(bronze);
    if (reader->counted_from != reader->made_of || reader->counted_to > newest) {
        reader->counted_from = reader->counted_to = reader->made_of;
        reader->counted_rows = 0;
    }
    if (reader->counted_to < newest) {
        if (mr_delta_added_since(reader->bronze, bronze, reader->counted_to, add_rows,
                                 &reader->counted_rows, NULL) != MR_OK) {
            reader->counted_rows = -1;
        }
        reader->counted_to = newest;
    }
    reader->now.behind = reader->counted_rows;
    mr_delta_snapshot_free(bronze);
}

/* --- Telling ---------------------------------------------------------------------------------- */

static bool is_news(const mr_live_reader *reader, double rate)
{
    const figures *now = &reader->now;
    const figures *told = &reader->told;

    return !reader->was_told || now->has_store != told->has_store || now->lines != told->lines ||
           now->orders != told->orders || now->sales.scaled != told->sales.scaled ||
           now->returns.scaled != told->returns.scaled || now->gold_version != told->gold_version ||
           now->behind != told->behind || (rate <= 0 && !reader->told_idle);
}

static void write_count(mr_buffer *out, const char *name, int64_t value)
{
    mr_web_json_name(out, name);
    if (value < 0) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    } else {
        mr_web_json_integer(out, value);
    }
}

static void write_figures(const mr_live_reader *reader, double rate, mr_buffer *out)
{
    const figures *now = &reader->now;

    (void)mr_buffer_append(out, "{", 1);
    write_count(out, "lines", (int64_t)now->lines);
    mr_web_json_name(out, "sales");
    mr_web_json_amount(out, now->sales);
    mr_web_json_name(out, "returns");
    mr_web_json_amount(out, now->returns);
    write_count(out, "orders", (int64_t)now->orders);
    mr_web_json_name(out, "rate");
    mr_web_json_number(out, rate);
    mr_web_json_name(out, "store_at");
    mr_web_json_instant(out, reader->changed_ms);
    write_count(out, "gold_version", now->gold_version);
    write_count(out, "behind", now->behind);
    (void)mr_buffer_append(out, "}", 1);
}

bool mr_live_reader_read(mr_live_reader *reader, mr_buffer *out)
{
    read_store(reader);
    if (open_lake(reader)) {
        find_source(reader);
        count_behind(reader);
    }
    double rate = mr_rate_window_per_second(&reader->window);
    if (!is_news(reader, rate)) {
        return false;
    }
    write_figures(reader, rate, out);
    reader->told = reader->now;
    reader->told_idle = rate <= 0;
    reader->was_told = true;
    return true;
}
