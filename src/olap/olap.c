/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap.c - databases and connections: DuckDB in memory, bounded, without extensions.
 *
 * Owns:    the database, its folder of temporary files, its watcher (olap_watch.c).
 * Not here: the engine's library (olap_library.c), statements (olap_query.c), rows (olap_result.c,
 * olap_appender.c).
 */
#include "olap/olap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "olap/olap_private.h"

static const uint64_t memory_bytes_default = (uint64_t)512 << 20;
static const uint64_t temp_bytes_default = (uint64_t)64 << 30;

enum { setup_bytes_max = 1 << 20 };

static void set(duckdb_config config, const char *name, const char *value)
{
    /* Names and forms are constants of this file: a wrong one is a mistake here. */
    MR_ASSERT(mr_duckdb.set_config(config, name, value) == DuckDBSuccess);
}

static void set_number(duckdb_config config, const char *name, uint64_t value, const char *unit)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%" PRIu64 "%s", value, unit);
    set(config, name, text);
}

static duckdb_config make_config(const mr_olap_options *options, const char *temp_folder)
{
    const uint64_t memory = options->memory_bytes_max;
    duckdb_config config = NULL;

    MR_ASSERT(mr_duckdb.create_config(&config) == DuckDBSuccess);
    set_number(config, "memory_limit", memory > 0 ? memory : memory_bytes_default, "B");
    if (options->threads > 0) {
        set_number(config, "threads", options->threads, "");
    }
    set(config, "temp_directory", temp_folder != NULL ? temp_folder : "");
    set(config, "preserve_insertion_order", options->preserve_order ? "true" : "false");
    set(config, "autoinstall_known_extensions", "false");
    set(config, "autoload_known_extensions", "false");
    set(config, "allow_community_extensions", "false");
    set(config, "allow_persistent_secrets", "false");
    return config;
}

/* Runs SQL of our own on a connection that lives no longer. */
static mr_status run_once(mr_olap *olap, const char *sql, mr_err *err)
{
    mr_olap_connection *connection = NULL;
    mr_status status = mr_olap_connect(olap, &connection, err);

    if (status == MR_OK) {
        status = mr_olap_run(connection, sql, err);
    }
    mr_olap_disconnect(connection);
    return status;
}

/* What the engine takes only once it runs: given before, the limit of the folder is forgotten. */
static mr_status set_up(mr_olap *olap, const mr_olap_options *options, mr_err *err)
{
    const uint64_t temp = options->temp_bytes_max;
    char sql[128];

    (void)snprintf(sql, sizeof sql,
                   "SET GLOBAL TimeZone = 'UTC'; SET GLOBAL max_temp_directory_size = '%" PRIu64
                   "B'",
                   temp > 0 ? temp : temp_bytes_default);
    return run_once(olap, sql, err);
}

mr_status mr_olap_open(const mr_olap_options *options, mr_olap **ret_olap, mr_err *err)
{
    mr_olap *olap = mr_alloc_zero(1, sizeof *olap);
    duckdb_config config;
    char *message = NULL;
    mr_status status = mr_olap_library_load(err);

    if (status == MR_OK && options->temp_folder != NULL) {
        status = mr_olap_temp_open(options->temp_folder, &olap->temp, err);
    }
    if (status != MR_OK) {
        free(olap);
        return status;
    }
    config = make_config(options, olap->temp.folder);
    if (mr_duckdb.open_ext(NULL, &olap->database, config, &message) != DuckDBSuccess) {
        status = mr_olap_fail(NULL, DUCKDB_ERROR_INVALID, message, err);
    }
    mr_duckdb.destroy_config(&config);
    mr_duckdb.free(message);
    if (status != MR_OK) {
        mr_olap_temp_close(&olap->temp);
        free(olap);
        return mr_fail_in(err, status, "open the engine");
    }
    mr_olap_watch_start(olap);
    status = set_up(olap, options, err);
    if (status != MR_OK) {
        mr_olap_close(olap);
        return status;
    }
    *ret_olap = olap;
    return MR_OK;
}

void mr_olap_close(mr_olap *olap)
{
    if (olap == NULL) {
        return;
    }
    mr_olap_watch_stop(olap);
    mr_duckdb.close(&olap->database);
    mr_olap_temp_close(&olap->temp);
    free(olap);
}

mr_status mr_olap_harden(mr_olap *olap, const char *const *folders, mr_err *err)
{
    mr_buffer sql;
    bool good;
    mr_status status;

    mr_buffer_init(&sql, setup_bytes_max);
    good = mr_buffer_append_string(&sql, "SET GLOBAL allowed_directories = [");
    for (size_t index = 0; folders[index] != NULL; index++) {
        good = good && mr_buffer_append_string(&sql, index > 0 ? ", " : "") &&
               mr_olap_quote_text(&sql, mr_text_of(folders[index]));
    }
    /* The lock is last: it refuses every SET behind it. */
    good = good &&
           mr_buffer_append_string(&sql, "]; SET GLOBAL enable_external_access = false;"
                                         " SET GLOBAL lock_configuration = true") &&
           mr_buffer_append(&sql, "", 1);
    status = good ? run_once(olap, sql.data, err)
                  : mr_fail(err, MR_LIMIT, "too many folders to open the engine to");
    mr_buffer_free(&sql);
    return status;
}

mr_status mr_olap_connect(mr_olap *olap, mr_olap_connection **ret_connection, mr_err *err)
{
    mr_olap_connection *connection = mr_alloc_zero(1, sizeof *connection);

    connection->olap = olap;
    if (mr_duckdb.connect(olap->database, &connection->handle) != DuckDBSuccess) {
        free(connection);
        return mr_fail(err, MR_IO, "the engine refuses a connection");
    }
    mr_olap_watch_add(connection);
    *ret_connection = connection;
    return MR_OK;
}

void mr_olap_disconnect(mr_olap_connection *connection)
{
    if (connection == NULL) {
        return;
    }
    mr_olap_watch_remove(connection);
    mr_duckdb.disconnect(&connection->handle);
    free(connection);
}
