/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_rejects.h - the file of lines that were not taken: one JSON object a line,
 * {"line": 12, "reason": "Quantity: ...", "raw": "536365,..."}.
 *
 * The file is made when the first line is rejected; a file from an earlier run is then replaced.
 */
#ifndef MR_CLI_CONVERT_REJECTS_H
#define MR_CLI_CONVERT_REJECTS_H

#include "base/memory.h"

typedef struct mr_convert_rejects mr_convert_rejects;

/* path: for "<input>.rejects" of an input give NULL and the input ("-": "stdin.rejects"). */
mr_convert_rejects *mr_convert_rejects_create(const char *path, const char *input);
/* To go on with a file of an earlier run: keeps its first bytes_kept bytes and count_kept entries.
 */
void mr_convert_rejects_resume(mr_convert_rejects *rejects, uint64_t bytes_kept,
                               uint64_t count_kept);
void mr_convert_rejects_destroy(mr_convert_rejects *rejects); /* NULL is fine */

/* raw: any bytes; those that are not UTF-8 are written as Latin-1. */
mr_status mr_convert_rejects_add(mr_convert_rejects *rejects, uint64_t line, mr_text reason,
                                 mr_text raw, mr_err *err);
/* Hands everything to the kernel; after it mr_convert_rejects_bytes is the file's size. */
mr_status mr_convert_rejects_flush(mr_convert_rejects *rejects, mr_err *err);

uint64_t mr_convert_rejects_count(const mr_convert_rejects *rejects);
uint64_t mr_convert_rejects_bytes(const mr_convert_rejects *rejects);
const char *mr_convert_rejects_path(const mr_convert_rejects *rejects);

/* One entry with its line break; also for callers that write it later. */
void mr_convert_rejects_format(uint64_t line, mr_text reason, mr_text raw, mr_buffer *out);
mr_status mr_convert_rejects_add_formatted(mr_convert_rejects *rejects, mr_text entries,
                                           uint64_t count, mr_err *err);

#endif
