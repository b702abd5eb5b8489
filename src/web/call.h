/* SPDX-License-Identifier: Apache-2.0 */
/* web/call.h - one request of the API, as its handler sees it.
 *
 * A handler runs in a worker's thread, where it may block, and writes its answer into the call. A
 * status other than MR_OK becomes the answer instead (problem.h): MR_NOT_FOUND 404, MR_EXISTS 409,
 * MR_INVALID 422 (400 when no parameter was blamed), MR_LIMIT 413, MR_UNAVAILABLE 503, MR_STOPPED
 * 504, all else 500. err.message is shown for statuses below 500 and only logged for the others.
 *
 * Texts that the call gives live as long as the call. All functions are the handler's thread's, but
 * for mr_web_call_is_over.
 */
#ifndef MR_WEB_CALL_H
#define MR_WEB_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "store/ops.h"
#include "store/ops_access.h"
#include "store/store.h"
#include "web/web.h"

typedef struct mr_web_call mr_web_call;

typedef mr_status (*mr_web_handler)(mr_web_call *call, mr_err *err);

enum { mr_web_answer_bytes_max = 16 * 1048576, mr_web_header_bytes_max = 4096 };

/* --- Who asks --------------------------------------------------------------------------------- */

/* Never NULL on a route that needs a role. */
const mr_user *mr_web_call_user(const mr_web_call *call);

/* A customer sees only what is theirs; the others every customer. MR_NOT_FOUND: not this user's;
 * the refusal is in the audit log, and the answer is the same as for what does not exist. */
mr_status mr_web_call_may_see(mr_web_call *call, int64_t customer_id, mr_err *err);

/* Writes to the audit log: action "sql.run", target "lake", detail the query. Texts are cut to what
 * the log takes. */
mr_status mr_web_call_audit(mr_web_call *call, const char *action, const char *target,
                            mr_text detail, mr_err *err);

/* --- What is asked: input.c ----------------------------------------------------------------------
 * Each returns MR_INVALID after noting which parameter is wrong and why: the answer is a 422 in
 * FastAPI's shape that names it. A parameter given twice is wrong where one is expected. */

/* The index-th {name} of the path, decoded, valid UTF-8, never empty. */
mr_text mr_web_call_path(const mr_web_call *call, size_t index);
mr_status mr_web_call_path_integer(mr_web_call *call, size_t index, const char *name, int64_t least,
                                   int64_t most, int64_t *ret_value, mr_err *err);

/* Absent: .data NULL; at most bytes_max, valid UTF-8. */
mr_status mr_web_query_text(mr_web_call *call, const char *name, size_t bytes_max,
                            mr_text *ret_text, mr_err *err);
/* Every occurrence, in order; at most count_max. */
mr_status mr_web_query_texts(mr_web_call *call, const char *name, size_t bytes_max,
                             size_t count_max, const mr_text **ret_texts, size_t *ret_count,
                             mr_err *err);
mr_status mr_web_query_integer(mr_web_call *call, const char *name, int64_t least, int64_t most,
                               int64_t otherwise, int64_t *ret_value, mr_err *err);
/* "2011-12-09"; absent: *ret_given false. */
mr_status mr_web_query_day(mr_web_call *call, const char *name, bool *ret_given, mr_civil *ret_day,
                           mr_err *err);
/* words: "all|orders|returns"; the index of the one given, `otherwise` when absent. */
mr_status mr_web_query_word(mr_web_call *call, const char *name, const char *words,
                            size_t otherwise, size_t *ret_index, mr_err *err);

bool mr_web_call_has_body(const mr_web_call *call);
/* Members of the JSON object that is the body; a body that is none is MR_INVALID. Absent and null:
 * .data NULL, or `otherwise`; where needed, that is MR_INVALID too. */
mr_status mr_web_body_text(mr_web_call *call, const char *name, bool needed, size_t bytes_max,
                           mr_text *ret_text, mr_err *err);
mr_status mr_web_body_integer(mr_web_call *call, const char *name, int64_t least, int64_t most,
                              int64_t otherwise, int64_t *ret_value, mr_err *err);
mr_status mr_web_body_flag(mr_web_call *call, const char *name, bool otherwise, bool *ret_value,
                           mr_err *err);

/* Any other reason. place: "query", "path", "body"; type: "value_error". Returns MR_INVALID. */
mr_status mr_web_call_fault(mr_web_call *call, const char *place, const char *name,
                            const char *type, const char *message, mr_err *err);

/* --- The answer ------------------------------------------------------------------------------- */

/* The body: JSON unless said otherwise. A body that outgrows it becomes a 500. */
mr_buffer *mr_web_call_out(mr_web_call *call);
void mr_web_call_set_status(mr_web_call *call, int status);                     /* 200 unless set */
void mr_web_call_set_content_type(mr_web_call *call, const char *content_type); /* static text */
/* Neither may hold a control character. */
void mr_web_call_add_header(mr_web_call *call, const char *name, const char *value);

/* Sets the ETag (and Cache-Control: private, no-cache), from what names the data's version
 * ("gold-17"): true when the client has it already: return MR_OK at once, the answer is a 304. */
bool mr_web_call_fresh(mr_web_call *call, const char *version);
/* The same, and true also when this user's role was answered the same question of that version
 * before: return MR_OK at once, the answer is that one. Else the answer, if it is JSON, is kept. */
bool mr_web_call_known(mr_web_call *call, const char *version);

/* Begins a streamed answer: status, headers and content type stand. file_name: what a browser saves
 * it as, or NULL. Then mr_web_call_write instead of mr_web_call_out; it waits while the client
 * reads slowly. MR_STOPPED: the client has left (or the request was a HEAD): return it at once. An
 * error that is returned later cuts the answer off, so that the client sees it is not whole. */
mr_status mr_web_call_stream(mr_web_call *call, const char *content_type, const char *file_name,
                             mr_err *err);
mr_status mr_web_call_write(mr_web_call *call, mr_text text, mr_err *err);

/* --- Time ------------------------------------------------------------------------------------- */

/* When the request came, by mr_monotonic_us: before it waited for a worker. */
int64_t mr_web_call_came_us(const mr_web_call *call);
/* When its time is over. */
int64_t mr_web_call_deadline_us(const mr_web_call *call);
/* What is left of the request's time; at least 1. */
uint32_t mr_web_call_left_ms(const mr_web_call *call);
/* The time is over, or the client has left. From any thread: for what interrupts a query. */
bool mr_web_call_is_over(const mr_web_call *call);

/* --- What handlers work with ------------------------------------------------------------------ */

const mr_web_options *mr_web_call_options(const mr_web_call *call);

/* Of this worker's thread: opened at the first use, kept for its next calls. */
mr_status mr_web_call_store(mr_web_call *call, mr_store **ret_store, mr_err *err); /* to read */
mr_status mr_web_call_ops(mr_web_call *call, mr_ops **ret_ops, mr_err *err);
/* After an error of the store that another connection may not have. */
void mr_web_call_drop_store(mr_web_call *call);

/* Anything else that a worker keeps: its slot is NULL until it is set; destroy is called in the
 * worker's thread when it ends, or with the old value when another is set. */
typedef enum mr_web_slot {
    MR_WEB_SLOT_LAKE,
    MR_WEB_SLOT_QUALITY,
    MR_WEB_SLOT_OPERATIONS,
    MR_WEB_SLOT_SQL,
    MR_WEB_SLOT_DOCUMENTS,
    MR_WEB_SLOT_COUNT,
} mr_web_slot;
void *mr_web_call_slot(const mr_web_call *call, mr_web_slot slot);
void mr_web_call_set_slot(mr_web_call *call, mr_web_slot slot, void *value,
                          void (*destroy)(void *value));

/* State that all calls share, thread-safe by itself: parts.h. */
void *mr_web_call_part(const mr_web_call *call, size_t part);

#endif
