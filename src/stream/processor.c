/* SPDX-License-Identifier: Apache-2.0 */
/* stream/processor.c - starts the sinks' runners, keeps the role's state current and the topics
 * within their retention, and ends all of it in order.
 *
 * Owns:       the bus, the runners (and through them the sinks), the role's lock.
 * Threads:    the main thread waits here for signals, ended runners and the next duty; each runner
 *             has its own.
 * Not here:   delivering (stream/runner.c).
 */
#include "stream/processor.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/role.h"
#include "stream/runner.h"

enum {
    processor_runners_max = 8,
    processor_wait_ms_max = 1000,
    processor_retain_ms = 30000,
    processor_retain_steps_max = 32, /* of one topic in one go; the rest follows a second later */
};

typedef struct processor {
    const mr_processor_options *options;
    mr_role *role;
    mr_bus *bus;
    mr_runner *runners[processor_runners_max];
    size_t runner_count;
    sigset_t signals_before;
    int signal_fd;
    int ended_fd; /* readable once a runner has ended by itself */
    int64_t retain_at_us;
    uint64_t failures_told[processor_runners_max];
} processor;

/* --- Waiting ---------------------------------------------------------------------------------- */

static mr_status open_waiting(processor *p, mr_err *err)
{
    sigset_t signals;

    (void)sigemptyset(&signals); /* the numbers are right, so these cannot fail */
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    MR_ASSERT(pthread_sigmask(SIG_BLOCK, &signals, &p->signals_before) == 0);
    p->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (p->signal_fd < 0) {
        return mr_fail_errno(err, errno, "open a descriptor for signals");
    }
    p->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->ended_fd < 0) {
        return mr_fail_errno(err, errno, "open a descriptor for events");
    }
    return MR_OK;
}

static void close_waiting(processor *p)
{
    if (p->signal_fd >= 0) {
        (void)close(p->signal_fd); /* nothing is written to either */
    }
    if (p->ended_fd >= 0) {
        (void)close(p->ended_fd);
    }
    MR_ASSERT(pthread_sigmask(SIG_SETMASK, &p->signals_before, NULL) == 0);
}

static void tell_ended(void *ctx)
{
    const processor *p = ctx;
    uint64_t one = 1;

    MR_ASSERT(write(p->ended_fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
}

/* --- Starting --------------------------------------------------------------------------------- */

/* Takes the next name off the list; empty between two commas. */
static mr_text next_name(const char **rest)
{
    size_t bytes = strcspn(*rest, ",");
    mr_text name = mr_text_trim((mr_text){*rest, bytes});

    *rest += bytes + ((*rest)[bytes] == ',');
    return name;
}

static bool names_sink(const char *sinks, mr_text wanted)
{
    while (*sinks != '\0') {
        if (mr_text_equal(next_name(&sinks), wanted)) {
            return true;
        }
    }
    return false;
}

static size_t messages_max(const mr_processor_options *options, mr_text sink)
{
    if (mr_text_equal(sink, MR_TEXT_LITERAL("store"))) {
        return options->store_batch_count_max;
    }
    return mr_text_equal(sink, MR_TEXT_LITERAL("feed")) ? options->feed_batch_count_max : 0;
}

static mr_status start_sink(processor *p, mr_text name, mr_err *err)
{
    const mr_processor_options *options = p->options;
    mr_sink_options sink_options = {.bus = p->bus,
                                    .topic_ingestion = options->topic_ingestion,
                                    .topic_processed = options->topic_processed,
                                    .topic_dead_letter = options->topic_dead_letter,
                                    .store = options->store,
                                    .store_writers = options->store_writers,
                                    .bronze = options->bronze};
    mr_runner_options runner = {
        .bus = p->bus, .topic = options->topic_ingestion, .ended = tell_ended, .ctx = p};

    if (p->runner_count == processor_runners_max) {
        return mr_fail(err, MR_LIMIT, "sinks '%s': at most %d can run", options->sinks,
                       processor_runners_max);
    }
    for (size_t i = 0; i < p->runner_count; i++) {
        if (mr_text_equal(name, mr_text_of(mr_runner_name(p->runners[i])))) {
            return mr_fail(err, MR_INVALID, "sinks '%s': %.*s is named twice", options->sinks,
                           MR_TEXT_ARGS(name));
        }
    }
    sink_options.bronze.letters = !names_sink(options->sinks, MR_TEXT_LITERAL("store"));
    sink_options.bronze.upkeep = true;
    mr_status status = mr_sink_open(name, &sink_options, &runner.sink, err);
    if (status != MR_OK) {
        return status;
    }
    runner.messages_max = messages_max(options, name);
    status = mr_runner_start(&runner, &p->runners[p->runner_count], err);
    p->runner_count += status == MR_OK;
    return status;
}

static mr_status start_sinks(processor *p, mr_err *err)
{
    const char *rest = p->options->sinks;

    while (*rest != '\0') {
        mr_text name = next_name(&rest);
        mr_status status = name.bytes > 0 ? start_sink(p, name, err) : MR_OK;
        if (status != MR_OK) {
            return status;
        }
    }
    if (p->runner_count == 0) {
        return mr_fail(err, MR_INVALID,
                       "no sinks are named; MILLRACE_SINKS may name store, feed, bronze");
    }
    return MR_OK;
}

static mr_status start(processor *p, mr_err *err)
{
    mr_status status = mr_role_open(p->options->data_folder, "processor", &p->role, err);

    if (status == MR_OK) {
        status = open_waiting(p, err);
    }
    if (status == MR_OK) {
        status = mr_bus_open(&p->options->bus, &p->bus, err);
    }
    if (status == MR_OK) {
        status = start_sinks(p, err);
    }
    return status;
}

/* --- Duties of the main thread ---------------------------------------------------------------- */

/* True when there is more to remove. */
static bool retain_topic(processor *p, const char *topic)
{
    uint64_t removed = 1;
    uint64_t total = 0;
    int steps = 0;

    while (removed > 0 && steps < processor_retain_steps_max) {
        mr_err err;
        if (mr_bus_retain(p->bus, topic, &removed, &err) != MR_OK) {
            mr_log_warn("retention of %s: %s; tried again later", topic, err.message);
            return false;
        }
        total += removed;
        steps++;
    }
    if (total > 0) {
        mr_log_info("retention of %s: %" PRIu64 " records removed", topic, total);
    }
    return removed > 0;
}

static void retain(processor *p)
{
    const mr_processor_options *options = p->options;
    int64_t now_us = mr_monotonic_us();
    uint32_t interval_ms = options->retain_interval_ms > 0 ? options->retain_interval_ms
                                                           : (uint32_t)processor_retain_ms;

    if (now_us < p->retain_at_us) {
        return;
    }
    bool more = retain_topic(p, options->topic_ingestion);
    more = retain_topic(p, options->topic_processed) || more;
    more = retain_topic(p, options->topic_dead_letter) || more;
    p->retain_at_us = more ? now_us : mr_monotonic_us() + (int64_t)interval_ms * 1000;
}

/* Events are counted once, by the sink named first; errors over all of them. */
static void update_role(processor *p)
{
    uint64_t events = 0;
    uint64_t errors = 0;
    uint64_t failures = 0;

    for (size_t i = 0; i < p->runner_count; i++) {
        mr_runner_report report;
        mr_runner_read(p->runners[i], &report);
        if (i == 0) {
            events = report.counts.delivered + report.counts.duplicates + report.counts.rejected;
            errors = report.counts.rejected;
        }
        failures += report.failures;
        if (report.failures > p->failures_told[i]) {
            mr_role_set_error(p->role, report.last_error);
            p->failures_told[i] = report.failures;
        }
    }
    mr_role_update(p->role, events, errors + failures);
}

static void work(processor *p)
{
    struct pollfd waits[] = {{.fd = p->signal_fd, .events = POLLIN},
                             {.fd = p->ended_fd, .events = POLLIN}};

    for (;;) {
        struct signalfd_siginfo signal_info;
        int ready = poll(waits, 2, processor_wait_ms_max);
        MR_ASSERT(ready >= 0 || errno == EINTR);
        if (ready > 0 && waits[1].revents != 0) {
            return;
        }
        if (ready > 0 && waits[0].revents != 0 &&
            read(p->signal_fd, &signal_info, sizeof(signal_info)) > 0) {
            mr_log_info("asked to stop; finishing the batches in hand");
            return;
        }
        retain(p);
        update_role(p);
    }
}

/* --- Ending ----------------------------------------------------------------------------------- */

/* The first error a runner ended with, or `status`. */
static mr_status finish(processor *p, mr_status status, mr_err *err)
{
    for (size_t i = 0; i < p->runner_count; i++) {
        mr_runner_stop(p->runners[i]); /* all of them first: they end side by side */
    }
    if (p->runner_count > 0) {
        update_role(p);
    }
    for (size_t i = 0; i < p->runner_count; i++) {
        mr_err runner_err;
        mr_status ended = mr_runner_finish(p->runners[i], &runner_err);
        if (ended != MR_OK && status == MR_OK) {
            status = ended;
            if (err != NULL) {
                *err = runner_err;
            }
        }
    }
    mr_bus_close(p->bus);
    mr_role_close(p->role);
    return status;
}

mr_status mr_processor_run(const mr_processor_options *options, mr_err *err)
{
    processor p = {.options = options, .signal_fd = -1, .ended_fd = -1};

    MR_ASSERT(pthread_sigmask(SIG_SETMASK, NULL, &p.signals_before) == 0);
    p.retain_at_us = mr_monotonic_us();
    mr_status status = start(&p, err);
    if (status == MR_OK) {
        mr_log_info("delivers %s to %s", options->topic_ingestion, options->sinks);
        update_role(&p);
        mr_role_ready(p.role);
        work(&p);
    }
    status = finish(&p, status, err);
    close_waiting(&p);
    return status;
}
