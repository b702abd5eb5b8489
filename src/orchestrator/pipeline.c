/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/pipeline.c - new data and upkeep; see pipeline.h.
 *
 * Notes in the history:
 *     checked           "<run> <version>"          bronze, as a run saw it when it began
 *     made              "<version> <fingerprint>"  bronze, when a run of all last went well
 *     upkeep:<task>     "<milliseconds>"           when that upkeep was last done
 *
 * Versions are read from the names of the table's log, which says of each commit that it happened:
 * nothing of the lake has to be opened here.
 */
#include "orchestrator/pipeline.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/version.h"

enum {
    version_digits = 20,
    name_bytes_max = 128,
    note_name_bytes_max = 64,
    hour_ms = 3600000,
};

static const char log_folder[] = "bronze/sales_events/_delta_log/";
static const char entry_suffix[] = ".json";

/* --- What models are made with ---------------------------------------------------------------- */

/* The sum of the files' hashes: their order in the folder does not matter. */
static uint64_t hash_models(const char *folder)
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;
    uint64_t sum = 0;

    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        struct stat info;

        if (fstatat(dirfd(listing), entry->d_name, &info, 0) == 0 && entry->d_name[0] != '.') {
            char text[NAME_MAX + 64];
            const int bytes = snprintf(text, sizeof text, "%s %lld %lld.%ld", entry->d_name,
                                       (long long)info.st_size, (long long)info.st_mtim.tv_sec,
                                       info.st_mtim.tv_nsec);

            sum += mr_hash64(text, bytes > 0 ? (size_t)bytes : 0);
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    return sum;
}

static uint64_t hash_layers(const char *models)
{
    static const char *const layers[] = {"", "/silver", "/gold"};
    uint64_t sum = 0;

    for (size_t index = 0; index < sizeof layers / sizeof layers[0]; index++) {
        mr_buffer path;

        mr_buffer_init(&path, PATH_MAX);
        if (mr_buffer_printf(&path, "%s%s", models, layers[index]) &&
            mr_buffer_append(&path, "", 1)) {
            sum += hash_models(path.data);
        }
        mr_buffer_free(&path);
    }
    return sum;
}

void mr_pipeline_open(mr_pipeline *pipeline, mr_runs *runs, mr_blobs *blobs, const char *models)
{
    const bool has_models = models != NULL && models[0] != '\0';

    *pipeline = (mr_pipeline){.runs = runs, .blobs = blobs, .version_seen = -1};
    (void)snprintf(pipeline->fingerprint, sizeof pipeline->fingerprint, "%.20s-%016" PRIx64,
                   mr_version(), has_models ? hash_layers(models) : 0);
}

/* --- Versions --------------------------------------------------------------------------------- */

static bool see_entry(void *ctx, const mr_blob *blob)
{
    mr_pipeline *pipeline = ctx;
    const mr_text name = mr_text_of(blob->name + sizeof log_folder - 1);
    uint64_t version = 0;

    if (name.bytes == version_digits + sizeof entry_suffix - 1 &&
        strcmp(name.data + version_digits, entry_suffix) == 0 &&
        mr_parse_uint64((mr_text){name.data, version_digits}, INT64_MAX, &version) &&
        (int64_t)version > pipeline->version_seen) {
        pipeline->version_seen = (int64_t)version;
    }
    return true;
}

static void entry_name(int64_t version, char name[static name_bytes_max])
{
    (void)snprintf(name, name_bytes_max, "%s%0*" PRId64 "%s", log_folder, version_digits, version,
                   entry_suffix);
}

static mr_status has_entry(mr_pipeline *pipeline, int64_t version, bool *ret_there, mr_err *err)
{
    char name[name_bytes_max];
    mr_blob blob;

    entry_name(version, name);
    mr_status status = mr_blob_find(pipeline->blobs, name, &blob, err);
    *ret_there = status == MR_OK;
    return status == MR_NOT_FOUND ? MR_OK : status;
}

/* A lake elsewhere: a listing of the log costs more the longer it is, an entry's name never. Steps
 * that double, then halves, since the log has no gaps. */
static mr_status probe_entries(mr_pipeline *pipeline, mr_err *err)
{
    int64_t there = pipeline->version_seen;
    int64_t step = 1;
    bool found = true;
    mr_status status = MR_OK;

    while (status == MR_OK && found) {
        status = has_entry(pipeline, there + step, &found, err);
        if (status == MR_OK && found) {
            there += step;
            step *= 2;
        }
    }
    for (step /= 2; status == MR_OK && step > 0; step /= 2) {
        status = has_entry(pipeline, there + step, &found, err);
        there += status == MR_OK && found ? step : 0;
    }
    if (status == MR_OK) {
        pipeline->version_seen = there;
    }
    return status;
}

mr_status mr_pipeline_bronze_version(mr_pipeline *pipeline, int64_t *ret_version, mr_err *err)
{
    char start[name_bytes_max];
    mr_status status;

    if (pipeline->version_seen > 0 && mr_blobs_are_remote(pipeline->blobs)) {
        status = probe_entries(pipeline, err);
    } else {
        entry_name(pipeline->version_seen > 0 ? pipeline->version_seen : 0, start);
        status = mr_blob_list(pipeline->blobs, log_folder, start, see_entry, pipeline, err);
    }
    if (status == MR_OK || status == MR_NOT_FOUND) {
        *ret_version = pipeline->version_seen;
        return MR_OK;
    }
    return status;
}

mr_status mr_pipeline_made_version(mr_pipeline *pipeline, int64_t *ret_version, mr_err *err)
{
    char note[mr_run_note_bytes_max];
    mr_status status = mr_runs_note(pipeline->runs, "made", note, err);
    const size_t bytes = strcspn(note, " ");
    int64_t version = -1;

    if (status != MR_OK) {
        return status;
    }
    if (note[bytes] != ' ' || strcmp(note + bytes + 1, pipeline->fingerprint) != 0 ||
        !mr_parse_int64((mr_text){note, bytes}, &version)) {
        version = -1;
    }
    *ret_version = version;
    return MR_OK;
}

/* --- Conditions ------------------------------------------------------------------------------- */

static mr_status note_checked(mr_pipeline *pipeline, const mr_run *run, int64_t version,
                              mr_err *err)
{
    char note[mr_run_note_bytes_max];

    (void)snprintf(note, sizeof note, "%s %" PRId64, run->id, version);
    return mr_runs_set_note(pipeline->runs, "checked", note, err);
}

static mr_status is_data_new(mr_pipeline *pipeline, const mr_run *run, bool *ret_needed,
                             char ret_reason[static mr_run_reason_bytes_max], mr_err *err)
{
    const bool asked_for = run->kind == MR_RUN_MANUAL || run->kind == MR_RUN_BACKFILL;
    int64_t version = -1, made = -1;
    mr_status status = mr_pipeline_bronze_version(pipeline, &version, err);

    if (status == MR_OK) {
        status = mr_pipeline_made_version(pipeline, &made, err);
    }
    if (status == MR_OK) {
        status = note_checked(pipeline, run, version, err);
    }
    if (status != MR_OK) {
        return status;
    }
    *ret_needed = asked_for || (version >= 0 && version != made);
    if (version < 0) {
        (void)snprintf(ret_reason, mr_run_reason_bytes_max, "bronze holds no data yet");
    } else if (*ret_needed) {
        (void)snprintf(ret_reason, mr_run_reason_bytes_max, "bronze is at version %" PRId64,
                       version);
    } else {
        (void)snprintf(ret_reason, mr_run_reason_bytes_max,
                       "no new data: bronze is still at version %" PRId64
                       ", of which silver and gold were made",
                       version);
    }
    return MR_OK;
}

static void name_upkeep(const char *task, char ret_name[static note_name_bytes_max])
{
    (void)snprintf(ret_name, note_name_bytes_max, "upkeep:%.32s", task);
}

static mr_status is_upkeep_due(mr_pipeline *pipeline, const char *task, int64_t now_ms,
                               bool *ret_needed, char ret_reason[static mr_run_reason_bytes_max],
                               mr_err *err)
{
    char name[note_name_bytes_max], note[mr_run_note_bytes_max];
    int64_t done_ms = 0;
    mr_status status;

    name_upkeep(task, name);
    status = mr_runs_note(pipeline->runs, name, note, err);
    if (status != MR_OK) {
        return status;
    }
    *ret_needed = !mr_parse_int64(mr_text_of(note), &done_ms) || done_ms > now_ms ||
                  now_ms - done_ms >= mr_pipeline_upkeep_hours * (int64_t)hour_ms;
    (void)snprintf(ret_reason, mr_run_reason_bytes_max, "%s",
                   *ret_needed ? "" : "it was done not long ago");
    return MR_OK;
}

mr_status mr_pipeline_condition(mr_pipeline *pipeline, const mr_run *run, const char *task,
                                int64_t now_ms, bool *ret_needed,
                                char ret_reason[static mr_run_reason_bytes_max], mr_err *err)
{
    return strcmp(task, "check-new-data") == 0
               ? is_data_new(pipeline, run, ret_needed, ret_reason, err)
               : is_upkeep_due(pipeline, task, now_ms, ret_needed, ret_reason, err);
}

/* --- After a run ------------------------------------------------------------------------------ */

static mr_status note_made(mr_pipeline *pipeline, const mr_run *run, mr_err *err)
{
    char checked[mr_run_note_bytes_max], made[mr_run_note_bytes_max];
    mr_status status = mr_runs_note(pipeline->runs, "checked", checked, err);
    const size_t bytes = strlen(run->id);

    if (status != MR_OK || strncmp(checked, run->id, bytes) != 0 || checked[bytes] != ' ') {
        return status;
    }
    (void)snprintf(made, sizeof made, "%.24s %s", checked + bytes + 1, pipeline->fingerprint);
    return mr_runs_set_note(pipeline->runs, "made", made, err);
}

static mr_status note_upkeep(mr_pipeline *pipeline, const mr_run_task *task, mr_err *err)
{
    char name[note_name_bytes_max], note[mr_run_note_bytes_max];

    name_upkeep(task->name, name);
    (void)snprintf(note, sizeof note, "%" PRId64, task->ended_ms);
    return mr_runs_set_note(pipeline->runs, name, note, err);
}

mr_status mr_pipeline_ended(mr_pipeline *pipeline, const mr_run *run, const mr_run_task *tasks,
                            size_t count, mr_err *err)
{
    const bool well = run->state == MR_RUN_SUCCESS || run->state == MR_RUN_SKIPPED;
    mr_status status = MR_OK;

    if (well && strcmp(run->target, "all") == 0 && run->date[0] == '\0') {
        status = note_made(pipeline, run, err);
    }
    for (size_t index = 0; index < count && status == MR_OK; index++) {
        if (tasks[index].state == MR_TASK_SUCCESS && (strcmp(tasks[index].name, "optimize") == 0 ||
                                                      strcmp(tasks[index].name, "vacuum") == 0)) {
            status = note_upkeep(pipeline, &tasks[index], err);
        }
    }
    return status;
}
