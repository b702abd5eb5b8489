/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/gateway.h - the role that takes events in: HTTP on one side, the durable log on the
 * other.
 *
 * Promise: a 201 is written only after the event is on stable storage in the log.
 * The wire contract is docs/data-contract.md; its machine-readable form is assets/openapi.json.
 */
#ifndef MR_GATEWAY_GATEWAY_H
#define MR_GATEWAY_GATEWAY_H

#include <stdint.h>

#include "base/secret.h"
#include "base/status.h"
#include "bus/bus.h"
#include "http/http.h"
#include "store/store.h"

typedef struct mr_gateway mr_gateway;

typedef enum mr_gateway_auth {
    MR_GATEWAY_AUTH_AUTO,     /* keys are required unless the address is a loopback one */
    MR_GATEWAY_AUTH_REQUIRED, /* always */
    MR_GATEWAY_AUTH_OFF,      /* never: the operator says so */
} mr_gateway_auth;

/* Texts are borrowed for the gateway's life. */
typedef struct mr_gateway_options {
    mr_http_options http;    /* address, loops, limits, time-outs, TLS; the rest is set here */
    uint64_t body_bytes_max; /* of a batch, as sent */
    uint64_t body_unpacked_bytes_max; /* of a batch, decoded */
    uint32_t workers;                 /* threads for batch bodies; at least 1 */
    uint32_t request_timeout_ms;      /* an answer that waits longer for the log becomes a 503 */
    uint32_t drain_timeout_ms;        /* for requests under way when stopping */
    mr_bus_options bus;
    const char *topic;       /* where events go: "ingestion-topic" */
    const char *data_folder; /* ops.db (API keys), and whose disk is watched */
    mr_store_options store;  /* for receipts; mode is set here */
    mr_gateway_auth auth;
    const mr_secret *key;         /* a key taken beside those of ops.db; NULL: none */
    uint64_t key_grace_ms;        /* the one that it was before is taken so long after a change */
    double rate_per_second;       /* events a second and client; 0 = no limit */
    double rate_burst;            /* 0 = as many as a second brings */
    uint64_t disk_free_bytes_min; /* below it /ready says 503 */
} mr_gateway_options;

/* Opens the log and starts to listen. */
mr_status mr_gateway_start(const mr_gateway_options *options, mr_gateway **ret_gateway,
                           mr_err *err);
uint16_t mr_gateway_port(const mr_gateway *gateway);

/* Are API keys asked for, with these options? */
bool mr_gateway_needs_keys(const mr_gateway_options *options);
/* Is the address one that only this machine reaches? */
bool mr_gateway_is_local(const mr_gateway_options *options);

/* Housekeeping (time-outs of requests that wait for the log). Call about once a second, from one
 * thread; never blocks. */
void mr_gateway_tick(mr_gateway *gateway);

typedef struct mr_gateway_totals {
    uint64_t events;                           /* durable since the start */
    uint64_t errors;                           /* appends to the log that failed */
    char last_error[mr_err_message_bytes_max]; /* "" when there was none */
} mr_gateway_totals;

void mr_gateway_read_totals(mr_gateway *gateway, mr_gateway_totals *ret_totals);

/* Stops to listen, lets requests under way finish (at most drain_timeout_ms), waits for the log to
 * take what was submitted, and frees everything. NULL is fine. */
void mr_gateway_stop(mr_gateway *gateway);

#endif
