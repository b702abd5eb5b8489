/* SPDX-License-Identifier: Apache-2.0 */
/* http/router.c - which route serves a path and method; each route's own counters.
 *
 * Made before the loops start and read-only afterwards. Routes are few (tens): a scan that compares
 * segment counts first beats a tree. A literal path wins over one with parameters.
 */
#include <stdio.h>
#include <stdlib.h>

#include "http/loop.h"

/* Counted one by one; all others are "other". */
static const int counted_statuses[mr_http_statuses_max] = {200, 201, 204, 304, 400, 401, 403, 404,
                                                           405, 408, 413, 415, 422, 429, 500, 503};

struct mr_router {
    mr_route *routes;
    size_t count;
    mr_route unrouted; /* counts what no route was found for */
    mr_route fallback; /* route NULL: there is none */
};

static int method_of(const char *name)
{
#define MR_METHOD(number, symbol, text) \
    if (strcmp(name, #text) == 0) {     \
        return number;                  \
    }
    HTTP_METHOD_MAP(MR_METHOD)
#undef MR_METHOD
    return -1;
}

static bool is_parameter(mr_text segment)
{
    return segment.bytes >= 2 && segment.data[0] == '{' && segment.data[segment.bytes - 1] == '}';
}

static mr_status compile_path(mr_route *entry, const char *path, mr_err *err)
{
    if (path[0] != '/') {
        return mr_fail(err, MR_INVALID, "route %s: a path begins with '/'", path);
    }
    for (const char *at = path; *at == '/';) {
        const char *start = at + 1;
        size_t bytes = strcspn(start, "/");
        if (entry->segment_count == mr_http_segments_max) {
            return mr_fail(err, MR_LIMIT, "route %s: more than %d segments", path,
                           mr_http_segments_max);
        }
        mr_text segment = {start, bytes};
        entry->segments[entry->segment_count++] = segment;
        entry->parameter_count = (uint8_t)(entry->parameter_count + is_parameter(segment));
        at = start + bytes;
    }
    if (entry->parameter_count > mr_http_parameters_max) {
        return mr_fail(err, MR_LIMIT, "route %s: more than %d parameters", path,
                       mr_http_parameters_max);
    }
    return MR_OK;
}

static void register_metrics(mr_route *entry, const char *label, mr_metrics *metrics)
{
    char labels[128];

    for (int i = 0; i <= mr_http_statuses_max; i++) {
        if (i < mr_http_statuses_max) {
            (void)snprintf(labels, sizeof labels, "route=\"%s\",status=\"%d\"", label,
                           counted_statuses[i]);
        } else {
            (void)snprintf(labels, sizeof labels, "route=\"%s\",status=\"other\"", label);
        }
        entry->requests[i] = mr_metrics_counter(metrics, "millrace_http_requests_total", labels,
                                                "Requests answered, by route and status.");
    }
    (void)snprintf(labels, sizeof labels, "route=\"%s\"", label);
    entry->duration = mr_metrics_histogram(metrics, "millrace_http_request_duration_seconds",
                                           labels, "From a request's first byte to its answer.");
}

/* Routes that share a label share their counters. */
static void measure(mr_router *router, size_t index, mr_metrics *metrics)
{
    mr_route *entry = &router->routes[index];

    for (size_t i = 0; i < index; i++) {
        if (strcmp(router->routes[i].route->label, entry->route->label) == 0) {
            memcpy(entry->requests, router->routes[i].requests, sizeof entry->requests);
            entry->duration = router->routes[i].duration;
            return;
        }
    }
    register_metrics(entry, entry->route->label, metrics);
}

static mr_status compile(mr_router *router, const mr_http_options *options, size_t index,
                         mr_err *err)
{
    const mr_http_route *route = &options->routes[index];
    mr_route *entry = &router->routes[index];

    entry->route = route;
    entry->method = method_of(route->method);
    if (entry->method < 0 || entry->method == HTTP_HEAD) {
        return mr_fail(err, MR_INVALID, "route %s: method %s cannot be served", route->path,
                       route->method);
    }
    if (route->handler == NULL || route->label == NULL) {
        return mr_fail(err, MR_INVALID, "route %s: it needs a handler and a label", route->path);
    }
    mr_status status = compile_path(entry, route->path, err);
    if (status == MR_OK && options->metrics != NULL) {
        measure(router, index, options->metrics);
    }
    return status;
}

mr_status mr_router_create(const mr_http_options *options, mr_router **ret_router, mr_err *err)
{
    mr_router *router = mr_alloc_zero(1, sizeof *router);

    router->count = options->route_count;
    router->routes = mr_alloc_zero(router->count + 1, sizeof *router->routes);
    for (size_t i = 0; i < router->count; i++) {
        mr_status status = compile(router, options, i, err);
        if (status != MR_OK) {
            mr_router_destroy(router);
            return status;
        }
    }
    router->fallback.route = options->fallback;
    if (options->metrics != NULL) {
        register_metrics(&router->unrouted, "none", options->metrics);
    }
    if (options->metrics != NULL && options->fallback != NULL) {
        register_metrics(&router->fallback, options->fallback->label, options->metrics);
    }
    *ret_router = router;
    return MR_OK;
}

void mr_router_destroy(mr_router *router)
{
    if (router != NULL) {
        free(router->routes);
        free(router);
    }
}

static bool path_matches(const mr_route *entry, const mr_message *message)
{
    if (entry->segment_count != message->segment_count) {
        return false;
    }
    for (size_t i = 0; i < entry->segment_count; i++) {
        mr_text given = mr_message_text(message, message->segments[i]);
        bool matches = is_parameter(entry->segments[i]) ? given.bytes > 0
                                                        : mr_text_equal(given, entry->segments[i]);
        if (!matches) {
            return false;
        }
    }
    return true;
}

static bool method_matches(const mr_route *entry, int method)
{
    return entry->method == method || (entry->method == HTTP_GET && method == HTTP_HEAD);
}

int mr_router_match(const mr_router *router, mr_message *message)
{
    const mr_route *found = NULL;
    bool path_found = false;

    for (size_t i = 0; i < router->count; i++) {
        const mr_route *entry = &router->routes[i];
        if (!path_matches(entry, message)) {
            continue;
        }
        path_found = true;
        if (method_matches(entry, message->parser.method) &&
            (found == NULL || entry->parameter_count < found->parameter_count)) {
            found = entry;
        }
    }
    if (found == NULL && !path_found && router->fallback.route != NULL &&
        (message->parser.method == HTTP_GET || message->parser.method == HTTP_HEAD)) {
        message->route = &router->fallback;
        return 0;
    }
    if (found == NULL) {
        return path_found ? 405 : 404;
    }
    message->route = found;
    for (size_t i = 0; i < found->segment_count; i++) {
        if (is_parameter(found->segments[i])) {
            message->parameters[message->parameter_count++] = message->segments[i];
        }
    }
    return 0;
}

static void list_method(char *list, const char *name)
{
    size_t used = strlen(list);

    if (strstr(list, name) == NULL) {
        (void)snprintf(list + used, mr_http_allow_bytes_max - used, "%s%s",
                       used > sizeof "Allow:" ? ", " : "", name);
    }
}

void mr_router_allow(const mr_router *router, const mr_message *message,
                     char ret_header[static mr_http_allow_bytes_max])
{
    (void)snprintf(ret_header, mr_http_allow_bytes_max, "Allow: ");
    for (size_t i = 0; i < router->count; i++) {
        const mr_route *entry = &router->routes[i];
        if (!path_matches(entry, message)) {
            continue;
        }
        list_method(ret_header, entry->route->method);
        if (entry->method == HTTP_GET) {
            list_method(ret_header, "HEAD");
        }
    }
    size_t used = strlen(ret_header);
    MR_ASSERT(used + 3 <= mr_http_allow_bytes_max);
    memcpy(ret_header + used, "\r\n", 3);
}

void mr_router_count(const mr_router *router, const mr_route *route, int status,
                     int64_t duration_us)
{
    const mr_route *entry = route == NULL ? &router->unrouted : route;
    size_t index = 0;

    if (entry->duration == NULL) {
        return;
    }
    while (index < mr_http_statuses_max && counted_statuses[index] != status) {
        index++;
    }
    mr_counter_add(entry->requests[index], 1);
    mr_histogram_observe_us(entry->duration, duration_us > 0 ? (uint64_t)duration_us : 0);
}
