/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_sql.c - `millrace sql`: questions to the lake, in SQL.
 *
 * Threads: the command's own, and one that waits for signals: SIGINT and SIGTERM end the query
 * under way, and the process where there is none (or when they come again).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/thread.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/sql_session.h"

typedef struct sql_options {
    const char *query, *file, *format, *output, *limit, *timeout;
} sql_options;

/* --- Signals ---------------------------------------------------------------------------------- */

typedef struct signals {
    sigset_t set;
    pthread_t thread;
    mr_sql_session *session;
    atomic_bool closing;
} signals;

static void *wait_for_signals(void *argument)
{
    signals *s = argument;
    bool stopped = false;
    int number = 0;

    while (sigwait(&s->set, &number) == 0 && !atomic_load(&s->closing)) {
        if (atomic_load(&s->session->busy) && !stopped) {
            mr_olap_interrupt(s->session->lake->connection);
            stopped = isatty(STDIN_FILENO) != 1; /* a terminal may stop query after query */
            continue;
        }
        (void)signal(number, SIG_DFL);
        (void)raise(number);
        (void)pthread_sigmask(SIG_UNBLOCK, &s->set, NULL);
    }
    return NULL;
}

/* Before the engine starts its threads: they must not take the signals. */
static void block_signals(signals *s)
{
    (void)sigemptyset(&s->set);
    (void)sigaddset(&s->set, SIGINT);
    (void)sigaddset(&s->set, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &s->set, NULL);
}

static void start_signals(signals *s, mr_sql_session *session)
{
    s->session = session;
    MR_ASSERT(mr_thread_start(&s->thread, "signals", wait_for_signals, s) == 0);
}

static void stop_signals(signals *s)
{
    atomic_store(&s->closing, true);
    (void)pthread_kill(s->thread, SIGINT);
    (void)pthread_join(s->thread, NULL);
}

/* --- The query -------------------------------------------------------------------------------- */

static mr_status read_stream(int fd, mr_buffer *out, mr_err *err)
{
    enum { step_bytes = 65536 };

    for (;;) {
        char *place = mr_buffer_reserve(out, step_bytes);

        if (place == NULL) {
            return mr_fail(err, MR_LIMIT, "a query has %d bytes at most", mr_sql_bytes_max);
        }
        const ssize_t bytes = read(fd, place, step_bytes);
        if (bytes == 0) {
            return MR_OK;
        }
        if (bytes < 0 && errno != EINTR) {
            return mr_fail_errno(err, errno, "read the query");
        }
        mr_buffer_commit(out, bytes > 0 ? (size_t)bytes : 0);
    }
}

/* From the command line, a file, or standard input. */
static mr_status read_query(const sql_options *options, mr_buffer *out, mr_err *err)
{
    if (options->file != NULL && strcmp(options->file, "-") != 0) {
        return mr_file_read(options->file, out, err);
    }
    if (options->query == NULL || strcmp(options->query, "-") == 0) {
        return read_stream(STDIN_FILENO, out, err);
    }
    return mr_buffer_append_string(out, options->query)
               ? MR_OK
               : mr_fail(err, MR_LIMIT, "a query has %d bytes at most", mr_sql_bytes_max);
}

static mr_status run_query(mr_sql_session *session, const sql_options *options, mr_err *err)
{
    mr_buffer text;
    mr_status status;

    /* Room to read a whole step more than is allowed. */
    mr_buffer_init(&text, mr_sql_bytes_max + 65536);
    status = read_query(options, &text, err);
    if (status == MR_OK) {
        status = mr_sql_session_run_all(session, mr_buffer_text(&text), err);
    }
    if (status == MR_OK) {
        status = mr_sql_output_finish(session->output, err);
    }
    mr_buffer_free(&text);
    return status;
}

static bool is_interactive(const sql_options *options)
{
    return options->query == NULL && options->file == NULL && isatty(STDIN_FILENO) == 1;
}

static mr_sql_lake_options lake_options(const mr_config *config, const char *out_folder)
{
    return (mr_sql_lake_options){
        .lake = mr_settings_lake(config),
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .models = mr_config_text(config, "MILLRACE_MODELS"),
        .out_folder = out_folder,
        .memory_bytes_max = mr_config_bytes(config, "MILLRACE_OLAP_MEMORY"),
        .threads = (uint32_t)mr_config_integer(config, "MILLRACE_OLAP_THREADS"),
    };
}

static int run(mr_sql_session *session, const sql_options *options, uint64_t timeout_ms)
{
    mr_sql_output output = {.stream = NULL};
    signals waiting = {.closing = false};
    mr_err err;
    mr_status status;

    block_signals(&waiting);
    status = mr_sql_output_open(options->output, session->format, &output, &err);
    session->output = &output;
    if (status == MR_OK) {
        const mr_sql_lake_options lake = lake_options(mr_cli_config(session->cli), output.folder);

        status = mr_sql_lake_open(&lake, &session->lake, &err);
    }
    if (status == MR_OK) {
        mr_olap_set_timeout(session->lake->connection, (uint32_t)timeout_ms);
        start_signals(&waiting, session);
        if (is_interactive(options)) {
            mr_sql_shell(session);
            status = mr_sql_output_finish(&output, &err);
        } else {
            status = run_query(session, options, &err);
        }
        stop_signals(&waiting);
    }
    mr_sql_lake_close(session->lake);
    mr_sql_output_close(&output);
    session->output = NULL;
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(session->cli, &err);
}

/* --- The command line ------------------------------------------------------------------------- */

/* What the options ask for; false: it was said what is wrong with them. */
static bool read_options(mr_cli *cli, const sql_options *options, mr_sql_session *session,
                         uint64_t *ret_timeout_ms)
{
    const char *format = options->format != NULL ? options->format
                         : mr_cli_json(cli)      ? "json"
                                                 : "table";

    session->limit = UINT64_MAX;
    *ret_timeout_ms = mr_config_duration_ms(mr_cli_config(cli), "MILLRACE_SQL_TIMEOUT");
    if (!mr_sql_format_parse(format, &session->format)) {
        (void)mr_cli_usage(cli, "--format is '%s': one of %s", format, mr_sql_formats);
        return false;
    }
    if (options->limit != NULL &&
        !mr_parse_uint64(mr_text_of(options->limit), INT64_MAX, &session->limit)) {
        (void)mr_cli_usage(cli, "--limit is '%s': a number of rows", options->limit);
        return false;
    }
    if (options->timeout != NULL &&
        (!mr_parse_duration_ms(mr_text_of(options->timeout), ret_timeout_ms) ||
         *ret_timeout_ms > UINT32_MAX)) {
        (void)mr_cli_usage(cli, "--timeout is '%s': a time as 500ms, 30s or 5m; 0 is no limit",
                           options->timeout);
        return false;
    }
    if (options->query != NULL && options->file != NULL) {
        (void)mr_cli_usage(cli, "a query on the command line and --file at once");
        return false;
    }
    if (session->format == MR_SQL_FORMAT_PARQUET &&
        (options->output == NULL || is_interactive(options))) {
        (void)mr_cli_usage(cli, "--format parquet needs a query, and --output FILE to write to");
        return false;
    }
    return true;
}

int mr_cmd_sql(mr_cli *cli, int argc, char **argv)
{
    sql_options given = {.query = NULL};
    mr_sql_session session = {.cli = cli};
    const mr_cli_option options[] = {
        {.name = "--file",
         .letter = 'f',
         .value_name = "FILE",
         .help = "read the queries from a file; - is standard input",
         .ret_value = &given.file},
        {.name = "--format",
         .value_name = "FORMAT",
         .help = "table (default), csv, json, ndjson, markdown, parquet",
         .ret_value = &given.format},
        {.name = "--output",
         .letter = 'o',
         .value_name = "FILE",
         .help = "write the rows to a file, which is whole or not there",
         .ret_value = &given.output},
        {.name = "--limit",
         .value_name = "N",
         .help = "the first N rows of each query",
         .ret_value = &given.limit},
        {.name = "--timeout",
         .value_name = "TIME",
         .help = "stop a query after this long (MILLRACE_SQL_TIMEOUT); 0: never",
         .ret_value = &given.timeout},
    };
    uint64_t timeout_ms;
    int argument_count, exit_status;
    char **arguments;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 1) {
        return mr_cli_usage(cli, "one query is taken at a time: put it in quotes");
    }
    given.query = argument_count == 1 ? arguments[0] : NULL;
    if (!read_options(cli, &given, &session, &timeout_ms)) {
        return MR_EXIT_USAGE;
    }
    return run(&session, &given, timeout_ms);
}
