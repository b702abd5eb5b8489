/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_run.h - sends everything a source has, retries what may be taken later, and keeps
 * account.
 *
 * Pieces are sent several at once and finish in any order; they are retired (their rejects written,
 * their end acknowledged) in the order of the input.
 */
#ifndef MR_CLI_POST_RUN_H
#define MR_CLI_POST_RUN_H

#include "cli/convert_rejects.h"
#include "cli/post_source.h"
#include "cli/post_transfer.h"

enum {
    mr_post_statuses = 600,
    mr_post_window_factor = 4, /* pieces at hand at most, for each request at once */
};

typedef struct mr_post_counts {
    uint64_t accepted;
    uint64_t refused;  /* by the gateway */
    uint64_t rejected; /* never sent: no event, or a line too long */
    uint64_t requests;
    uint64_t retries;
    uint64_t bytes;                       /* of NDJSON, sent again ones too */
    uint64_t by_status[mr_post_statuses]; /* [0]: no answer */
    char trouble[160];                    /* what is being retried at the moment; "" = nothing */
} mr_post_counts;

typedef struct mr_post_options {
    mr_post_transfers_options transfers;
    bool single;          /* a piece is one event for POST /invoicedata */
    bool verbose;         /* "Status code: 201" for each answer, to standard output */
    uint64_t rate;        /* events a second at most; 0 = no limit */
    uint32_t retries_max; /* of one request; 0 = until give_up_ms */
    uint64_t give_up_ms;  /* after which a request that keeps failing ends the run */
    int stop_fd; /* readable (a signalfd): finish what is under way, then stop; -1 = none */
    void *ctx;
    /* All before offset is acknowledged and its rejects are in the file's buffer. Called in order.
     */
    mr_status (*acknowledged)(void *ctx, const mr_post_piece *piece, mr_err *err);
    void (*progressed)(void *ctx, const mr_post_counts *counts); /* often */
} mr_post_options;

/* MR_OK: every line was accepted, refused or rejected. MR_STOPPED: by stop_fd. MR_UNAVAILABLE:
 * given up; err says on what. MR_INVALID: the server does not take our requests at all. */
mr_status mr_post_run(const mr_post_options *options, mr_post_source *source,
                      mr_convert_rejects *rejects, mr_post_counts *counts, mr_err *err);

#endif
