/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_commit.c - one more version: the creation of the next log entry.
 *
 *   build the lines once -> create entry N --MR_OK--> done (checkpoint when due)
 *                              ^    |--MR_EXISTS: somebody was first--> read what they did
 *                              |    |                                    touch us?  MR_EXISTS
 *                              |    |                                    else N = next free
 *                              +----'--no answer--> is entry N ours, by its id? done : as above
 *
 * Called by:  whoever writes tables; one thread a handle.
 * Invariants: an entry is only created behind one that was read; what is created was judged against
 *             every version since the base.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/random.h"
#include "lake/delta_log.h"
#include "lake/delta_path.h"

enum {
    commit_attempts_max = 1000,
    commit_attempts_eager = 4, /* without a wait; each loss is somebody's progress */
    commit_wait_ms_max = 20,
    commit_unanswered_max = 8,
    commit_base_age_ms_max = 600000, /* older ones are asked for before they are built upon */
    transaction_bytes = 33,
};

typedef struct committing {
    mr_delta_table *table;
    const mr_delta_snapshot *base; /* NULL: a new table */
    const mr_delta_commit *commit;
    char transaction[transaction_bytes];
    mr_buffer lines;
    int64_t version;      /* to be tried next */
    int64_t *txns;        /* what each of ours stands at, as far as was read */
    const char **removes; /* sorted */
    int64_t winner;       /* being read */
    bool ours;            /* it turned out to be our own */
} committing;

/* --- Checks before ---------------------------------------------------------------------------- */

static bool property_is_true(const mr_delta_meta *meta, const char *key)
{
    const char *value = mr_delta_meta_property(meta, key);

    return value != NULL && mr_text_equal_ignoring_case(mr_text_of(value), mr_text_of("true"));
}

static mr_status check_writable(const committing *self, mr_err *err)
{
    const mr_delta_view *view = &self->base->view;
    const char *path = self->table->path;

    if (view->protocol.writer_version > mr_delta_writer_version) {
        return mr_fail(err, MR_UNSUPPORTED,
                       "table %s asks for writer version %d; this program writes version %d", path,
                       view->protocol.writer_version, mr_delta_writer_version);
    }
    if (view->meta->checks_invariants) {
        return mr_fail(err, MR_UNSUPPORTED, "table %s has invariants (delta.invariants)", path);
    }
    if (self->commit->remove_count > 0 && self->commit->data_change &&
        property_is_true(view->meta, "delta.appendOnly")) {
        return mr_fail(err, MR_INVALID, "table %s is for appending only (delta.appendOnly)", path);
    }
    return MR_OK;
}

static mr_status moved(const committing *self, size_t txn, mr_err *err)
{
    return mr_fail(err, MR_EXISTS,
                   "commit to %s: %s stands at %" PRId64 " and not at %" PRId64
                   ": another writer was first",
                   self->table->path, self->commit->txns[txn].app_id, self->txns[txn],
                   self->commit->txns_expected[txn]);
}

static mr_status check_txns(committing *self, mr_err *err)
{
    const mr_delta_commit *commit = self->commit;

    for (size_t i = 0; i < commit->txn_count; i++) {
        self->txns[i] =
            self->base != NULL ? mr_delta_txn_version(self->base, commit->txns[i].app_id) : -1;
        if (commit->txns_expected != NULL && self->txns[i] != commit->txns_expected[i]) {
            return moved(self, i, err);
        }
    }
    return MR_OK;
}

/* A base that is so old that its entry may be cleaned up would let us write into the past. */
static mr_status check_base_age(const committing *self, mr_err *err)
{
    char name[mr_delta_name_bytes_max];
    mr_blob blob;

    if (mr_monotonic_us() / 1000 - self->base->taken_ms < commit_base_age_ms_max) {
        return MR_OK;
    }
    mr_delta_log_entry_name(self->table, self->base->view.version, name);
    mr_status status = mr_blob_find(self->table->blobs, name, &blob, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_EXISTS, "commit to %s: version %" PRId64 " is too old to build upon",
                       self->table->path, self->base->view.version);
    }
    return status;
}

static mr_status check_commit(committing *self, mr_err *err)
{
    const mr_delta_commit *commit = self->commit;
    mr_status status = MR_OK;

    MR_ASSERT(commit->operation != NULL);
    if (self->base == NULL && commit->schema == NULL) {
        return mr_fail(err, MR_INVALID, "commit to %s: a new table needs a schema",
                       self->table->path);
    }
    if (commit->schema != NULL) {
        status = mr_delta_schema_check(commit->schema, err);
    }
    if (status == MR_OK && self->base != NULL) {
        status = check_writable(self, err);
    }
    if (status == MR_OK && self->base != NULL) {
        status = check_base_age(self, err);
    }
    for (size_t i = 0; i < commit->add_count && status == MR_OK; i++) {
        if (!mr_delta_path_is_local(commit->adds[i].path)) {
            status = mr_fail(err, MR_INVALID, "commit to %s: the path %.200s leaves the table",
                             self->table->path, commit->adds[i].path);
        }
    }
    return status == MR_OK ? check_txns(self, err) : status;
}

/* --- The lines -------------------------------------------------------------------------------- */

static const mr_delta_schema *schema_of(const committing *self)
{
    return self->commit->schema != NULL ? self->commit->schema : &self->base->view.meta->schema;
}

static mr_status put_info(committing *self, mr_err *err)
{
    const mr_delta_commit *commit = self->commit;
    mr_delta_info_write info = {.operation = commit->operation,
                                .transaction = self->transaction,
                                .blind_append = commit->append_only && commit->remove_count == 0};
    mr_buffer metrics;
    mr_status status = MR_OK;

    mr_buffer_init(&metrics, mr_delta_meta_bytes_max);
    if (commit->info != NULL) {
        status = mr_delta_write_metrics(commit->info, &metrics, err);
        info.metrics = metrics.data;
    }
    if (status == MR_OK) {
        (void)mr_delta_write_info(&info, &self->lines);
    }
    mr_buffer_free(&metrics);
    return status;
}

static void put_meta(committing *self)
{
    const mr_delta_commit *commit = self->commit;
    const mr_delta_meta_write meta = {
        .schema = schema_of(self),
        .old = self->base != NULL ? self->base->view.meta : NULL,
        .properties = commit->properties,
    };
    bool same = commit->schema == NULL ||
                (meta.old != NULL && mr_delta_schema_equal(commit->schema, &meta.old->schema));

    if (self->base == NULL) {
        (void)mr_delta_write_protocol(&self->lines);
    }
    if (!same || commit->properties != NULL) {
        (void)mr_delta_write_meta(&meta, &self->lines);
    }
}

static mr_status put_lines(committing *self, mr_err *err)
{
    const mr_delta_commit *commit = self->commit;
    int64_t now = mr_now_ms();
    mr_status status = put_info(self, err);

    if (status != MR_OK) {
        return status;
    }
    put_meta(self);
    for (size_t i = 0; i < commit->txn_count; i++) {
        (void)mr_delta_write_txn(&commit->txns[i], &self->lines);
    }
    for (size_t i = 0; i < commit->remove_count; i++) {
        (void)mr_delta_write_remove(&commit->removes[i], schema_of(self), now, commit->data_change,
                                    &self->lines);
    }
    for (size_t i = 0; i < commit->add_count; i++) {
        mr_delta_file file = commit->adds[i];
        file.data_change = commit->data_change;
        (void)mr_delta_write_add(&file, schema_of(self), &self->lines);
    }
    return self->lines.overflowed
               ? mr_fail(err, MR_LIMIT, "commit to %s: its log entry would be over %d bytes",
                         self->table->path, mr_delta_entry_bytes_max)
               : MR_OK;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_removes(committing *self)
{
    size_t count = self->commit->remove_count;

    self->removes = mr_alloc((count + 1) * sizeof *self->removes);
    for (size_t i = 0; i < count; i++) {
        self->removes[i] = self->commit->removes[i].path;
    }
    if (count > 1) {
        qsort(self->removes, count, sizeof *self->removes, compare_paths);
    }
}

/* --- Those who were first --------------------------------------------------------------------- */

static mr_status lost(const committing *self, const char *why, mr_err *err)
{
    return mr_fail(err, MR_EXISTS, "commit to %s: version %" PRId64 " %s", self->table->path,
                   self->winner, why);
}

static mr_status judge_file(const committing *self, const mr_delta_action *action, mr_err *err)
{
    const char *path = action->file.path;
    const mr_delta_commit *commit = self->commit;

    if (action->kind == MR_DELTA_REMOVE && commit->remove_count > 0 &&
        bsearch(&path, self->removes, commit->remove_count, sizeof *self->removes, compare_paths) !=
            NULL) {
        return lost(self, "removed a file that this commit removes", err);
    }
    if (commit->data_change && !commit->append_only && action->file.data_change) {
        return lost(self, "changed rows that this commit has read", err);
    }
    return MR_OK;
}

static mr_status judge_txn(committing *self, const mr_delta_txn *txn, mr_err *err)
{
    const mr_delta_commit *commit = self->commit;

    for (size_t i = 0; i < commit->txn_count && commit->txns_expected != NULL; i++) {
        if (strcmp(commit->txns[i].app_id, txn->app_id) == 0) {
            self->txns[i] = txn->version;
            if (txn->version != commit->txns_expected[i]) {
                return moved(self, i, err);
            }
        }
    }
    return MR_OK;
}

static mr_status judge(void *ctx, const mr_delta_action *action, mr_err *err)
{
    committing *self = ctx;

    if (self->ours) {
        return MR_OK;
    }
    switch (action->kind) {
    case MR_DELTA_ADD:
    case MR_DELTA_REMOVE:
        return judge_file(self, action, err);
    case MR_DELTA_TXN:
        return judge_txn(self, &action->txn, err);
    case MR_DELTA_METADATA:
        return lost(self, "changed the table's schema or properties", err);
    case MR_DELTA_PROTOCOL:
        return lost(self, "changed the table's protocol", err);
    case MR_DELTA_COMMIT_INFO:
    case MR_DELTA_OTHER:
        break;
    }
    return MR_OK;
}

static mr_status look_for_us(void *ctx, const mr_delta_action *action, mr_err *err)
{
    committing *self = ctx;

    (void)err; /* looking cannot fail */
    if (action->kind == MR_DELTA_COMMIT_INFO && action->info.transaction != NULL &&
        strcmp(action->info.transaction, self->transaction) == 0) {
        self->ours = true;
    }
    return MR_OK;
}

/* Reads what is there from the version that was to be ours; leaves the next free one. */
static mr_status judge_winners(committing *self, mr_err *err)
{
    mr_delta_meta *meta = self->base != NULL ? self->base->view.meta : NULL;
    mr_status status = MR_OK;

    while (status == MR_OK) {
        self->winner = self->version;
        status = mr_delta_log_visit(self->table, self->version, meta, judge, self, err);
        if (status == MR_OK) {
            self->version++;
        }
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

/* --- Trying ----------------------------------------------------------------------------------- */

/* Several that lose again and again go apart. */
static void wait_a_little(int attempt)
{
    uint64_t random;

    if (attempt < commit_attempts_eager) {
        return;
    }
    mr_random_secret(&random, sizeof random);
    int limit = attempt < commit_wait_ms_max ? attempt : commit_wait_ms_max;
    (void)poll(NULL, 0, (int)(random % (uint64_t)limit) + 1);
}

/* The put got no answer: whose is the entry? Sets `ours`. MR_NOT_FOUND: nobody's. */
static mr_status settle(committing *self, mr_err *err)
{
    mr_status status = mr_delta_log_visit(self->table, self->version, NULL, look_for_us, self, err);

    if (status == MR_OK && self->ours) {
        /* It is there; what was in doubt may be whether it lasts. */
        status = mr_blobs_sync(self->table->blobs, err);
        if (status != MR_OK) {
            return mr_fail(err, MR_UNKNOWN_OUTCOME,
                           "commit to %s: version %" PRId64 " is written, but may not outlast a "
                           "power cut",
                           self->table->path, self->version);
        }
    }
    return status;
}

static mr_status try_once(committing *self, mr_err *err)
{
    char name[mr_delta_name_bytes_max];

    mr_delta_log_entry_name(self->table, self->version, name);
    mr_status status = mr_blob_create(self->table->blobs, name, mr_buffer_text(&self->lines), err);
    for (int i = 0; status == MR_UNKNOWN_OUTCOME && i < commit_unanswered_max; i++) {
        status = settle(self, err);
        if (status == MR_OK) {
            return self->ours ? MR_OK : mr_fail(err, MR_EXISTS, "%s is another's", name);
        }
        if (status == MR_NOT_FOUND) {
            status = mr_blob_create(self->table->blobs, name, mr_buffer_text(&self->lines), err);
            if (status == MR_EXISTS) { /* the first put may have landed meanwhile */
                status = MR_UNKNOWN_OUTCOME;
            }
        } else if (status != MR_UNKNOWN_OUTCOME) {
            (void)mr_fail_in(err, status, "commit to %s: whether %s is ours", self->table->path,
                             name);
            return err != NULL ? mr_fail(err, MR_UNKNOWN_OUTCOME, "%s", err->message)
                               : MR_UNKNOWN_OUTCOME;
        }
    }
    return status;
}

static mr_status try_versions(committing *self, mr_err *err)
{
    mr_status status = MR_OK;

    for (int attempt = 0; attempt < commit_attempts_max; attempt++) {
        status = try_once(self, err);
        if (status != MR_EXISTS) {
            return status;
        }
        if (self->base == NULL) {
            return mr_fail(err, MR_EXISTS, "create table %s: it exists already", self->table->path);
        }
        status = judge_winners(self, err);
        if (status != MR_OK) {
            return status;
        }
        wait_a_little(attempt);
    }
    return mr_fail(err, MR_UNAVAILABLE, "commit to %s: other writers were first %d times in a row",
                   self->table->path, commit_attempts_max);
}

mr_status mr_delta_commit_to(mr_delta_table *table, const mr_delta_snapshot *base,
                             const mr_delta_commit *commit, int64_t *ret_version, mr_err *err)
{
    uint8_t random[(transaction_bytes - 1) / 2];
    committing self = {.table = table,
                       .base = base,
                       .commit = commit,
                       .version = base != NULL ? base->view.version + 1 : 0,
                       .txns = mr_alloc_zero(commit->txn_count, sizeof *self.txns)};

    mr_random_secret(random, sizeof random);
    mr_hex_encode(random, sizeof random, self.transaction);
    mr_buffer_init(&self.lines, mr_delta_entry_bytes_max);
    sort_removes(&self);
    mr_status status = check_commit(&self, err);
    if (status == MR_OK) {
        status = put_lines(&self, err);
    }
    /* What the handle knows to be taken need not be tried. */
    if (status == MR_OK && base != NULL && table->head != NULL &&
        table->head->view.version >= self.version) {
        status = judge_winners(&self, err);
    }
    if (status == MR_OK) {
        status = try_versions(&self, err);
    }
    if (status == MR_OK) {
        *ret_version = self.version;
        if (base != NULL) {
            mr_delta_checkpoint_when_due(table, base->view.meta, self.version);
        }
    }
    mr_buffer_free(&self.lines);
    free(self.removes);
    free(self.txns);
    return status;
}
