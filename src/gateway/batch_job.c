/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/batch_job.c - one POST /invoicedata/batch, from its body to its answer.
 *
 * A worker parses the body into bus batches and submits each as it fills; it does not wait for the
 * last to become durable but goes on with the next body. Whoever ends the job's last part (the
 * worker's parsing, or the bus's thread with a batch) posts it back to its loop, which answers.
 *
 * Owns:       the job, until its answer; its place in the loop's list of jobs (the loop's thread).
 * Invariants: (1) 201 is answered only when every good event is durable;
 *             (2) the body is not touched after `parsed` is set, so only then may the request be
 *                 answered early.
 */
#include "gateway/batch_job.h"

#include <stdatomic.h>

#include "base/civil.h"
#include "gateway/answers.h"

enum {
    part_events_max = 5000,
    error_item_bytes_max = 8192,
    errors_bytes_max = 4 * 1048576,
    head_bytes_max = 8192,
};

struct mr_batch_job {
    mr_work work; /* first: run gets the job back */
    mr_http_task task;
    mr_gateway *gateway;
    mr_gateway_loop *loop;
    mr_http_loop *http_loop;
    mr_http_request *request; /* the loop's; NULL: answered */
    mr_batch_job *next, *previous;
    mr_client client;
    char *body;
    size_t body_bytes;
    int64_t started_us;

    /* The worker's until it has parsed; then the loop's. */
    mr_pooled_batch *open;
    mr_buffer errors; /* items, with commas between */
    uint64_t seen, refused, listed;
    uint32_t lane; /* of all parts, so that an invoice that lies in two keeps its order */
    uint32_t retry_after_seconds; /* not 0: over the rate limit, nothing was parsed */
    atomic_bool parsed;

    atomic_uint parts; /* the parsing, and each batch under way */
    atomic_bool failed;
    pthread_mutex_t mutex;
    uint64_t accepted; /* guarded by mutex, like the rest */
    int32_t partition; /* meaningful when accepted is not 0, as are the two below */
    bool scattered;    /* over several partitions: first and last mean nothing */
    int64_t first_offset;
    int64_t last_offset;
    mr_err err; /* of the first failure */
};

typedef struct batch_worker {
    mr_event_parser *parser;
    mr_buffer record; /* one event's canonical JSON */
} batch_worker;

void *mr_batch_worker_create(void *ctx)
{
    batch_worker *worker = mr_alloc_zero(1, sizeof *worker);

    (void)ctx; /* the same for every gateway */
    worker->parser = mr_event_parser_create();
    mr_buffer_init(&worker->record, mr_gateway_event_text_bytes_max);
    return worker;
}

void mr_batch_worker_destroy(void *state)
{
    batch_worker *worker = state;

    mr_event_parser_destroy(worker->parser);
    mr_buffer_free(&worker->record);
    free(worker);
}

static void free_job(mr_batch_job *job)
{
    pthread_mutex_destroy(&job->mutex);
    mr_buffer_free(&job->errors);
    free(job);
}

/* --- Parts ---------------------------------------------------------------------------------- */

static void note_failure(mr_batch_job *job, const mr_err *err)
{
    pthread_mutex_lock(&job->mutex);
    if (!atomic_exchange(&job->failed, true)) {
        job->err = *err;
    }
    pthread_mutex_unlock(&job->mutex);
}

static bool is_scattered(const mr_bus_batch *batch, size_t count)
{
    int32_t partition = mr_bus_batch_position(batch, 0).partition;

    for (size_t i = 1; i < count; i++) {
        if (mr_bus_batch_position(batch, i).partition != partition) {
            return true;
        }
    }
    return false;
}

static void note_durable(mr_batch_job *job, const mr_bus_batch *batch)
{
    size_t count = mr_bus_batch_count(batch);
    bool scattered = is_scattered(batch, count);
    int32_t partition = mr_bus_batch_position(batch, 0).partition;
    int64_t first = mr_bus_batch_position(batch, 0).offset;
    int64_t last = mr_bus_batch_position(batch, count - 1).offset;

    pthread_mutex_lock(&job->mutex);
    job->scattered =
        job->scattered || scattered || (job->accepted > 0 && job->partition != partition);
    job->partition = partition;
    if (job->accepted == 0 || first < job->first_offset) {
        job->first_offset = first;
    }
    if (job->accepted == 0 || last > job->last_offset) {
        job->last_offset = last;
    }
    job->accepted += count;
    pthread_mutex_unlock(&job->mutex);
}

/* The job may be gone afterwards. */
static void end_part(mr_batch_job *job)
{
    if (atomic_fetch_sub(&job->parts, 1) == 1) {
        mr_http_loop_post(job->http_loop, &job->task);
    }
}

/* In the bus's thread. */
static void part_done(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    mr_pooled_batch *part = ctx;
    mr_batch_job *job = part->owner;
    mr_gateway *gateway = job->gateway;

    if (err != NULL) {
        note_failure(job, err);
        mr_health_append_failed(gateway->health, err);
        mr_counter_add(gateway->counts.appends_failed, 1);
    } else {
        note_durable(job, batch);
        mr_health_append_succeeded(gateway->health);
        mr_counter_add(gateway->counts.events_batch, mr_bus_batch_count(batch));
        mr_histogram_observe_us(gateway->counts.append_us,
                                (uint64_t)(mr_monotonic_us() - part->submitted_us));
    }
    mr_batch_pool_give(gateway->batches, part);
    end_part(job);
}

static void submit_open(mr_batch_job *job)
{
    mr_pooled_batch *part = job->open;
    mr_gateway *gateway = job->gateway;
    mr_err err;

    job->open = NULL;
    if (part == NULL) {
        return;
    }
    if (mr_bus_batch_count(part->batch) == 0) {
        mr_batch_pool_give(gateway->batches, part);
        return;
    }
    part->owner = job;
    part->submitted_us = mr_monotonic_us();
    atomic_fetch_add(&job->parts, 1);
    if (mr_bus_submit(gateway->lanes.producers[job->lane], part->batch, part_done, part, &err) !=
        MR_OK) {
        atomic_fetch_sub(&job->parts, 1); /* never the last: the parsing is still a part */
        note_failure(job, &err);
        mr_batch_pool_give(gateway->batches, part);
    }
}

/* --- The worker ------------------------------------------------------------------------------- */

static bool open_part(mr_batch_job *job)
{
    mr_err err;

    job->open = mr_batch_pool_take(job->gateway->batches, job->gateway->options.request_timeout_ms);
    if (job->open == NULL) {
        (void)mr_fail(&err, MR_UNAVAILABLE, "the log is behind: no batch became free in %u ms",
                      job->gateway->options.request_timeout_ms);
        note_failure(job, &err);
        return false;
    }
    return true;
}

/* false: the log cannot take it, or the rest. */
static bool add_event(mr_batch_job *job, batch_worker *worker, const mr_event *event)
{
    mr_text record;

    mr_buffer_clear(&worker->record);
    /* The stream's own limit on an event is far below the record's and the part's. */
    MR_ASSERT(mr_event_write_json(event, &worker->record));
    record = mr_buffer_text(&worker->record);
    if (job->open != NULL && mr_bus_batch_count(job->open->batch) < part_events_max &&
        mr_bus_batch_add(job->open->batch, event->invoice_no, record)) {
        return true;
    }
    if (job->seen - job->refused == 1) { /* the first event names the lane of all */
        job->lane = mr_lanes_of(&job->gateway->lanes, event->invoice_no);
    }
    submit_open(job);
    if (atomic_load_explicit(&job->failed, memory_order_relaxed) || !open_part(job)) {
        return false;
    }
    MR_ASSERT(mr_bus_batch_add(job->open->batch, event->invoice_no, record));
    return true;
}

static void note_refused(mr_batch_job *job, uint64_t number, const mr_event_faults *faults)
{
    mr_buffer *errors = &job->errors;

    job->refused++;
    if (job->listed == mr_batch_errors_listed_max ||
        errors->bytes + error_item_bytes_max > errors->bytes_max) {
        return;
    }
    job->listed++;
    mr_buffer_printf(errors, "%s{\"line\":%llu,\"detail\":", errors->bytes > 0 ? "," : "",
                     (unsigned long long)number);
    mr_answer_write_faults(errors, faults);
    mr_buffer_append(errors, "}", 1);
}

static void parse_body(mr_batch_job *job, batch_worker *worker)
{
    mr_event event;
    mr_event_faults faults;
    uint64_t number;
    mr_status st;

    mr_event_stream_start(worker->parser, job->body, job->body_bytes);
    while ((st = mr_event_stream_next(worker->parser, &event, &faults, &number)) != MR_NOT_FOUND) {
        job->seen++;
        if (st == MR_INVALID) {
            note_refused(job, number, &faults);
        } else if (!add_event(job, worker, &event)) {
            break;
        }
    }
    submit_open(job);
}

/* What a body costs against a rate limit, without parsing it: its lines, or an array's objects. */
static uint64_t estimate_events(const char *body, size_t bytes)
{
    const char *end = body + bytes;
    const char *at = body;
    uint64_t count = 0;
    char mark;

    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) {
        at++;
    }
    mark = at < end && *at == '[' ? '{' : '\n';
    while (at < end && (at = memchr(at, mark, (size_t)(end - at))) != NULL) {
        count++;
        at++;
    }
    if (mark == '\n' && bytes > 0 && body[bytes - 1] != '\n') {
        count++;
    }
    return count > 0 ? count : 1;
}

static void run_job(mr_work *work, void *state)
{
    mr_batch_job *job = (mr_batch_job *)work;
    uint64_t cost = 0;

    if (job->gateway->rate_limit != NULL) {
        cost = estimate_events(job->body, job->body_bytes);
    }
    if (mr_admit_events(job->gateway, &job->client, cost, &job->retry_after_seconds)) {
        parse_body(job, state);
    }
    atomic_store(&job->parsed, true);
    end_part(job);
}

/* --- The answer ------------------------------------------------------------------------------- */

static void write_offset(mr_buffer *out, const char *name, bool known, int64_t offset)
{
    if (known) {
        mr_buffer_printf(out, ",\"%s\":%lld", name, (long long)offset);
    } else {
        mr_buffer_printf(out, ",\"%s\":null", name);
    }
}

static void write_body(const mr_batch_job *job, mr_buffer *out)
{
    bool any = job->accepted > 0 && !job->scattered;

    mr_buffer_append(out, "{", 1);
    if (atomic_load(&job->failed)) {
        mr_buffer_append_string(out, "\"detail\":");
        mr_buffer_append_json_string(out, mr_text_of(job->err.message));
        mr_buffer_append(out, ",", 1);
    }
    mr_buffer_printf(out, "\"accepted\":%llu,\"refused\":%llu", (unsigned long long)job->accepted,
                     (unsigned long long)job->refused);
    write_offset(out, "first_offset", any, job->first_offset);
    write_offset(out, "last_offset", any, job->last_offset);
    mr_buffer_append_string(out, ",\"errors\":[");
    mr_buffer_append_text(out, mr_buffer_text(&job->errors));
    mr_buffer_printf(out, "],\"errors_omitted\":%llu}",
                     (unsigned long long)(job->refused - job->listed));
    MR_ASSERT(!out->overflowed);
}

static void answer_counts(mr_batch_job *job)
{
    mr_buffer body;
    mr_http_answer answer = {.status = 201};

    if (atomic_load(&job->failed)) {
        mr_counter_add(job->gateway->counts.answers_busy, 1);
        answer.status = 503;
        answer.headers = "Retry-After: 1\r\n";
    } else if (job->accepted == 0) {
        answer.status = 422;
    }
    mr_buffer_init(&body, errors_bytes_max + head_bytes_max);
    write_body(job, &body);
    answer.body = mr_buffer_text(&body);
    mr_http_request_answer(job->request, &answer);
    mr_buffer_free(&body);
}

static void answer_job(mr_batch_job *job)
{
    mr_counter_add(job->gateway->counts.events_refused, job->refused);
    if (job->request == NULL) {
        return;
    }
    if (job->retry_after_seconds != 0) {
        mr_admit_answer_limited(job->request, job->retry_after_seconds);
    } else if (job->seen == 0) {
        mr_answer_refuse(job->request, 400, NULL,
                         "The body holds no events: send one JSON object a line, or an array.");
    } else {
        answer_counts(job);
    }
}

static void link_job(mr_gateway_loop *loop, mr_batch_job *job)
{
    job->next = loop->jobs;
    if (job->next != NULL) {
        job->next->previous = job;
    }
    loop->jobs = job;
}

static void unlink_job(mr_gateway_loop *loop, mr_batch_job *job)
{
    if (job->previous != NULL) {
        job->previous->next = job->next;
    } else {
        MR_ASSERT(loop->jobs == job);
        loop->jobs = job->next;
    }
    if (job->next != NULL) {
        job->next->previous = job->previous;
    }
}

static void end_job(mr_http_task *task)
{
    mr_batch_job *job = (mr_batch_job *)((char *)task - offsetof(mr_batch_job, task));

    MR_ASSERT(atomic_load(&job->parts) == 0 && job->open == NULL);
    unlink_job(job->loop, job);
    answer_job(job);
    free_job(job);
}

mr_status mr_batch_job_start(mr_gateway_loop *loop, mr_http_request *request,
                             const mr_client *client, mr_err *err)
{
    mr_batch_job *job = mr_alloc_zero(1, sizeof *job);

    job->work.run = run_job;
    job->task.run = end_job;
    job->gateway = loop->gateway;
    job->loop = loop;
    job->http_loop = mr_http_request_loop(request);
    job->request = request;
    job->client = *client;
    job->body = mr_http_request_body(request, &job->body_bytes);
    job->started_us = mr_monotonic_us();
    mr_buffer_init(&job->errors, errors_bytes_max);
    pthread_mutex_init(&job->mutex, NULL);
    atomic_init(&job->parts, 1);
    atomic_init(&job->parsed, false);
    atomic_init(&job->failed, false);
    link_job(loop, job);
    if (!mr_workers_submit(loop->gateway->workers, &job->work)) {
        unlink_job(loop, job);
        free_job(job);
        return mr_fail(err, MR_UNAVAILABLE, "%d batches wait already", mr_gateway_batch_jobs_max);
    }
    return MR_OK;
}

void mr_batch_jobs_expire(mr_gateway_loop *loop, int64_t before_us)
{
    for (mr_batch_job *job = loop->jobs; job != NULL; job = job->next) {
        mr_http_request *request = job->request;
        if (request != NULL && job->started_us < before_us && atomic_load(&job->parsed)) {
            job->request = NULL;
            mr_answer_unavailable(request, "The log did not confirm the batch in time; events of "
                                           "it may be stored. Send it again: an event is counted "
                                           "once.");
        }
    }
}

void mr_batch_jobs_abandon(mr_gateway_loop *loop)
{
    mr_batch_job *job = loop->jobs;

    loop->jobs = NULL;
    while (job != NULL) {
        mr_batch_job *next = job->next;
        MR_ASSERT(atomic_load(&job->parts) == 0);
        free_job(job);
        job = next;
    }
}
