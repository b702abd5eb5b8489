/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_report.h - the summary of a run of `millrace post`, for people and for programs. */
#ifndef MR_CLI_POST_REPORT_H
#define MR_CLI_POST_REPORT_H

#include "cli/post_run.h"

typedef struct mr_post_report {
    const char *file;
    const char *outcome; /* "done", "stopped", "gave up", "failed" */
    const char *error;   /* NULL: none */
    const char *rejects_path;
    uint64_t rejects;      /* entries of the file, those of earlier runs too */
    uint64_t resumed_line; /* 0: from the beginning */
    uint64_t next_line;    /* where a later run would go on */
    double seconds;
    const mr_post_counts *counts;
} mr_post_report;

void mr_post_report_text(const mr_post_report *report, mr_buffer *out);
void mr_post_report_json(const mr_post_report *report, mr_buffer *out);

#endif
