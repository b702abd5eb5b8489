/* SPDX-License-Identifier: Apache-2.0 */
/* web/fixture.h - a web in this process, on a free port over a temporary folder, users to sign in
 * with, and a blocking client. Each exchange is a connection of its own.
 */
#ifndef MR_TESTS_WEB_FIXTURE_H
#define MR_TESTS_WEB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <yyjson.h>

#include "base/memory.h"
#include "http/client.h"
#include "http/server_folder.h"
#include "store/ops.h"
#include "store/ops_access.h"
#include "web/web.h"

enum { fixture_answer_bytes_max = 4 * 1048576, fixture_wait_s = 20 };

typedef struct fixture {
    char folder[server_folder_bytes];
    mr_web_options options;
    mr_web *web;
} fixture;

/* A signed-in client; zeroed: a stranger. */
typedef struct visitor {
    char cookie[128]; /* "millrace_session=..." */
    char csrf[80];
} visitor;

typedef struct reply {
    int status;
    char *text;       /* all of it, NUL behind it */
    const char *body; /* in text */
} reply;

static inline mr_web_options fixture_options(const char *folder)
{
    return (mr_web_options){
        .http =
            {
                .address = "127.0.0.1:0",
                .loops = 1,
                .connections_max = 256,
                .header_bytes_max = 16384,
                .buffer_bytes_max = 16 * 1048576,
                .header_timeout_ms = 10000,
                .body_timeout_ms = 10000,
                .idle_timeout_ms = 10000,
                .write_timeout_ms = 10000,
            },
        .workers = 2,
        .query_timeout_ms = 10000,
        .drain_timeout_ms = 2000,
        .session_idle_ms = 3600000,
        .session_max_ms = 7200000,
        .shop = "A \"shop\"",
        .data_folder = folder,
        .store = {.url = "sqlite:", .data_folder = folder},
        .bus = {.url = "embedded:", .data_folder = folder, .queue_bytes_max = 1048576},
        .topic_ingestion = "ingestion-topic",
        .topic_dead_letter = "dead-letter-topic",
        .lake = {.url = "file:", .data_folder = folder},
        .olap_memory_bytes = 128 * 1048576,
        .sales_memory_bytes = 64 * 1048576,
        .sql_memory_bytes = 64 * 1048576,
        .olap_threads = 1,
    };
}

static inline fixture *fixture_create(void)
{
    fixture *f = mr_alloc_zero(1, sizeof *f);

    server_folder_make("web", f->folder);
    f->options = fixture_options(f->folder);
    return f;
}

static inline void fixture_start(fixture *f)
{
    mr_err err = {0};

    if (mr_web_start(&f->options, &f->web, &err) != MR_OK) {
        fail_msg("the web did not start: %s", err.message);
    }
}

static inline void fixture_stop(fixture *f)
{
    mr_web_stop(f->web);
    f->web = NULL;
}

static inline void fixture_destroy(fixture *f)
{
    fixture_stop(f);
    server_folder_remove(f->folder);
    free(f);
}

static inline mr_ops *fixture_ops(const fixture *f)
{
    mr_ops *ops = NULL;

    assert_int_equal(mr_ops_open(f->folder, &ops, NULL), MR_OK);
    return ops;
}

/* --- Exchanges -------------------------------------------------------------------------------- */

static inline int fixture_connect(const fixture *f)
{
    const struct timeval wait = {.tv_sec = fixture_wait_s};
    int fd = client_connect(mr_web_port(f->web));

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    return fd;
}

/* headers: extra ones, each with its CRLF; body NULL: none. head_only: what comes after the head is
 * not waited for (streams). */
static inline reply exchange(const fixture *f, const visitor *who, const char *method,
                             const char *path, const char *headers, const char *body,
                             bool head_only)
{
    static char request[16384];
    int fd = fixture_connect(f);
    size_t used = 0;
    ssize_t moved = 0;
    char length[64] = "";
    reply r = {.text = mr_alloc(fixture_answer_bytes_max + 1)};

    if (body != NULL) {
        (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(body));
    }
    int bytes =
        snprintf(request, sizeof request,
                 "%s %s HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n%s%s%s%s%s%s%s%s\r\n%s",
                 method, path, who->cookie[0] != '\0' ? "Cookie: " : "", who->cookie,
                 who->cookie[0] != '\0' ? "\r\n" : "", who->csrf[0] != '\0' ? "X-CSRF-Token: " : "",
                 who->csrf, who->csrf[0] != '\0' ? "\r\n" : "", headers != NULL ? headers : "",
                 length, body != NULL ? body : "");
    assert_true(bytes > 0 && (size_t)bytes < sizeof request);
    client_send_text(fd, request);
    while (used < fixture_answer_bytes_max &&
           (moved = recv(fd, r.text + used, fixture_answer_bytes_max - used, 0)) > 0) {
        used += (size_t)moved;
        r.text[used] = '\0';
        if (head_only && strstr(r.text, "\r\n\r\n") != NULL) {
            break;
        }
    }
    assert_true(used > 12 && moved >= 0);
    (void)close(fd);
    r.status = atoi(r.text + 9);
    r.body = strstr(r.text, "\r\n\r\n");
    assert_non_null(r.body);
    r.body += 4;
    return r;
}

static inline reply get(const fixture *f, const visitor *who, const char *path)
{
    return exchange(f, who, "GET", path, NULL, NULL, false);
}

static inline void reply_free(reply *r)
{
    free(r->text);
    r->text = NULL;
}

static inline void expect_reply(reply r, int status, const char *wanted)
{
    if (r.status != status || (wanted != NULL && strstr(r.text, wanted) == NULL)) {
        fail_msg("wanted %d and \"%s\", not: %.600s", status, wanted != NULL ? wanted : "", r.text);
    }
    reply_free(&r);
}

/* --- Users ------------------------------------------------------------------------------------ */

static inline int64_t fixture_add_user(const fixture *f, const char *name, mr_user_role role,
                                       const char *password_hash)
{
    char password[mr_password_hash_bytes_max];
    mr_user user = {.role = role, .customer_id = role == MR_USER_CUSTOMER ? 14911 : 0};
    mr_ops *ops = fixture_ops(f);

    (void)snprintf(user.name, sizeof user.name, "%s", name);
    assert_int_equal(mr_ops_user_add(ops, &user, password_hash, NULL), MR_OK);
    assert_int_equal(mr_ops_user_find(ops, mr_text_of(name), &user, password, NULL), MR_OK);
    mr_ops_close(ops);
    return user.user_id;
}

static inline void copy_between(const char *text, const char *before, char after, char *ret_text,
                                size_t capacity)
{
    const char *start = strstr(text, before);

    assert_non_null(start);
    start += strlen(before);
    size_t bytes = strcspn(start, (char[]){after, '\r', '\0'});
    assert_true(bytes < capacity);
    memcpy(ret_text, start, bytes);
    ret_text[bytes] = '\0';
}

/* Out of an answer that signs in. */
static inline void take_session(const reply *r, visitor *ret_visitor)
{
    copy_between(r->text, "Set-Cookie: ", ';', ret_visitor->cookie, sizeof ret_visitor->cookie);
    copy_between(r->body, "\"csrf\":\"", '"', ret_visitor->csrf, sizeof ret_visitor->csrf);
}

/* By a link, as who was just invited. */
static inline visitor fixture_sign_in(const fixture *f, int64_t user_id)
{
    char token[mr_token_bytes_max];
    char body[128];
    visitor stranger = {.cookie = ""}, who = {.cookie = ""};
    mr_ops *ops = fixture_ops(f);

    assert_int_equal(mr_ops_link_make(ops, user_id, 60000, token, NULL), MR_OK);
    mr_ops_close(ops);
    (void)snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    reply r = exchange(f, &stranger, "POST", "/api/v1/session/link", NULL, body, false);
    assert_int_equal(r.status, 200);
    take_session(&r, &who);
    reply_free(&r);
    return who;
}

static inline visitor fixture_visitor(const fixture *f, const char *name, mr_user_role role)
{
    return fixture_sign_in(f, fixture_add_user(f, name, role, ""));
}

/* How many entries of the audit log have this action. */
typedef struct audit_count {
    const char *action;
    unsigned count;
} audit_count;

static inline bool count_entry(void *ctx, const mr_audit_entry *entry)
{
    audit_count *wanted = ctx;

    wanted->count += mr_text_equal(entry->action, mr_text_of(wanted->action));
    return true;
}

static inline unsigned fixture_audited(const fixture *f, const char *action)
{
    audit_count wanted = {.action = action};
    mr_ops *ops = fixture_ops(f);

    assert_int_equal(mr_ops_audit(ops, INT64_MAX, 10000, count_entry, &wanted, NULL), MR_OK);
    mr_ops_close(ops);
    return wanted.count;
}

#endif
