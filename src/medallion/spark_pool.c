/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_pool.c - a run's job as a batch of a Spark pool. See spark_job.h.
 *
 * The batch is submitted by Livy's protocol, as Synapse and Fabric speak it:
 *
 *     POST <pool>/batches  {"name","file","args","conf",...}  -> {"id"}
 *     GET  <pool>/batches/<id>                                -> {"state","log"}
 *     DELETE <pool>/batches/<id>
 *
 * and talks to us by blobs of the lake, in a folder of the run:
 *
 *     _spark/<run>/job.py    request-<n>.json (ours)    answer-<n>.json (its)
 *
 * Nothing tells of a new blob: answers are looked for, more and more seldom, and now and then the
 * batch's state is asked for. A batch whose mailbox stays empty ends by itself (spark/job.py).
 * Owns: the folder, removed at the end; the connections to the pool.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "azure/request.h"
#include "base/civil.h"
#include "base/file.h"
#include "base/random.h"
#include "medallion/spark_job.h"
#include "medallion/spark_properties.h"

enum {
    answer_bytes_max = 256 << 20,
    batch_bytes_max = 1 << 20,
    name_bytes_max = 96,
    place_bytes_max = 320,
    look_ms_min = 50,
    look_ms_max = 1000,
    state_period_ms = 5000,
    start_timeout_ms_default = 300000,
    end_timeout_ms = 30000,
    blobs_max = 64,
};

typedef struct spark_pool {
    mr_spark_job head;
    const mr_spark_options *options;
    mr_blobs *blobs;
    mr_requests *requests;
    char folder[name_bytes_max]; /* "_spark/<run>"; "" until it is made */
    int64_t batch;               /* -1: none */
    uint64_t asked;              /* requests so far */
    mr_buffer answer;
    char place[place_bytes_max]; /* of its log, for messages */
} spark_pool;

/* --- The pool --------------------------------------------------------------------------------- */

static const char *scope_of(const char *pool)
{
    return strstr(pool, "fabric.microsoft.com") != NULL
               ? "https://api.fabric.microsoft.com/.default"
               : "https://dev.azuresynapse.net/.default";
}

static mr_status sign(void *ctx, const mr_request *request, mr_request_try *attempt, mr_err *err)
{
    const spark_pool *pool = ctx;
    mr_buffer token;

    (void)request;
    mr_buffer_init(&token, mr_azure_token_bytes_max);
    (void)mr_buffer_append_string(&token, "Bearer ");
    mr_status status = mr_azure_credential_token(pool->options->credential,
                                                 scope_of(pool->options->pool), &token, err);
    if (status == MR_OK && mr_buffer_append(&token, "", 1)) {
        mr_request_try_header(attempt, "Authorization", token.data);
    }
    mr_buffer_free(&token);
    return status;
}

/* <pool>/batches<rest>; the answer is a document. MR_IO: the pool refuses, err has what it says. */
static mr_status call(spark_pool *pool, const char *method, const char *rest, mr_text body,
                      mr_request_effect effect, yyjson_doc **ret_answer, mr_err *err)
{
    static const mr_property json = {"Content-Type", "application/json"};
    mr_buffer url;
    mr_buffer answer;
    mr_request_result result = {.status = 0};

    mr_buffer_init(&url, 4096);
    mr_buffer_init(&answer, batch_bytes_max);
    (void)mr_buffer_printf(&url, "%s/batches%s", pool->options->pool, rest);
    (void)mr_buffer_append(&url, "", 1);
    const mr_request request = {.method = method,
                                .url = url.data,
                                .headers = &json,
                                .header_count = 1,
                                .effect = effect,
                                .sign = pool->options->credential != NULL ? sign : NULL,
                                .sign_ctx = pool,
                                .body = body,
                                .answer = &answer};
    mr_status status = mr_request_send(pool->requests, &request, &result, err);
    if (status == MR_OK && (result.status < 200 || result.status > 299)) {
        status = mr_fail(err, MR_IO, "the Spark pool answers %s with %d: %.*s", method,
                         result.status, (int)(answer.bytes < 120 ? answer.bytes : 120),
                         answer.bytes > 0 ? answer.data : "");
    }
    if (status == MR_OK) {
        *ret_answer = yyjson_read(answer.bytes > 0 ? answer.data : "{}",
                                  answer.bytes > 0 ? answer.bytes : 2, 0);
    }
    mr_buffer_free(&answer);
    mr_buffer_free(&url);
    return status;
}

static void put_text(mr_buffer *out, const char *key, const char *text)
{
    (void)mr_buffer_printf(out, ",\"%s\":", key);
    (void)mr_buffer_append_json_string(out, mr_text_of(text));
}

/* What the protocol has a field for is one, the others are properties. */
static void put_properties(const mr_spark_properties *properties, mr_buffer *body)
{
    static const char *const fields[][2] = {
        {"spark.driver.memory", "driverMemory"},
        {"spark.executor.memory", "executorMemory"},
    };
    static const char *const numbers[][2] = {
        {"spark.driver.cores", "driverCores"},
        {"spark.executor.cores", "executorCores"},
        {"spark.executor.instances", "numExecutors"},
    };
    const char *comma = "";
    const char *value;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        value = mr_spark_property(properties, fields[i][0]);
        if (value != NULL) {
            put_text(body, fields[i][1], value);
        }
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int64_t number = 0;
        value = mr_spark_property(properties, numbers[i][0]);
        if (value != NULL && mr_parse_int64(mr_text_of(value), &number)) {
            (void)mr_buffer_printf(body, ",\"%s\":%" PRId64, numbers[i][1], number);
        }
    }
    (void)mr_buffer_append_string(body, ",\"conf\":{");
    for (size_t i = 0; i < properties->count; i++) {
        (void)mr_buffer_append_string(body, comma);
        (void)mr_buffer_append_json_string(body, mr_text_of(properties->items[i].name));
        (void)mr_buffer_append_string(body, ":");
        (void)mr_buffer_append_json_string(body, mr_text_of(properties->items[i].value));
        comma = ",";
    }
    (void)mr_buffer_append_string(body, "}");
}

static mr_status submit(spark_pool *pool, mr_err *err)
{
    mr_spark_properties properties = {.count = 0};
    yyjson_doc *answer = NULL;
    mr_buffer body;
    mr_buffer place;
    mr_status status = mr_spark_properties_read(pool->options->properties, &properties, err);

    mr_buffer_init(&body, batch_bytes_max);
    mr_buffer_init(&place, 4096);
    (void)mr_buffer_printf(&place, "mailbox:%s/%s", pool->options->lake, pool->folder);
    (void)mr_buffer_printf(&body, "{\"name\":\"millrace-%s\",\"args\":[",
                           strchr(pool->folder, '/') + 1);
    (void)mr_buffer_append_json_string(&body, mr_buffer_text(&place));
    (void)mr_buffer_append_string(&place, "/job.py");
    (void)mr_buffer_append(&place, "", 1);
    (void)mr_buffer_append_string(&body, "]");
    put_text(&body, "file", place.data + strlen("mailbox:"));
    put_properties(&properties, &body);
    (void)mr_buffer_append_string(&body, "}");
    if (status == MR_OK) {
        status = call(pool, "POST", "", mr_buffer_text(&body), MR_REQUEST_ONCE, &answer, err);
    }
    if (status == MR_OK) {
        yyjson_val *id = yyjson_obj_get(yyjson_doc_get_root(answer), "id");
        pool->batch = yyjson_is_int(id) ? yyjson_get_sint(id) : -1;
        (void)snprintf(pool->place, sizeof(pool->place), "batch %" PRId64 " of %.250s", pool->batch,
                       pool->options->pool);
        status = pool->batch >= 0 ? MR_OK
                                  : mr_fail(err, MR_IO, "the Spark pool gave the batch no number");
    }
    yyjson_doc_free(answer);
    mr_spark_properties_free(&properties);
    mr_buffer_free(&body);
    mr_buffer_free(&place);
    return status;
}

/* MR_IO: the batch has ended. A pool that is away for a while is no reason to give up. */
static mr_status look_at_batch(spark_pool *pool, mr_err *err)
{
    static const char *const ended[] = {"error", "dead", "killed", "success"};
    yyjson_doc *answer = NULL;
    char rest[32];
    mr_err unheard;

    (void)snprintf(rest, sizeof(rest), "/%" PRId64, pool->batch);
    if (call(pool, "GET", rest, MR_TEXT_LITERAL(""), MR_REQUEST_READS, &answer, &unheard) !=
        MR_OK) {
        return MR_OK;
    }
    yyjson_val *root = yyjson_doc_get_root(answer);
    const char *state = yyjson_get_str(yyjson_obj_get(root, "state"));
    yyjson_val *log = yyjson_obj_get(root, "log");
    const char *last = yyjson_get_str(yyjson_arr_get_last(log));
    mr_status status = MR_OK;
    for (size_t i = 0; state != NULL && i < sizeof(ended) / sizeof(ended[0]); i++) {
        if (strcmp(state, ended[i]) == 0) {
            status = mr_fail(err, MR_IO, "Spark's job has ended (%s): %.100s; %s", state,
                             last != NULL ? last : "it says nothing", pool->place);
        }
    }
    yyjson_doc_free(answer);
    return status;
}

/* --- The mailbox ------------------------------------------------------------------------------ */

static void name_blob(const spark_pool *pool, const char *what, char name[static name_bytes_max])
{
    (void)snprintf(name, name_bytes_max, "%.60s/%s-%" PRIu64 ".json", pool->folder, what,
                   pool->asked);
}

static mr_status wait_for_answer(spark_pool *pool, const char *name, mr_err *err)
{
    const uint32_t start_ms = pool->options->start_timeout_ms > 0 ? pool->options->start_timeout_ms
                                                                  : start_timeout_ms_default;
    const int64_t began_us = mr_monotonic_us();
    int64_t looked_us = began_us;
    int pause_ms = look_ms_min;
    mr_status status = MR_NOT_FOUND;

    while (status == MR_NOT_FOUND) {
        mr_buffer_clear(&pool->answer);
        status = mr_blob_read(pool->blobs, name, &pool->answer, err);
        if (status != MR_NOT_FOUND) {
            break;
        }
        const int64_t now_us = mr_monotonic_us();
        if (now_us - looked_us > (int64_t)state_period_ms * 1000) {
            looked_us = now_us;
            mr_status state = look_at_batch(pool, err);
            if (state != MR_OK) {
                return state;
            }
        }
        if (pool->asked == 1 && now_us - began_us > (int64_t)start_ms * 1000) {
            return mr_fail(err, MR_UNAVAILABLE, "Spark has not started within %u s; %s",
                           start_ms / 1000, pool->place);
        }
        (void)poll(NULL, 0, pause_ms); /* nothing tells of a new blob */
        pause_ms = pause_ms * 3 / 2 < look_ms_max ? pause_ms * 3 / 2 : look_ms_max;
    }
    return status;
}

static mr_status ask(mr_spark_job *head, mr_text request, mr_text *ret_answer, mr_err *err)
{
    spark_pool *pool = (spark_pool *)head;
    char asking[name_bytes_max];
    char answering[name_bytes_max];

    pool->asked++;
    name_blob(pool, "request", asking);
    name_blob(pool, "answer", answering);
    mr_status status = mr_blob_create(pool->blobs, asking, request, err);
    if (status == MR_OK) {
        status = wait_for_answer(pool, answering, err);
    }
    if (status == MR_OK && !mr_buffer_append(&pool->answer, "", 1)) {
        status = mr_fail(err, MR_LIMIT, "Spark's answer is longer than %d bytes", answer_bytes_max);
    }
    if (status == MR_OK) {
        *ret_answer = (mr_text){pool->answer.data, pool->answer.bytes - 1};
        (void)mr_blob_delete(pool->blobs, asking, NULL); /* else the end does */
        (void)mr_blob_delete(pool->blobs, answering, NULL);
    }
    return status;
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static const char *log_of(const mr_spark_job *head)
{
    return ((const spark_pool *)head)->place;
}

typedef struct names {
    char *items[blobs_max];
    size_t count;
} names;

static bool note_name(void *ctx, const mr_blob *blob)
{
    names *list = ctx;

    list->items[list->count++] = mr_copy_string(blob->name);
    return list->count < blobs_max;
}

static void remove_mailbox(spark_pool *pool)
{
    char prefix[name_bytes_max + 1];
    names list = {.count = 0};

    (void)snprintf(prefix, sizeof(prefix), "%s/", pool->folder);
    (void)mr_blob_list(pool->blobs, prefix, NULL, note_name, &list, NULL);
    for (size_t i = 0; i < list.count; i++) {
        (void)mr_blob_delete(pool->blobs, list.items[i], NULL);
        free(list.items[i]);
    }
}

static void end_batch(spark_pool *pool)
{
    const int64_t began_us = mr_monotonic_us();
    yyjson_doc *answer = NULL;
    char name[name_bytes_max];
    char rest[32];
    mr_err unheard;

    pool->asked++;
    name_blob(pool, "request", name);
    bool ended =
        mr_blob_create(pool->blobs, name, MR_TEXT_LITERAL("{\"do\":\"end\"}"), NULL) != MR_OK;
    while (!ended && mr_monotonic_us() - began_us < (int64_t)end_timeout_ms * 1000) {
        ended = look_at_batch(pool, &unheard) != MR_OK;
        if (!ended) {
            (void)poll(NULL, 0, look_ms_max / 2); /* nothing tells of its end */
        }
    }
    (void)snprintf(rest, sizeof(rest), "/%" PRId64, pool->batch);
    (void)call(pool, "DELETE", rest, MR_TEXT_LITERAL(""), MR_REQUEST_REPEATS, &answer, &unheard);
    yyjson_doc_free(answer);
}

static void end_job(mr_spark_job *head)
{
    spark_pool *pool = (spark_pool *)head;

    if (pool->batch >= 0) {
        end_batch(pool);
    }
    if (pool->folder[0] != '\0') {
        remove_mailbox(pool);
    }
    mr_requests_destroy(pool->requests);
    mr_buffer_free(&pool->answer);
    free(pool);
}

static const mr_spark_job_ops ops = {.ask = ask, .log = log_of, .end = end_job};

static mr_status put_job(spark_pool *pool, mr_err *err)
{
    uint8_t random[8];
    char hex[17];
    char name[name_bytes_max];

    mr_random_secret(random, sizeof(random));
    mr_hex_encode(random, sizeof(random), hex);
    (void)snprintf(pool->folder, sizeof(pool->folder), "_spark/%s", hex);
    (void)snprintf(name, sizeof(name), "%.60s/job.py", pool->folder);
    return mr_blob_create(pool->blobs, name, (mr_text){mr_embed_job_py, mr_embed_job_py_bytes},
                          err);
}

mr_status mr_spark_pool_submit(mr_blobs *blobs, const mr_spark_options *options,
                               mr_spark_job **ret_job, mr_err *err)
{
    const mr_requests_options requests = {.ca_file = options->ca_file};
    spark_pool *pool;

    if (options->lake == NULL) {
        return mr_fail(err, MR_INVALID,
                       "a Spark pool must be told where the lake is: set MILLRACE_SPARK_LAKE");
    }
    pool = mr_alloc_zero(1, sizeof(*pool));
    *pool = (spark_pool){.head = {&ops}, .options = options, .blobs = blobs, .batch = -1};
    pool->requests = mr_requests_create(&requests);
    mr_buffer_init(&pool->answer, answer_bytes_max);
    mr_status status = put_job(pool, err);
    if (status == MR_OK) {
        status = submit(pool, err);
    }
    if (status != MR_OK) {
        end_job(&pool->head);
        return status;
    }
    *ret_job = &pool->head;
    return MR_OK;
}
