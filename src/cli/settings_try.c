/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settings_try.c - what `millrace config check` tries; see settings_try.h. */
#include "cli/settings_try.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/role.h"
#include "base/text.h"
#include "base/zone.h"
#include "cli/settings.h"
#include "http/http.h"
#include "medallion/medallion.h"
#include "orchestrator/cron.h"

enum { trial_timeout_ms = 10000 }; /* of a service that is asked whether it answers */

typedef struct trial {
    const mr_config *config;
    mr_trial_fn report;
    void *ctx;
} trial;

static void say(const trial *t, mr_trial_result result, const char *subject, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

static void say(const trial *t, mr_trial_result result, const char *subject, const char *format,
                ...)
{
    char message[mr_err_message_bytes_max];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    t->report(t->ctx, result, subject, message);
}

/* --- Folders and disk ------------------------------------------------------------------------- */

/* The nearest folder above path that exists. */
static void existing_parent(const char *path, char parent[static PATH_MAX])
{
    (void)snprintf(parent, PATH_MAX, "%s", path);
    while (access(parent, F_OK) != 0) {
        char *slash = strrchr(parent, '/');

        if (slash == NULL) {
            (void)snprintf(parent, PATH_MAX, ".");
        } else if (slash == parent) {
            parent[1] = '\0';
        } else {
            *slash = '\0';
        }
    }
}

static void try_data(const trial *t)
{
    static const char subject[] = "MILLRACE_DATA";
    const char *folder = mr_config_text(t->config, subject);
    const bool exists = access(folder, F_OK) == 0;
    char nearest[PATH_MAX];
    struct stat info;

    existing_parent(folder, nearest);
    if (stat(nearest, &info) != 0 || !S_ISDIR(info.st_mode)) {
        say(t, MR_TRIAL_FAILED, subject, "%s is not a folder", nearest);
    } else if (access(nearest, W_OK | X_OK) != 0) {
        say(t, MR_TRIAL_FAILED, subject, "%s: no permission to write in %s", folder, nearest);
    } else if (!exists) {
        say(t, MR_TRIAL_OK, subject, "%s will be created", folder);
    } else if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        say(t, MR_TRIAL_WARNING, subject, "%s is open to other users; chmod 700 closes it", folder);
    } else {
        say(t, MR_TRIAL_OK, subject, "%s can be written", folder);
    }
}

static void try_disk(const trial *t)
{
    static const char subject[] = "MILLRACE_DISK_FREE_MIN";
    const uint64_t wanted = mr_config_bytes(t->config, subject);
    char nearest[PATH_MAX];
    uint64_t available = 0;

    existing_parent(mr_config_text(t->config, "MILLRACE_DATA"), nearest);
    available = mr_disk_free_bytes(nearest);
    if (available == 0) {
        say(t, MR_TRIAL_WARNING, subject, "the free space of %s cannot be read", nearest);
    } else if (available < wanted) {
        say(t, MR_TRIAL_FAILED, subject,
            "%s has %llu MiB free, less than the %llu MiB below which events are refused", nearest,
            (unsigned long long)(available >> 20), (unsigned long long)(wanted >> 20));
    } else {
        say(t, MR_TRIAL_OK, subject, "%llu MiB are free", (unsigned long long)(available >> 20));
    }
}

/* --- URLs and names --------------------------------------------------------------------------- */

static bool see_topic(void *ctx, const mr_bus_topic_info *info)
{
    (void)info; /* that the cluster answered is what matters */
    *(size_t *)ctx += 1;
    return true;
}

static void try_cluster(const trial *t, const mr_bus_options *options)
{
    size_t partitions = 0;
    mr_bus *bus = NULL;
    mr_err err;
    mr_status status = mr_bus_open(options, &bus, &err);

    if (status == MR_OK) {
        status = mr_bus_topics(bus, see_topic, &partitions, &err);
    }
    mr_bus_close(bus);
    if (status == MR_OK) {
        say(t, MR_TRIAL_OK, "MILLRACE_BUS", "%s answers; it holds %zu partitions of topics",
            options->url, partitions);
    } else {
        say(t, MR_TRIAL_FAILED, "MILLRACE_BUS", "%s", err.message);
    }
}

static void try_bus(const trial *t)
{
    const mr_bus_options options = mr_settings_bus(t->config);

    if (mr_text_starts_with(mr_text_of(options.url), "embedded:")) {
        say(t, MR_TRIAL_OK, "MILLRACE_BUS", "%s is known", options.url);
    } else { /* of another kind: opening it makes no folder */
        try_cluster(t, &options);
    }
}

static void try_store(const trial *t)
{
    static const char subject[] = "MILLRACE_STORE";
    const mr_store_options options = mr_settings_store(t->config, MR_STORE_READ);
    mr_store *store = NULL;
    mr_err err;
    const mr_status status = mr_store_open(&options, &store, &err);
    mr_buffer shown; /* a password may stand in the URL */

    mr_store_close(store);
    mr_buffer_init(&shown, mr_err_message_bytes_max);
    mr_config_shown(t->config, subject, &shown);
    if (status == MR_OK) {
        say(t, MR_TRIAL_OK, subject, "%.*s opens", (int)shown.bytes, shown.data);
    } else if (status == MR_NOT_FOUND) {
        say(t, MR_TRIAL_OK, subject, "%.*s will be created", (int)shown.bytes, shown.data);
    } else {
        say(t, MR_TRIAL_FAILED, subject, "%s", err.message);
    }
    mr_buffer_free(&shown);
}

/* list: names with commas between; known ends with NULL. */
static void try_names(const trial *t, const char *subject, const char *const *known)
{
    const char *list = mr_config_text(t->config, subject);
    bool any = false;

    for (const char *next = list; *next != '\0';) {
        const size_t bytes = strcspn(next, ",");
        const mr_text name = mr_text_trim((mr_text){next, bytes});
        bool found = name.bytes == 0;

        any = any || name.bytes > 0;
        for (size_t index = 0; known[index] != NULL; index++) {
            found = found || mr_text_equal(name, mr_text_of(known[index]));
        }
        if (!found) {
            say(t, MR_TRIAL_FAILED, subject, "'%.*s' of '%s' is not known", MR_TEXT_ARGS(name),
                list);
            return;
        }
        next += bytes + (next[bytes] == ',' ? 1 : 0);
    }
    say(t, any ? MR_TRIAL_OK : MR_TRIAL_FAILED, subject, "%s", any ? list : "names nothing");
}

static void try_topics(const trial *t)
{
    const char *ingestion = mr_settings_topic_ingestion(t->config);
    const char *processed = mr_settings_topic_processed(t->config);
    const char *dead = mr_settings_topic_dead_letter(t->config);

    if (strcmp(ingestion, processed) == 0 || strcmp(ingestion, dead) == 0 ||
        strcmp(processed, dead) == 0) {
        say(t, MR_TRIAL_FAILED, "MILLRACE_TOPIC_INGESTION",
            "the ingestion, processed and dead-letter topics must have three names, or events "
            "would "
            "go in circles");
    } else {
        say(t, MR_TRIAL_OK, "MILLRACE_TOPIC_INGESTION", "the three topics are distinct");
    }
}

static void try_url(const trial *t)
{
    const char *url = mr_config_text(t->config, "MILLRACE_URL");
    const mr_text text = mr_text_of(url);
    const bool known =
        mr_text_starts_with(text, "http://") || mr_text_starts_with(text, "https://");

    say(t, known ? MR_TRIAL_OK : MR_TRIAL_FAILED, "MILLRACE_URL", "%s %s", url,
        known ? "is an HTTP address" : "must begin with http:// or https://");
}

/* --- The gateway ------------------------------------------------------------------------------ */

typedef struct listen_address {
    char host[256];
    char port[8];
} listen_address;

/* The setting's kind has checked the form: host:port, an IPv6 host in brackets. */
static bool split_address(const char *text, listen_address *address)
{
    const char *colon = strrchr(text, ':');
    mr_text host = {text, (size_t)(colon - text)};

    if (host.bytes >= 2 && host.data[0] == '[') {
        host = (mr_text){host.data + 1, host.bytes - 2};
    }
    return snprintf(address->host, sizeof address->host, "%.*s", MR_TEXT_ARGS(host)) <
               (int)sizeof address->host &&
           snprintf(address->port, sizeof address->port, "%s", colon + 1) <
               (int)sizeof address->port;
}

static int try_bind(const struct addrinfo *found)
{
    const int yes = 1;
    const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int reason = fd < 0 ? errno : 0;

    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        reason = bind(fd, found->ai_addr, found->ai_addrlen) == 0 ? 0 : errno;
        (void)close(fd);
    }
    return reason;
}

typedef struct live_role {
    const char *role;
    int pid; /* 0: it does not run */
} live_role;

static bool find_live_role(void *ctx, const mr_role_state *state)
{
    live_role *live = ctx;

    if (state->alive && strcmp(state->role, live->role) == 0) {
        live->pid = state->pid;
    }
    return live->pid == 0;
}

static void report_bind(const trial *t, const char *subject, const char *role, const char *text,
                        int reason)
{
    live_role live = {.role = role};
    mr_err err;

    (void)mr_role_list(mr_config_text(t->config, "MILLRACE_DATA"), find_live_role, &live, NULL);
    if (reason == 0) {
        say(t, MR_TRIAL_OK, subject, "%s is free", text);
    } else if (reason == EADDRINUSE && live.pid != 0) {
        say(t, MR_TRIAL_OK, subject, "%s is in use, and the %s of this data folder runs (%d)", text,
            role, live.pid);
    } else {
        (void)mr_fail_errno(&err, reason, "cannot listen on %s", text);
        say(t, MR_TRIAL_FAILED, subject, "%s", err.message);
    }
}

static void try_listen(const trial *t, const char *subject, const char *role)
{
    const char *text = mr_config_text(t->config, subject);
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    listen_address address;
    int problem = 0;

    if (!split_address(text, &address)) {
        say(t, MR_TRIAL_FAILED, subject, "%s is too long", text);
        return;
    }
    problem = getaddrinfo(address.host, address.port, &wanted, &found);
    if (problem != 0) {
        say(t, MR_TRIAL_FAILED, subject, "%s is not known here: %s", text, gai_strerror(problem));
        return;
    }
    report_bind(t, subject, role, text, try_bind(found));
    freeaddrinfo(found);
}

static void try_auth(const trial *t)
{
    static const char subject[] = "MILLRACE_AUTH";
    const mr_text address = mr_text_of(mr_config_text(t->config, "MILLRACE_GATEWAY"));
    const bool loopback = mr_text_starts_with(address, "127.") ||
                          mr_text_starts_with(address, "localhost:") ||
                          mr_text_starts_with(address, "[::1]:");

    if (loopback || strcmp(mr_config_text(t->config, subject), "off") != 0) {
        say(t, MR_TRIAL_OK, subject, "%s", mr_config_text(t->config, subject));
    } else {
        say(t, MR_TRIAL_WARNING, subject,
            "off, while the gateway listens beyond this machine: anyone who reaches it may post");
    }
}

static void try_buffers(const trial *t)
{
    const uint64_t body = mr_config_bytes(t->config, "MILLRACE_BODY_BYTES_MAX");
    const uint64_t unpacked = mr_config_bytes(t->config, "MILLRACE_BODY_UNPACKED_BYTES_MAX");
    const uint64_t all = mr_config_bytes(t->config, "MILLRACE_BUFFER_BYTES_MAX");

    if (all < body || all < unpacked) {
        say(t, MR_TRIAL_FAILED, "MILLRACE_BUFFER_BYTES_MAX",
            "must hold at least one body of MILLRACE_BODY_BYTES_MAX and "
            "MILLRACE_BODY_UNPACKED_BYTES_MAX, or such bodies are never taken");
    } else {
        say(t, MR_TRIAL_OK, "MILLRACE_BUFFER_BYTES_MAX", "holds the largest body");
    }
}

static bool try_readable(const trial *t, const char *subject, const char *path)
{
    mr_err err;

    if (access(path, R_OK) != 0) {
        (void)mr_fail_errno(&err, errno, "read %s", path);
        say(t, MR_TRIAL_FAILED, subject, "%s", err.message);
        return false;
    }
    return true;
}

/* The server itself is asked: one that nobody knows of, on a port of its own choice. */
static void try_pair(const trial *t, const char *certificate, const char *key)
{
    const mr_http_options options = {
        .address = "127.0.0.1:0",
        .loops = 1,
        .connections_max = 1,
        .header_bytes_max = 4096,
        .buffer_bytes_max = 4096,
        .header_timeout_ms = 1000,
        .body_timeout_ms = 1000,
        .idle_timeout_ms = 1000,
        .write_timeout_ms = 1000,
        .tls_certificate = certificate,
        .tls_key = key,
    };
    mr_http_server *server = NULL;
    mr_err err;

    if (mr_http_server_start(&options, &server, &err) != MR_OK) {
        say(t, MR_TRIAL_FAILED, "MILLRACE_TLS_CERTIFICATE", "%s", err.message);
        return;
    }
    mr_http_server_stop(server, 0);
    mr_http_server_destroy(server);
    say(t, MR_TRIAL_OK, "MILLRACE_TLS_CERTIFICATE", "%s and its key fit", certificate);
}

static void try_tls(const trial *t)
{
    const char *certificate = mr_config_text(t->config, "MILLRACE_TLS_CERTIFICATE");
    const char *key = mr_config_text(t->config, "MILLRACE_TLS_KEY");

    if (certificate == NULL && key == NULL) {
        say(t, MR_TRIAL_OK, "MILLRACE_TLS_CERTIFICATE", "not set: plain HTTP");
    } else if (certificate == NULL || key == NULL) {
        say(t, MR_TRIAL_FAILED, "MILLRACE_TLS_CERTIFICATE",
            "MILLRACE_TLS_CERTIFICATE and MILLRACE_TLS_KEY go together; one is not set");
    } else if (try_readable(t, "MILLRACE_TLS_CERTIFICATE", certificate) &&
               try_readable(t, "MILLRACE_TLS_KEY", key)) {
        try_pair(t, certificate, key);
    }
}

/* --- The lake and its clock ------------------------------------------------------------------- */

static bool see_name(void *ctx, const mr_blob *blob)
{
    (void)blob; /* that the storage answered is what matters */
    *(bool *)ctx = true;
    return false;
}

/* A lake elsewhere is asked for what it holds; nothing is written. */
static void try_storage(const trial *t, const mr_blobs_options *options)
{
    static const char subject[] = "MILLRACE_LAKE";
    mr_blobs_options quick = *options;
    bool any = false;
    mr_blobs *blobs = NULL;
    mr_err err;

    if (quick.azure.timeout_ms > trial_timeout_ms) {
        quick.azure.timeout_ms = trial_timeout_ms;
    }
    mr_status status = mr_blobs_open(&quick, &blobs, &err);
    if (status == MR_OK) {
        status = mr_blob_list(blobs, "bronze/sales_events/_delta_log/", NULL, see_name, &any, &err);
    }
    if (status == MR_OK) {
        say(t, MR_TRIAL_OK, subject, "%s answers; %s", mr_blobs_url(blobs),
            any ? "it has a table of bronze" : "it has no table of bronze yet");
    } else {
        say(t, MR_TRIAL_FAILED, subject, "%s", err.message);
    }
    mr_blobs_close(blobs);
}

static void try_lake(const trial *t)
{
    const mr_blobs_options options = mr_settings_lake(t->config);

    if (mr_text_starts_with(mr_text_of(options.url), "file:")) {
        say(t, MR_TRIAL_OK, "MILLRACE_LAKE", "%s is known", options.url);
    } else { /* of another kind: opening it makes no folder but that of its copies */
        try_storage(t, &options);
    }
}

static void try_schedule(const trial *t)
{
    const char *schedule = mr_config_text(t->config, "MILLRACE_SCHEDULE");
    mr_zone *zone = NULL;
    mr_cron cron;
    mr_err err;

    if (mr_zone_open(mr_config_text(t->config, "MILLRACE_TIMEZONE"), &zone, &err) != MR_OK) {
        say(t, MR_TRIAL_FAILED, "MILLRACE_TIMEZONE", "%s", err.message);
    }
    mr_zone_close(zone);
    if (strcmp(schedule, "off") != 0 && mr_cron_parse(mr_text_of(schedule), &cron, &err) != MR_OK) {
        say(t, MR_TRIAL_FAILED, "MILLRACE_SCHEDULE", "%s", err.message);
    } else {
        say(t, MR_TRIAL_OK, "MILLRACE_SCHEDULE", "%s, in %s", schedule,
            mr_config_text(t->config, "MILLRACE_TIMEZONE"));
    }
}

static void try_models(const trial *t)
{
    const char *folder = mr_config_text(t->config, "MILLRACE_MODELS");
    mr_models *models = NULL;
    mr_err err;

    if (mr_models_load(folder, &models, &err) != MR_OK) {
        say(t, MR_TRIAL_FAILED, "MILLRACE_MODELS", "%s", err.message);
    } else {
        say(t, MR_TRIAL_OK, "MILLRACE_MODELS", "%zu models", mr_models_count(models));
    }
    mr_models_free(models);
}

void mr_settings_try(const mr_config *config, mr_trial_fn report, void *ctx)
{
    static const char *const roles[] = {"gateway", "processor", "scheduler", "web", NULL};
    static const char *const sinks[] = {"store", "feed", "bronze", NULL};
    const trial t = {.config = config, .report = report, .ctx = ctx};

    try_data(&t);
    try_disk(&t);
    try_names(&t, "MILLRACE_ROLES", roles);
    try_bus(&t);
    try_topics(&t);
    try_store(&t);
    try_names(&t, "MILLRACE_SINKS", sinks);
    try_lake(&t);
    try_models(&t);
    try_schedule(&t);
    try_listen(&t, "MILLRACE_GATEWAY", "gateway");
    try_listen(&t, "MILLRACE_WEB", "web");
    try_tls(&t);
    try_auth(&t);
    try_buffers(&t);
    try_url(&t);
}
