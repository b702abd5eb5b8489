/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/reconcile.c - the books: counts and money from the log to the marts, compared.
 *
 * Nothing is scanned. The log knows its offsets, the store keeps its sums, a Delta table's log has
 * the rows of each file and a tag with the exact sum of its money (docs/models.md, "sum"). So a
 * reconciliation costs the same at any size.
 *
 * Places that stand at different points of the log cannot be compared: such a balance is not known,
 * and says so. It is known once they have caught up.
 */
#include <stdio.h>
#include <yyjson.h>

#include "medallion/quality.h"
#include "medallion/task.h"

static const char bronze_name[] = "bronze.sales_events";
static const char lines_name[] = "silver.fact_sales";
static const char published_name[] = "gold.fact_sales";
static const char store_group[] = "store";
static const char bronze_group[] = "bronze";
enum { partitions_max = 1024 };

/* What a table's log says of its rows. */
typedef struct table_sums {
    bool known; /* there is such a table */
    int64_t rows;
    bool money_known;
    mr_amount money;
    int64_t version;
} table_sums;

typedef struct places {
    int64_t log_next[partitions_max], store_next[partitions_max], bronze_next[partitions_max];
    size_t count; /* highest partition + 1 */
    bool log_known, store_known;
    char store_problem[160]; /* why it cannot be read; "" = it can, or is not there */
    mr_store_totals totals;
} places;

typedef struct books {
    mr_session *session;
    const mr_run_peers *peers;
    mr_reconciliation *result;
    places places;
    table_sums bronze, lines;
} books;

/* --- What each place says --------------------------------------------------------------------- */

static bool read_tag(const mr_delta_file *file, mr_amount *ret_amount)
{
    yyjson_doc *tags = file->tags == NULL ? NULL : yyjson_read(file->tags, strlen(file->tags), 0);
    const char *sum = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(tags), "millrace.sum"));
    bool found = sum != NULL && mr_amount_parse(mr_text_of(sum), ret_amount);

    yyjson_doc_free(tags);
    return found;
}

static table_sums sums_of(const mr_session_table *table)
{
    table_sums sums = {.known = table->snapshot != NULL, .money_known = true};

    if (!sums.known) {
        return sums;
    }
    sums.rows = mr_delta_rows(table->snapshot);
    sums.version = mr_delta_version(table->snapshot);
    for (size_t i = 0; sums.money_known && i < mr_delta_file_count(table->snapshot); i++) {
        mr_amount amount;
        sums.money_known = read_tag(mr_delta_file_at(table->snapshot, i), &amount);
        if (sums.money_known) {
            sums.money = mr_amount_add(sums.money, amount);
        }
    }
    return sums;
}

static void note_partition(places *p, int64_t *list, int32_t partition, int64_t next)
{
    if (partition >= 0 && partition < partitions_max) {
        list[partition] = next;
        p->count = p->count > (size_t)partition ? p->count : (size_t)partition + 1;
    }
}

static bool visit_log(void *ctx, const mr_bus_topic_info *info)
{
    books *b = ctx;

    b->places.log_known = true;
    note_partition(&b->places, b->places.log_next, info->partition, info->next_offset);
    return true;
}

static bool visit_position(void *ctx, const mr_store_source *source, int64_t next_offset)
{
    books *b = ctx;

    if (strcmp(source->group, store_group) == 0 &&
        (b->peers->topic == NULL || strcmp(source->topic, b->peers->topic) == 0)) {
        note_partition(&b->places, b->places.store_next, source->partition, next_offset);
    }
    return true;
}

/* A store that is down must not keep the lake from being brought up: its balances are unknown. */
static void read_store(books *b)
{
    mr_store_options options;
    mr_store *store = NULL;
    mr_status status;
    mr_err err;

    if (b->peers->store == NULL) {
        return;
    }
    options = *b->peers->store;
    options.mode = MR_STORE_READ;
    status = mr_store_open(&options, &store, &err);
    if (status == MR_OK) {
        status = mr_store_read_totals(store, &b->places.totals, &err);
    }
    if (status == MR_OK) {
        status = mr_store_read_positions(store, visit_position, b, &err);
    }
    b->places.store_known = status == MR_OK;
    if (status != MR_OK && status != MR_NOT_FOUND) {
        (void)snprintf(b->places.store_problem, sizeof(b->places.store_problem),
                       "the store cannot be read: %.130s", err.message);
    }
    mr_store_close(store);
}

/* The sink records each partition's next offset under group/topic/partition. */
static void read_bronze_positions(books *b, const mr_session_table *bronze)
{
    char key[256];

    for (size_t i = 0; bronze->snapshot != NULL && b->peers->topic != NULL && i < b->places.count;
         i++) {
        (void)snprintf(key, sizeof(key), "millrace/%s/%s/%zu", bronze_group, b->peers->topic, i);
        int64_t next = mr_delta_txn_version(bronze->snapshot, key);
        b->places.bronze_next[i] = next > 0 ? next : 0;
    }
}

/* --- Balances --------------------------------------------------------------------------------- */

static mr_balance *add_balance(books *b, const char *name)
{
    mr_balance *balance;

    MR_ASSERT(b->result->count < mr_balances_max);
    balance = &b->result->balances[b->result->count++];
    *balance = (mr_balance){.name = name, .holds = true};
    return balance;
}

static void settle(mr_balance *balance, mr_amount left, mr_amount right)
{
    balance->known = true;
    balance->left = left;
    balance->right = right;
    balance->difference = (mr_amount){left.scaled - right.scaled};
    balance->holds = balance->difference.scaled == 0;
}

static mr_amount count_of(int64_t rows)
{
    return (mr_amount){(__int128)rows * mr_price_unit};
}

static void unknown(mr_balance *balance, const char *note)
{
    (void)snprintf(balance->note, sizeof(balance->note), "%s", note);
}

/* A record that is no event is no row of bronze: rows can be fewer than offsets, never more. */
static void balance_log(books *b)
{
    mr_balance *balance = add_balance(b, "log records = bronze rows + refused");
    int64_t taken = 0;
    int64_t lag = 0;

    if (!b->bronze.known || b->places.count == 0) {
        unknown(balance, "the log or bronze is not there");
        return;
    }
    for (size_t i = 0; i < b->places.count; i++) {
        taken += b->places.bronze_next[i];
        lag += b->places.log_next[i] - b->places.bronze_next[i];
    }
    if (taken == 0) {
        unknown(balance, "bronze does not tell its place in the log");
        return;
    }
    settle(balance, count_of(taken), count_of(b->bronze.rows));
    balance->holds = balance->difference.scaled >= 0;
    (void)snprintf(balance->note, sizeof(balance->note),
                   "%lld refused; %lld more in the log, not yet in bronze",
                   (long long)(taken - b->bronze.rows), (long long)(b->places.log_known ? lag : 0));
}

/* NULL: silver has taken all that bronze has. */
static const char *why_silver_differs(const books *b, const mr_session_table *lines)
{
    if (!b->bronze.known || !b->lines.known) {
        return "bronze or silver is not there yet";
    }
    return mr_delta_txn_version(lines->snapshot, "bronze/sales_events") == b->bronze.version
               ? NULL
               : "silver has not taken all of bronze yet";
}

static void balance_silver(books *b, const mr_session_table *lines)
{
    mr_balance *rows = add_balance(b, "bronze rows = rows silver has read");
    mr_balance *kept = add_balance(b, "rows silver has read = silver lines + repeats");
    mr_balance *money = add_balance(b, "bronze money = silver money + repeats");
    const char *why = why_silver_differs(b, lines);
    int64_t read;

    money->money = true;
    if (why != NULL) {
        unknown(rows, why);
        unknown(kept, why);
        unknown(money, why);
        return;
    }
    read = mr_delta_txn_version(lines->snapshot, mr_task_read_key);
    settle(rows, count_of(b->bronze.rows), count_of(read));
    settle(kept, count_of(read), count_of(b->lines.rows));
    kept->holds = kept->difference.scaled >= 0;
    (void)snprintf(kept->note, sizeof(kept->note), "%lld repeats",
                   (long long)(read - b->lines.rows));
    if (!b->bronze.money_known || !b->lines.money_known) {
        unknown(money, "a file does not tell its sum");
        return;
    }
    settle(money, b->bronze.money, b->lines.money);
    /* What repeats come to is what is left over; without repeats that is nothing. */
    money->holds = kept->difference.scaled > 0 || money->difference.scaled == 0;
}

static const char *why_store_differs(const books *b)
{
    if (b->places.store_problem[0] != '\0') {
        return b->places.store_problem;
    }
    if (!b->places.store_known || !b->lines.known) {
        return "the store or silver is not there";
    }
    for (size_t i = 0; i < b->places.count; i++) {
        if (b->places.store_next[i] != b->places.bronze_next[i]) {
            return "store and bronze stand at different places of the log";
        }
    }
    return b->places.count == 0 ? "the log is not there" : NULL;
}

static void balance_store(books *b, const mr_session_table *lines)
{
    mr_balance *rows = add_balance(b, "store lines = silver lines");
    mr_balance *money = add_balance(b, "store money = silver money");
    const char *why = why_silver_differs(b, lines);

    money->money = true;
    why = why == NULL ? why_store_differs(b) : why;
    if (why != NULL) {
        unknown(rows, why);
        unknown(money, why);
        return;
    }
    settle(rows, count_of((int64_t)b->places.totals.lines), count_of(b->lines.rows));
    if (!b->lines.money_known) {
        unknown(money, "a file does not tell its sum");
        return;
    }
    settle(money, mr_amount_add(b->places.totals.sales, b->places.totals.cancelled),
           b->lines.money);
}

/* A table whose model names a `sum` has all the money of its source. */
static mr_status balance_model(books *b, const mr_model *model, const mr_session_table *lines,
                               mr_err *err)
{
    mr_session_table *table = NULL;
    mr_status status = mr_session_find(b->session, model->name, &table, err);

    if (status != MR_OK || b->result->count + 2 > mr_balances_max) {
        return status;
    }
    if (model->mode == MR_MODEL_PUBLISH) {
        mr_balance *rows = add_balance(b, "silver lines = gold lines");
        if (table->snapshot == NULL || lines->snapshot == NULL ||
            mr_delta_txn_version(table->snapshot, "silver/fact_sales") != b->lines.version) {
            unknown(rows, "gold has not taken all of silver yet");
        } else {
            settle(rows, count_of(b->lines.rows), count_of(mr_delta_rows(table->snapshot)));
        }
    }
    mr_balance *money = add_balance(b, model->name);
    money->money = true;
    if (table->snapshot == NULL || lines->snapshot == NULL ||
        mr_delta_txn_version(table->snapshot, "silver/fact_sales") != b->lines.version) {
        unknown(money, "gold has not taken all of silver yet");
        return MR_OK;
    }
    table_sums sums = sums_of(table);
    if (!sums.money_known || !b->lines.money_known) {
        unknown(money, "a file does not tell its sum");
        return MR_OK;
    }
    settle(money, b->lines.money, sums.money);
    (void)snprintf(money->note, sizeof(money->note), "silver money = money of %s", model->name);
    return MR_OK;
}

static mr_status balance_gold(books *b, const mr_session_table *lines, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; status == MR_OK && i < mr_models_count(b->session->models); i++) {
        const mr_model *model = mr_models_at(b->session->models, i);
        if (model->sum != NULL && model->from != NULL && strcmp(model->from, lines_name) == 0) {
            status = balance_model(b, model, lines, err);
        }
    }
    return status;
}

static int64_t version_of(const mr_session_table *table)
{
    return table->snapshot == NULL ? -1 : mr_delta_version(table->snapshot);
}

static mr_status note_versions(books *b, const mr_session_table *bronze,
                               const mr_session_table *lines, mr_err *err)
{
    mr_session_table *gold = NULL;
    mr_status status = mr_session_find(b->session, published_name, &gold, err);

    if (status == MR_OK) {
        b->result->bronze_version = version_of(bronze);
        b->result->silver_version = version_of(lines);
        b->result->gold_version = version_of(gold);
    }
    return status;
}

mr_status mr_session_reconcile(mr_session *session, const mr_run_peers *peers,
                               mr_reconciliation *ret_reconciliation, mr_err *err)
{
    mr_reconciliation result = {.count = 0};
    books b = {.session = session, .peers = peers, .result = &result};
    mr_session_table *bronze = NULL;
    mr_session_table *lines = NULL;
    mr_status status = mr_session_find(session, bronze_name, &bronze, err);

    if (status == MR_OK) {
        status = mr_session_find(session, lines_name, &lines, err);
    }
    if (status == MR_OK && peers->bus != NULL && peers->topic != NULL) {
        status = mr_bus_topic_partitions(peers->bus, peers->topic, visit_log, &b, err);
    }
    if (status != MR_OK) {
        return mr_fail_in(err, status, "reconcile");
    }
    read_store(&b);
    read_bronze_positions(&b, bronze);
    b.bronze = sums_of(bronze);
    b.lines = sums_of(lines);
    balance_log(&b);
    balance_silver(&b, lines);
    balance_store(&b, lines);
    status = balance_gold(&b, lines, err);
    if (status == MR_OK) {
        status = note_versions(&b, bronze, lines, err);
    }
    if (status != MR_OK) {
        return status;
    }
    result.holds = true;
    for (size_t i = 0; i < result.count; i++) {
        result.holds = result.holds && result.balances[i].holds;
    }
    *ret_reconciliation = result;
    return MR_OK;
}
