/* SPDX-License-Identifier: Apache-2.0 */
/* cli/run_print.c - the lines of `millrace run`. See run_print.h. */
#include "cli/run_print.h"

#include <string.h>

#include "cli/cli.h"

static void print_rows(FILE *out, const mr_model_report *report)
{
    char new_rows[mr_cli_text_bytes_max];
    char changed[mr_cli_text_bytes_max];
    char rows[mr_cli_text_bytes_max];
    char bytes[mr_cli_text_bytes_max];

    (void)fprintf(out, "%11s new", mr_cli_count((uint64_t)report->rows_new, new_rows));
    if (report->rows_changed > 0) {
        (void)fprintf(out, ", %s changed", mr_cli_count((uint64_t)report->rows_changed, changed));
    }
    if (report->rows_known > 0) {
        (void)fprintf(out, ", %s known", mr_cli_count((uint64_t)report->rows_known, changed));
    }
    (void)fprintf(out, "; %s rows", mr_cli_count((uint64_t)report->rows, rows));
    if (report->files_added > 0) {
        (void)fprintf(out, "; %llu file%s, %s", (unsigned long long)report->files_added,
                      report->files_added == 1 ? "" : "s",
                      mr_cli_bytes(report->bytes_added, bytes));
    }
    if (report->full) {
        (void)fprintf(out, "; all of it: %s", report->message);
    }
}

void mr_run_print_model(FILE *out, const mr_model_report *report)
{
    char seconds[mr_cli_text_bytes_max];

    (void)fprintf(out, "%-28s %-8s %8s  ", report->model->name, mr_model_state_name(report->state),
                  mr_cli_duration(report->us / 1000, seconds));
    if (report->state == MR_MODEL_DONE) {
        print_rows(out, report);
    } else {
        (void)fprintf(out, "%s", report->message);
    }
    (void)fputc('\n', out);
}

static void print_balance(FILE *out, const mr_balance *balance)
{
    char left[mr_amount_text_bytes_max];
    char right[mr_amount_text_bytes_max];
    char difference[mr_amount_text_bytes_max];
    int decimals = balance->money ? 2 : 0;

    if (!balance->known) {
        (void)fprintf(out, "  ?      %-46s %s\n", balance->name, balance->note);
        return;
    }
    (void)mr_amount_format(balance->left, decimals, left);
    (void)mr_amount_format(balance->right, decimals, right);
    (void)mr_amount_format(balance->difference, decimals, difference);
    (void)fprintf(out, "  %-6s %-46s %s", balance->holds ? "holds" : "BROKEN", balance->name, left);
    if (balance->difference.scaled != 0) {
        (void)fprintf(out, " and %s: difference %s", right, difference);
    }
    (void)fprintf(out, "%s%s\n", balance->note[0] != '\0' ? "; " : "", balance->note);
}

void mr_run_print_summary(FILE *out, const mr_run_report *report)
{
    char seconds[mr_cli_text_bytes_max];

    (void)fprintf(out, "\n%zu done, %zu skipped, %zu failed, %zu blocked in %s\n", report->done,
                  report->skipped, report->failed, report->blocked,
                  mr_cli_duration(report->us / 1000, seconds));
    (void)fprintf(out, "reconciliation%s\n",
                  report->reconciliation.holds ? "" : ": DOES NOT BALANCE");
    for (size_t i = 0; i < report->reconciliation.count; i++) {
        print_balance(out, &report->reconciliation.balances[i]);
    }
}
