/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes_receipt.c - GET /receipts/{event_id}: what became of an event.
 *
 * The store and the log are read by a worker of its own, so that neither singles nor batches wait
 * for it. Owns: the job, from the request to its answer.
 */
#include "gateway/admit.h"
#include "gateway/answers.h"
#include "gateway/receipt.h"
#include "gateway/routes.h"

enum {
    receipt_body_bytes_max = 4096,
    search_records_max = 2000000,
    search_us_max = 2000000,
};

typedef struct receipt_job {
    mr_work work; /* first: find_receipt gets the job back */
    mr_http_task task;
    mr_gateway *gateway;
    mr_http_loop *loop;
    mr_http_request *request;
    mr_event_id id;
    mr_receipt receipt; /* meaningful when status is MR_OK */
    mr_status status;
    mr_err err;
} receipt_job;

void *mr_receipt_worker_create(void *ctx)
{
    mr_gateway *gateway = ctx;

    return mr_receipt_finder_create(&(mr_receipt_options){
        .bus = gateway->bus,
        .topic = gateway->options.topic,
        .store = gateway->options.store,
        .records_max = search_records_max,
        .search_us_max = search_us_max,
    });
}

void mr_receipt_worker_destroy(void *worker)
{
    mr_receipt_finder_destroy(worker);
}

/* In the worker's thread. */
static void find_receipt(mr_work *work, void *worker)
{
    receipt_job *job = (receipt_job *)work;

    job->status = mr_receipt_find(worker, &job->id, &job->receipt, &job->err);
    mr_http_loop_post(job->loop, &job->task);
}

static void answer_found(const receipt_job *job)
{
    const mr_store_receipt *where = &job->receipt.where;
    char id[33];
    mr_buffer body;

    mr_event_id_format(&job->id, id);
    mr_buffer_init(&body, receipt_body_bytes_max);
    mr_buffer_printf(&body, "{\"event_id\":\"%s\",\"log\":{\"topic\":", id);
    mr_buffer_append_json_string(&body, mr_text_of(job->gateway->options.topic));
    mr_buffer_printf(&body, ",\"partition\":%d,\"offset\":%lld},\"store\":{", where->partition,
                     (long long)where->offset);
    if (job->receipt.state == MR_RECEIPT_STORED) {
        mr_buffer_append_string(&body, "\"state\":\"stored\",\"invoice_no\":");
        mr_buffer_append_json_string(&body, mr_text_of(where->invoice_no));
    } else {
        mr_buffer_printf(&body, "\"state\":\"pending\",\"lag\":%llu",
                         (unsigned long long)job->receipt.lag);
    }
    mr_buffer_append_string(&body, "}}");
    MR_ASSERT(!body.overflowed);
    mr_http_request_answer(job->request,
                           &(mr_http_answer){.status = 200, .body = mr_buffer_text(&body)});
    mr_buffer_free(&body);
}

static void answer_receipt(mr_http_task *task)
{
    receipt_job *job = (receipt_job *)((char *)task - offsetof(receipt_job, task));

    if (job->status != MR_OK) {
        mr_answer_unavailable(job->request, "The receipt cannot be looked up: %s.",
                              job->err.message);
    } else if (job->receipt.state == MR_RECEIPT_UNKNOWN) {
        mr_answer_refuse(job->request, 404, NULL,
                         "No event of this id is in the store or in what the log still holds for "
                         "it. If it was accepted, the dead letters may hold it: `millrace dlq`.");
    } else if (job->receipt.state == MR_RECEIPT_UNDECIDED) {
        mr_answer_refuse(job->request, 503, "Retry-After: 5\r\n",
                         "Not in the store yet, and the log is %llu events ahead of it, too many "
                         "to search. Ask again later.",
                         (unsigned long long)job->receipt.lag);
    } else {
        answer_found(job);
    }
}

void mr_route_receipt(mr_http_request *request, void *ctx)
{
    mr_gateway *gateway = ctx;
    mr_client client;
    receipt_job *job;
    mr_event_id id;

    if (!mr_admit_client(request, &client)) {
        return;
    }
    if (!mr_event_id_parse(mr_http_request_parameter(request, 0), &id)) {
        mr_answer_path_fault(request, "event_id", "event_id_parsing",
                             "Input should be 32 hexadecimal digits");
        return;
    }
    job = mr_alloc_zero(1, sizeof *job);
    job->work.run = find_receipt;
    job->task.run = answer_receipt;
    job->gateway = gateway;
    job->loop = mr_http_request_loop(request);
    job->request = request;
    job->id = id;
    /* The request frees it: at the answer, or when the server ends without one. */
    mr_http_request_set_user(request, job, free);
    if (!mr_workers_submit(gateway->receipts, &job->work)) {
        mr_counter_add(gateway->counts.answers_busy, 1);
        mr_answer_unavailable(request, "Too many receipts are being looked up (%d). Ask again.",
                              mr_gateway_receipt_jobs_max);
    }
}
