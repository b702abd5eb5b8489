/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales.h - the dashboard's engine: gold's lines in memory, kept up in the background, and
 * the answers given last.
 *
 *   nothing --(thread)--> loading --> a set of version n --> a set of version n + 1 ...
 *                            '--> too large: each question reads what it needs from the lake
 *
 * A set is taken, looked at, and given back; the next version takes its place beside it.
 *
 * Threads: all functions may be called from any thread, but for start and stop.
 */
#ifndef MR_QUERY_SALES_H
#define MR_QUERY_SALES_H

#include "query/sales_answer.h"
#include "query/sales_cache.h"
#include "query/sales_lake.h"

typedef struct mr_sales mr_sales;

/* Texts are borrowed until the end. */
typedef struct mr_sales_options {
    mr_blobs_options lake;
    const char *data_folder;
    size_t memory_bytes_max;  /* of lines in memory, the next version's too */
    size_t answers_bytes_max; /* of answers kept */
    uint32_t look_ms;         /* how often a newer version is looked for */
    mr_olap_options engine;   /* that reads the files */
} mr_sales_options;

/* Never fails: what is wrong is told by the state, and tried again. */
mr_sales *mr_sales_start(const mr_sales_options *options);
void mr_sales_stop(mr_sales *sales); /* when nobody holds a set; NULL is fine */

/* The newest set, once it is loaded; give it back with mr_sales_give. Waits at most wait_ms.
 * MR_UNAVAILABLE: it is still being loaded. Where it is too large for memory, the question's lines
 * alone are read from the lake, within the time: MR_STOPPED; MR_LIMIT: those are too many, too. */
mr_status mr_sales_take(mr_sales *sales, const mr_sales_question *question, uint32_t wait_ms,
                        mr_sales_set **ret_set, mr_err *err);
void mr_sales_give(mr_sales *sales, mr_sales_set *set); /* NULL is fine */

/* An answer that is kept by its name, the question and the version. make is called in the caller's
 * thread where it is not kept, by one at a time: others who ask for the same wait for it. */
typedef struct mr_sales_kept {
    mr_text name;
    mr_status (*make)(void *ctx, const mr_sales_set *set, const mr_sales_question *question,
                      mr_buffer *out, mr_err *err);
    void *ctx;
} mr_sales_kept;

mr_status mr_sales_keep(mr_sales *sales, const mr_sales_set *set, const mr_sales_question *question,
                        const mr_sales_kept *what, mr_buffer *out, mr_err *err);

/* Appends the dashboard (mr_sales_answer_write), kept where the same was asked of this version. */
mr_status mr_sales_ask(mr_sales *sales, const mr_sales_set *set, const mr_sales_question *question,
                       mr_buffer *out, mr_err *err);

typedef struct mr_sales_state {
    int64_t version; /* of gold.fact_sales; -1: none yet */
    bool loaded;     /* a set stands in memory */
    bool too_large;  /* it does not fit */
    mr_sales_lag lag;
    int reconciled; /* 1, 0; -1: unknown */
    int64_t reconciled_ms;
    uint64_t lines, memory_bytes, load_us;  /* of the set */
    uint64_t answers, answers_kept;         /* asked, and given without a walk */
    char problem[mr_err_message_bytes_max]; /* of the last look; "": none */
} mr_sales_state;

void mr_sales_read_state(mr_sales *sales, mr_sales_state *ret_state);

#endif
