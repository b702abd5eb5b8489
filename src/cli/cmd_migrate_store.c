/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_migrate_store.c - `millrace migrate-store FROM TO`: moves an installation's store to
 * another kind, with progress and a check at the end.
 *
 * Not here: the copy itself (store/store_copy.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/settings.h"
#include "store/store_copy.h"

typedef struct migration {
    mr_progress *progress; /* of copying, then of checking */
    bool checking;
    bool quiet;
} migration;

static void show_progress(void *ctx, uint64_t rows, uint64_t rows_expected, bool checking)
{
    migration *m = ctx;
    FILE *stream = m->quiet ? NULL : stderr;

    if (m->progress == NULL || m->checking != checking) {
        mr_progress_finish(m->progress);
        m->progress =
            mr_progress_create(checking ? "check" : "copy", rows_expected, "rows", stream);
        m->checking = checking;
    }
    mr_progress_update(m->progress, rows < rows_expected ? rows : rows_expected, NULL);
}

static void print_json(const mr_store_copied *copied, int64_t took_us)
{
    char sales[mr_amount_text_bytes_max], cancelled[mr_amount_text_bytes_max];
    const mr_store_totals *totals = &copied->totals;

    mr_amount_format(totals->sales, 0, sales);
    mr_amount_format(totals->cancelled, 0, cancelled);
    (void)printf("{\"rows\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"invoices\":%" PRIu64
                 ",\"cancelled_invoices\":%" PRIu64 ",\"customers\":%" PRIu64
                 ",\"products\":%" PRIu64 ",\"countries\":%" PRIu64
                 ",\"sales\":\"%s\",\"cancelled\":\"%s\",\"keys\":%" PRIu64
                 ",\"settled_letters\":%" PRIu64 ",\"seconds\":%.3f}\n",
                 copied->rows, totals->lines, totals->invoices, totals->cancelled_invoices,
                 totals->customers, totals->products, totals->countries, sales, cancelled,
                 copied->keys, copied->letters, (double)took_us / 1e6);
}

static void print_text(const mr_store_copied *copied, int64_t took_us)
{
    char a[mr_cli_text_bytes_max], b[mr_cli_text_bytes_max], c[mr_cli_text_bytes_max],
        d[mr_cli_text_bytes_max], e[mr_cli_text_bytes_max];
    const mr_store_totals *totals = &copied->totals;

    (void)printf("Copied and read back %s rows in %s; all are the same.\n",
                 mr_cli_count(copied->rows, a), mr_cli_duration((uint64_t)(took_us / 1000), b));
    (void)printf("  lines %s, invoices %s, cancellations %s, customers %s, products %s\n",
                 mr_cli_count(totals->lines, a), mr_cli_count(totals->invoices, b),
                 mr_cli_count(totals->cancelled_invoices, c), mr_cli_count(totals->customers, d),
                 mr_cli_count(totals->products, e));
    (void)printf("  sales %s, cancelled %s\n", mr_cli_amount(totals->sales, a),
                 mr_cli_amount(totals->cancelled, b));
    (void)printf("  API keys %s, settled dead letters %s\n", mr_cli_count(copied->keys, a),
                 mr_cli_count(copied->letters, b));
    (void)printf(
        "Now stop the processor, set MILLRACE_STORE to the copy, and start it again: it goes "
        "on where\nthe copy was made, and takes what came since from the log.\n");
}

static int migrate(mr_cli *cli, const char *from_url, const char *to_url, bool quiet)
{
    mr_store_options from = mr_settings_store(mr_cli_config(cli), MR_STORE_READ);
    mr_store_options to = from;
    migration m = {.quiet = quiet};
    int64_t start_us = mr_monotonic_us();
    mr_store_copied copied;
    mr_status status;
    mr_err err;

    from.url = from_url;
    to.url = to_url;
    status = mr_store_copy(&from, &to, show_progress, &m, &copied, &err);
    mr_progress_finish(m.progress);
    if (status != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    if (mr_cli_json(cli)) {
        print_json(&copied, mr_monotonic_us() - start_us);
    } else {
        print_text(&copied, mr_monotonic_us() - start_us);
    }
    return MR_EXIT_OK;
}

int mr_cmd_migrate_store(mr_cli *cli, int argc, char **argv)
{
    bool quiet = false;
    const mr_cli_option options[] = {
        {.name = "--quiet", .letter = 'q', .help = "no progress", .ret_switch = &quiet},
    };
    int argument_count, exit_status;
    char **arguments;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count != 2) {
        return mr_cli_usage(cli, "the store to copy from and the one to copy to are needed");
    }
    if (strcmp(arguments[0], arguments[1]) == 0) {
        return mr_cli_usage(cli, "both stores are the same");
    }
    return migrate(cli, arguments[0], arguments[1], quiet);
}
