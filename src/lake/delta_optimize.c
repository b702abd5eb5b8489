/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_optimize.c - gathers small files into larger ones.
 *
 * With tiers a file's class is the power of `files_min` that its rows reach, and only classes with
 * `files_min` files are gathered: what comes out is a class higher, so that a row is rewritten at
 * most as often as there are classes.
 *
 * Called by:  upkeep and people; one thread a table handle and connection.
 * Invariants: rows in = rows out, and the sum that was noted on the files stays what it was: else
 *             nothing is committed. Another writer who was first keeps what he did.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "lake/delta_write.h"

enum {
    optimize_files_max = 4096,  /* of one commit; the others are for the next run */
    optimize_bytes_factor = 16, /* times the target: of one commit */
    optimize_column_bytes_max = 512,
};

typedef struct small_file {
    const mr_delta_file *file;
    unsigned class;
} small_file;

typedef struct optimizing {
    mr_delta_table *table;
    mr_olap_connection *connection;
    mr_delta_optimize_options options; /* with what 0 stands for */
    const mr_delta_snapshot *base;
    mr_delta_optimize_report report;
} optimizing;

/* What is gathered in one commit. */
typedef struct gathering {
    const mr_delta_file **files;
    size_t count;
    uint64_t bytes;
    int64_t rows; /* -1: a file does not say */
    bool summed;  /* every file has its sum, of one column */
    mr_amount sum;
    char column[optimize_column_bytes_max];
} gathering;

/* --- Choosing --------------------------------------------------------------------------------- */

static unsigned class_of(const optimizing *self, const mr_delta_file *file)
{
    uint64_t size = file->rows >= 0 ? (uint64_t)file->rows : file->bytes / 64;
    unsigned class = 0;

    for (; self->options.tiers && size >= self->options.files_min;
         size /= self->options.files_min) {
        class ++;
    }
    return class;
}

static int compare_partitions(const mr_delta_file *left, const mr_delta_file *right)
{
    int order = 0;

    for (size_t i = 0; i < mr_delta_partitions_max && order == 0; i++) {
        const char *x = left->partition_values[i];
        const char *y = right->partition_values[i];
        order = x == NULL || y == NULL ? (x != NULL) - (y != NULL) : strcmp(x, y);
    }
    return order;
}

static int compare_small(const void *a, const void *b)
{
    const small_file *left = a;
    const small_file *right = b;
    int order = compare_partitions(left->file, right->file);

    if (order == 0 && left->class != right->class) {
        order = left->class < right->class ? -1 : 1;
    }
    return order != 0 ? order : strcmp(left->file->path, right->file->path);
}

static small_file *choose_small(const optimizing *self, size_t *ret_count)
{
    size_t count = mr_delta_file_count(self->base);
    small_file *list = mr_alloc((count + 1) * sizeof *list);
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        const mr_delta_file *file = mr_delta_file_at(self->base, i);
        if (file->bytes < self->options.file_bytes_small) {
            list[used++] = (small_file){file, class_of(self, file)};
        }
    }
    if (used > 1) {
        qsort(list, used, sizeof *list, compare_small);
    }
    *ret_count = used;
    return list;
}

/* --- Gathering -------------------------------------------------------------------------------- */

static bool text_tag(const mr_delta_file *file, const char *key, char *text, size_t bytes)
{
    mr_buffer value;

    mr_buffer_init(&value, bytes - 1);
    bool found = mr_delta_tag(file, key, &value);
    (void)snprintf(text, bytes, "%.*s", found ? (int)value.bytes : 0,
                   value.data != NULL ? value.data : "");
    mr_buffer_free(&value);
    return found;
}

static void add_sum(gathering *of, const mr_delta_file *file)
{
    char sum[64];
    char column[optimize_column_bytes_max];
    mr_amount amount = {0};
    bool found = text_tag(file, "sum", sum, sizeof sum) &&
                 text_tag(file, "sum.column", column, sizeof column) &&
                 mr_amount_parse(mr_text_of(sum), &amount);

    if (of->count == 1) {
        of->summed = found;
        (void)snprintf(of->column, sizeof of->column, "%s", found ? column : "");
    }
    of->summed = of->summed && found && strcmp(of->column, column) == 0;
    of->sum = mr_amount_add(of->sum, amount);
}

static void add_file(gathering *of, const mr_delta_file *file)
{
    of->files[of->count++] = file;
    of->bytes += file->bytes;
    of->rows = of->rows < 0 || file->rows < 0 ? -1 : of->rows + file->rows;
    add_sum(of, file);
}

static mr_status check_written(const gathering *of, const mr_delta_files *files, mr_err *err)
{
    const mr_delta_file *list = mr_delta_files_list(files);
    gathering out = {.files = mr_alloc((mr_delta_files_count(files) + 1) * sizeof *out.files)};
    bool same = of->rows < 0 || of->rows == mr_delta_files_rows(files);

    for (size_t i = 0; i < mr_delta_files_count(files); i++) {
        add_file(&out, &list[i]);
    }
    same = same && (!of->summed || of->sum.scaled == out.sum.scaled);
    free(out.files);
    if (!same) {
        return mr_fail(err, MR_CORRUPT,
                       "%zu files with %" PRId64 " rows by the log gave %" PRId64
                       " rows, or another sum: the files are not what was committed",
                       of->count, of->rows, mr_delta_files_rows(files));
    }
    return MR_OK;
}

static mr_status write_gathered(optimizing *self, const gathering *of, mr_delta_files **ret_files,
                                mr_err *err)
{
    mr_delta_write write = {.schema = mr_delta_schema_of(self->base),
                            .file_bytes_target = self->options.file_bytes_target,
                            .order = self->options.order,
                            .sum_column = of->summed ? of->column : NULL,
                            .tag = "kept",
                            .partition_values = of->files[0]->partition_values};
    mr_buffer sql;

    mr_buffer_init(&sql, mr_delta_sql_bytes_max);
    (void)mr_buffer_append_string(&sql, "SELECT * FROM ");
    mr_status status = mr_delta_relation(self->table, self->base, of->files, of->count, &sql, err);
    if (status == MR_OK && !mr_buffer_append(&sql, "", 1)) {
        status = mr_fail(err, MR_LIMIT, "the query is over %d bytes", mr_delta_sql_bytes_max);
    }
    if (status == MR_OK) {
        write.select = sql.data;
        status = mr_delta_write_rows(self->table, self->connection, &write, ret_files, err);
    }
    mr_buffer_free(&sql);
    return status;
}

static mr_status commit_gathered(optimizing *self, const gathering *of, const mr_delta_files *files,
                                 mr_err *err)
{
    mr_delta_file *removes = mr_alloc(of->count * sizeof *removes);
    char info[200];
    mr_delta_commit commit = {.operation = "OPTIMIZE",
                              .info = info,
                              .adds = mr_delta_files_list(files),
                              .add_count = mr_delta_files_count(files),
                              .removes = removes,
                              .remove_count = of->count};

    (void)snprintf(info, sizeof info,
                   "{\"numAddedFiles\":\"%zu\",\"numRemovedFiles\":\"%zu\","
                   "\"numRemovedBytes\":\"%" PRIu64 "\"}",
                   commit.add_count, of->count, of->bytes);
    for (size_t i = 0; i < of->count; i++) {
        removes[i] = *of->files[i];
    }
    mr_status status =
        mr_delta_commit_to(self->table, self->base, &commit, &self->report.version, err);
    free(removes);
    return status;
}

static void count_gathered(optimizing *self, const gathering *of, const mr_delta_files *files)
{
    const mr_delta_file *list = mr_delta_files_list(files);

    self->report.files_before += of->count;
    self->report.bytes_before += of->bytes;
    self->report.files_after += mr_delta_files_count(files);
    for (size_t i = 0; i < mr_delta_files_count(files); i++) {
        self->report.bytes_after += list[i].bytes;
    }
}

static mr_status gather(optimizing *self, const gathering *of, mr_err *err)
{
    mr_delta_files *files = NULL;
    mr_status status = write_gathered(self, of, &files, err);

    if (status != MR_OK) {
        return status;
    }
    status = check_written(of, files, err);
    if (status == MR_OK) {
        status = commit_gathered(self, of, files, err);
    }
    if (status == MR_OK) {
        count_gathered(self, of, files);
    } else if (status != MR_UNKNOWN_OUTCOME) {
        mr_delta_files_discard(self->table, files);
    }
    mr_delta_files_free(files);
    return status == MR_EXISTS ? MR_OK : status; /* another writer was here: the next time */
}

/* --- Partitions ------------------------------------------------------------------------------- */

static size_t class_end(const small_file *list, size_t first, size_t end)
{
    size_t at = first;

    while (at < end && list[at].class == list[first].class) {
        at++;
    }
    return at;
}

/* Those of one partition: [first, end). */
static mr_status optimize_partition(optimizing *self, const small_file *list, size_t first,
                                    size_t end, mr_err *err)
{
    uint64_t bytes_max = self->options.file_bytes_target * optimize_bytes_factor;
    gathering of = {.files = mr_alloc((end - first) * sizeof *of.files)};
    mr_status status = MR_OK;

    while (first < end) {
        size_t next = class_end(list, first, end);
        for (size_t i = first; i < next && next - first >= self->options.files_min; i++) {
            if (of.count < optimize_files_max && of.bytes < bytes_max) {
                add_file(&of, list[i].file);
            }
        }
        first = next;
    }
    if (of.count >= 2) {
        status = gather(self, &of, err);
    }
    free(of.files);
    return status;
}

static mr_delta_optimize_options complete(const mr_delta_optimize_options *given)
{
    mr_delta_optimize_options options = *given;

    if (options.file_bytes_target == 0) {
        options.file_bytes_target = MR_DELTA_FILE_BYTES_TARGET;
    }
    if (options.file_bytes_small == 0) {
        options.file_bytes_small = options.file_bytes_target / 2;
    }
    if (options.files_min < 2) {
        options.files_min = 2;
    }
    return options;
}

mr_status mr_delta_optimize(mr_delta_table *table, mr_olap_connection *connection,
                            const mr_delta_optimize_options *options,
                            mr_delta_optimize_report *ret_report, mr_err *err)
{
    optimizing self = {.table = table,
                       .connection = connection,
                       .options = complete(options),
                       .report = {.version = -1}};
    mr_delta_snapshot *base = NULL;
    size_t count = 0;
    mr_status status = mr_delta_read(table, &base, err);

    if (status != MR_OK) {
        return status;
    }
    self.base = base;
    small_file *list = choose_small(&self, &count);
    for (size_t first = 0; first < count && status == MR_OK;) {
        size_t end = first + 1;
        while (end < count && compare_partitions(list[first].file, list[end].file) == 0) {
            end++;
        }
        status = optimize_partition(&self, list, first, end, err);
        first = end;
    }
    free(list);
    mr_delta_snapshot_free(base);
    if (status == MR_OK) {
        *ret_report = self.report;
        return MR_OK;
    }
    return mr_fail_in(err, status, "optimize table %s", table->path);
}
