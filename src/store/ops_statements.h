/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_statements.h - the statements on users, sessions and queries: one text for every
 * backend.
 *
 * They are written for PostgreSQL, which wants the types of its parameters and the schema's name;
 * SQLite reads "$1::bigint" as a parameter's name and is given the text without "ops.". Parameters
 * appear in the order of their numbers. Every integer is 64 bits wide.
 */
#ifndef MR_STORE_OPS_STATEMENTS_H
#define MR_STORE_OPS_STATEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define MR_OPS_STATEMENTS(X)                        \
    X(USER_ADD, user_add)                           \
    X(USER_FIND, user_find)                         \
    X(USER_LIST, user_list)                         \
    X(USER_REMOVE, user_remove)                     \
    X(USER_PASSWORD, user_password)                 \
    X(USER_SIGNED_IN, user_signed_in)               \
    X(LINK_ADD, link_add)                           \
    X(LINK_TAKE, link_take)                         \
    X(LINK_USER, link_user)                         \
    X(LINK_REMOVE_OF, link_remove_of)               \
    X(LINK_PURGE, link_purge)                       \
    X(SESSION_ADD, session_add)                     \
    X(SESSION_FIND, session_find)                   \
    X(SESSION_TOUCH, session_touch)                 \
    X(SESSION_SETTLE, session_settle)               \
    X(SESSION_REMOVE, session_remove)               \
    X(SESSION_REMOVE_OTHERS, session_remove_others) \
    X(SESSION_PURGE, session_purge)                 \
    X(SESSION_TRIM, session_trim)                   \
    X(ATTEMPT_READ, attempt_read)                   \
    X(ATTEMPT_FAIL, attempt_fail)                   \
    X(ATTEMPT_CLEAR, attempt_clear)                 \
    X(ATTEMPT_PURGE, attempt_purge)                 \
    X(AUDIT_ADD, audit_add)                         \
    X(AUDIT_LIST, audit_list)                       \
    X(AUDIT_TRIM, audit_trim)                       \
    X(SAVED_ADD, saved_add)                         \
    X(SAVED_COUNT, saved_count)                     \
    X(SAVED_LIST, saved_list)                       \
    X(SAVED_CHANGE, saved_change)                   \
    X(SAVED_REMOVE, saved_remove)                   \
    X(HISTORY_ADD, history_add)                     \
    X(HISTORY_LIST, history_list)                   \
    X(HISTORY_TRIM, history_trim)                   \
    X(DOCUMENT_ADD, document_add)                   \
    X(DOCUMENT_FIND, document_find)

typedef enum mr_ops_statement {
#define MR_OPS_STATEMENT_ID(id, name) MR_OPS_##id,
    MR_OPS_STATEMENTS(MR_OPS_STATEMENT_ID)
#undef MR_OPS_STATEMENT_ID
        MR_OPS_STATEMENT_COUNT,
} mr_ops_statement;

typedef struct mr_ops_text {
    const char *name; /* for errors: "user_add" */
    const char *sql;
} mr_ops_text;

extern const mr_ops_text mr_ops_texts[MR_OPS_STATEMENT_COUNT];

enum { mr_ops_values_max = 8, mr_ops_cells_max = 10 };

typedef enum mr_ops_kind { MR_OPS_NULL, MR_OPS_INTEGER, MR_OPS_TEXT, MR_OPS_BYTES } mr_ops_kind;

/* A parameter, or a cell of a row; texts and bytes are borrowed. */
typedef struct mr_ops_value {
    mr_ops_kind kind;
    int64_t integer; /* 0 unless INTEGER */
    mr_text text;    /* TEXT and BYTES */
} mr_ops_value;

static inline mr_ops_value mr_ops_integer(int64_t value)
{
    return (mr_ops_value){.kind = MR_OPS_INTEGER, .integer = value};
}

static inline mr_ops_value mr_ops_string(mr_text text)
{
    return (mr_ops_value){.kind = MR_OPS_TEXT, .text = text};
}

static inline mr_ops_value mr_ops_bytes(const void *data, size_t bytes)
{
    return (mr_ops_value){.kind = MR_OPS_BYTES, .text = {data, bytes}};
}

/* false ends the reading. */
typedef bool (*mr_ops_row)(void *ctx, const mr_ops_value *cells, size_t count);

#endif
