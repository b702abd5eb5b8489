/* SPDX-License-Identifier: Apache-2.0 */
/* web/web.h - the role that people look at: pages, and the JSON API behind them.
 *
 * Promise: what a route gives is given only to whom the table of routes (routes.c) allows it, and a
 * customer is given only what is theirs. The API is described by assets/web_openapi.json.
 */
#ifndef MR_WEB_WEB_H
#define MR_WEB_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/status.h"
#include "bus/bus.h"
#include "http/http.h"
#include "lake/blob.h"
#include "store/store.h"

typedef struct mr_web mr_web;

/* Texts are borrowed for the web's life. */
typedef struct mr_web_options {
    mr_http_options http;      /* address, loops, limits, time-outs, TLS; the rest is set here */
    uint32_t workers;          /* threads for requests, at least 1 */
    uint32_t query_timeout_ms; /* longest time a request may work */
    uint32_t drain_timeout_ms; /* for requests under way when stopping */
    uint64_t session_idle_ms;  /* a session ends when nothing was asked for so long ... */
    uint64_t session_max_ms;   /* ... and in any case so long after the sign-in */
    const char *public_url;    /* "https://shop.example": how people reach it; NULL: the address */
    bool behind_proxy;         /* the client's address is what X-Forwarded-For says last */
    bool demo;                 /* the data is made up: pages say so */
    const char *shop;          /* the shop's name */
    const char *data_folder;
    mr_store_options store; /* mode is set here */
    mr_bus_options bus;
    const char *topic_ingestion, *topic_dead_letter;
    mr_blobs_options lake;
    uint64_t olap_memory_bytes;
    uint64_t sales_memory_bytes; /* of sales in memory, and the answers kept */
    uint64_t sql_memory_bytes;   /* of one query of the lake */
    uint32_t olap_threads;       /* 0: as many as there are processors */
    const mr_config *config;     /* all settings, for the state of the platform; NULL: not told */
    const char *models;          /* folder of models of one's own, or NULL */
} mr_web_options;

/* Do people reach it by HTTPS, with these options? */
bool mr_web_is_secure(const mr_web_options *options);

/* A one-time sign-in link for a first operator, where no operator has ever signed in: the user
 * `operator` is made, or its links are added to. ret_link is "" where somebody has. url: how people
 * reach the web, "http://127.0.0.1:8080". */
enum { mr_web_link_bytes_max = 512, mr_web_link_hours = 24 };
mr_status mr_web_first_link(const mr_web_options *options, const char *url,
                            char ret_link[static mr_web_link_bytes_max], mr_err *err);
/* How people reach it: public_url, or by this address ("0.0.0.0:8080" is shown as localhost's). */
void mr_web_url(const mr_web_options *options, const char *address,
                char ret_url[static mr_web_link_bytes_max]);

/* Starts to listen. */
mr_status mr_web_start(const mr_web_options *options, mr_web **ret_web, mr_err *err);
uint16_t mr_web_port(const mr_web *web);

typedef struct mr_web_totals {
    uint64_t requests; /* of the API, answered since the start */
    uint64_t errors;   /* of these, by a fault of ours */
    char last_error[mr_err_message_bytes_max];
} mr_web_totals;

void mr_web_read_totals(mr_web *web, mr_web_totals *ret_totals);

/* Stops to listen, lets requests under way finish (at most drain_timeout_ms), and frees everything.
 * NULL is fine. */
void mr_web_stop(mr_web *web);

#endif
