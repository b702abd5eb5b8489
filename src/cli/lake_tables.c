/* SPDX-License-Identifier: Apache-2.0 */
/* cli/lake_tables.c - the lake that the settings name, its tables, and what people call them. */
#include "cli/lake_tables.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "query/settings.h"

enum { named_in_error_max = 24 };

static bool add_path(void *ctx, const char *path)
{
    mr_lake *lake = ctx;

    lake->paths = mr_realloc(lake->paths, (lake->count + 1) * sizeof *lake->paths);
    lake->paths[lake->count++] = mr_copy_string(path);
    return lake->count < mr_lake_tables_max;
}

mr_status mr_lake_open(mr_lake *lake, mr_err *err)
{
    const mr_config *config = mr_cli_config(lake->cli);
    const mr_blobs_options options = mr_settings_lake(config);
    mr_status status = mr_blobs_open(&options, &lake->blobs, err);

    return status == MR_OK ? mr_delta_list(lake->blobs, add_path, lake, err) : status;
}

void mr_lake_close(mr_lake *lake)
{
    for (size_t i = 0; i < lake->count; i++) {
        free(lake->paths[i]);
    }
    free(lake->paths);
    mr_blobs_close(lake->blobs);
}

static bool names(const char *name, const char *path)
{
    const char *last = strrchr(path, '/');
    const size_t bytes = strlen(path);
    bool same = strlen(name) == bytes;

    for (size_t i = 0; i < bytes && same; i++) {
        same = name[i] == path[i] || (name[i] == '.' && path[i] == '/');
    }
    return same || (last != NULL && strcmp(name, last + 1) == 0);
}

static mr_status no_such_table(const mr_lake *lake, const char *name, mr_err *err)
{
    mr_buffer list;

    if (lake->count == 0) {
        return mr_fail(err, MR_NOT_FOUND, "there is no table %s: the lake %s is empty", name,
                       mr_blobs_url(lake->blobs));
    }
    mr_buffer_init(&list, 65536);
    for (size_t i = 0; i < lake->count && i < named_in_error_max; i++) {
        (void)mr_buffer_printf(&list, "%s%s", i > 0 ? ", " : "", lake->paths[i]);
    }
    mr_status status =
        mr_fail(err, MR_NOT_FOUND, "there is no table %s; there are: %.*s%s", name, (int)list.bytes,
                list.data, lake->count > named_in_error_max ? " ..." : "");
    mr_buffer_free(&list);
    return status;
}

mr_status mr_lake_find(const mr_lake *lake, const char *name, const char **ret_path, mr_err *err)
{
    const char *found = NULL;

    for (size_t i = 0; i < lake->count; i++) {
        if (!names(name, lake->paths[i])) {
            continue;
        }
        if (found != NULL) {
            return mr_fail(err, MR_INVALID, "%s may be %s or %s: name its layer too", name, found,
                           lake->paths[i]);
        }
        found = lake->paths[i];
    }
    if (found == NULL) {
        return no_such_table(lake, name, err);
    }
    *ret_path = found;
    return MR_OK;
}

const char *mr_lake_count(int64_t count, char buffer[static mr_cli_text_bytes_max])
{
    return count < 0 ? "-" : mr_cli_count((uint64_t)count, buffer);
}

const char *mr_lake_time(int64_t epoch_ms, char buffer[static mr_cli_text_bytes_max])
{
    char civil[mr_civil_text_bytes_max];

    (void)mr_civil_format_iso((mr_civil){epoch_ms / 1000}, civil);
    (void)snprintf(buffer, mr_cli_text_bytes_max, "%s", civil);
    return buffer;
}
