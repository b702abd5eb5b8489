/* SPDX-License-Identifier: Apache-2.0 */
/* cli/run_print.h - what `millrace run` tells people: a line a model, then the books. */
#ifndef MR_CLI_RUN_PRINT_H
#define MR_CLI_RUN_PRINT_H

#include <stdio.h>

#include "medallion/medallion.h"

/* The line of a model that has ended. */
void mr_run_print_model(FILE *out, const mr_model_report *report);
/* Totals, and what the reconciliation found. */
void mr_run_print_summary(FILE *out, const mr_run_report *report);

#endif
