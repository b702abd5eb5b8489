/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_users.c - who may look, and what was done: lists for operators. */
#include "web/json.h"
#include "web/routes.h"

/* --- Users ------------------------------------------------------------------------------------ */

static bool write_user(void *ctx, const mr_user *user)
{
    mr_buffer *out = ctx;

    mr_web_json_next(out);
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "name");
    mr_web_json_text(out, mr_text_of(user->name));
    mr_web_json_name(out, "role");
    mr_web_json_text(out, mr_text_of(mr_user_role_name(user->role)));
    mr_web_json_name(out, "customer_id");
    if (user->role == MR_USER_CUSTOMER) {
        mr_web_json_integer(out, user->customer_id);
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    mr_web_json_name(out, "has_password");
    mr_web_json_flag(out, user->has_password);
    mr_web_json_name(out, "created_at");
    mr_web_json_instant(out, user->created_ms);
    mr_web_json_name(out, "signed_in_at");
    mr_web_json_instant(out, user->signed_in_ms);
    return mr_buffer_append(out, "}", 1);
}

mr_status mr_web_users_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_ops *ops = NULL;
    mr_status st = mr_web_call_ops(call, &ops, err);

    (void)mr_buffer_append_string(out, "{\"items\":[");
    if (st == MR_OK) {
        st = mr_ops_users(ops, write_user, out, err);
    }
    (void)mr_buffer_append_string(out, "]}");
    mr_web_call_add_header(call, "Cache-Control", "no-store");
    return st;
}

/* --- Audit log -------------------------------------------------------------------------------- */

typedef struct audit_page {
    mr_buffer *out;
    uint32_t limit, count;
    int64_t last_id;
    bool more;
} audit_page;

static bool write_entry(void *ctx, const mr_audit_entry *entry)
{
    audit_page *page = ctx;
    mr_buffer *out = page->out;

    if (page->count == page->limit) {
        page->more = true;
        return false;
    }
    page->count++;
    page->last_id = entry->audit_id;
    mr_web_json_next(out);
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "id");
    mr_web_json_integer(out, entry->audit_id);
    mr_web_json_name(out, "at");
    mr_web_json_instant(out, entry->at_ms);
    mr_web_json_name(out, "user");
    mr_web_json_text(out, entry->user);
    mr_web_json_name(out, "address");
    mr_web_json_text(out, entry->address);
    mr_web_json_name(out, "action");
    mr_web_json_text(out, entry->action);
    mr_web_json_name(out, "target");
    mr_web_json_text(out, entry->target);
    mr_web_json_name(out, "detail");
    mr_web_json_text(out, entry->detail);
    return mr_buffer_append(out, "}", 1);
}

mr_status mr_web_audit_get(mr_web_call *call, mr_err *err)
{
    audit_page page = {.out = mr_web_call_out(call)};
    int64_t limit = 0;
    int64_t after = 0;
    mr_ops *ops = NULL;
    mr_status st = mr_web_query_integer(call, "limit", 1, 200, 50, &limit, err);

    if (st == MR_OK) {
        st = mr_web_query_integer(call, "after", 1, INT64_MAX, INT64_MAX, &after, err);
    }
    if (st == MR_OK) {
        st = mr_web_call_ops(call, &ops, err);
    }
    if (st != MR_OK) {
        return st;
    }
    page.limit = (uint32_t)limit;
    (void)mr_buffer_append_string(page.out, "{\"items\":[");
    st = mr_ops_audit(ops, after, page.limit + 1, write_entry, &page, err);
    (void)mr_buffer_append_string(page.out, "]");
    mr_web_json_name(page.out, "next");
    if (page.more) {
        (void)mr_buffer_printf(page.out, "\"%lld\"", (long long)page.last_id);
    } else {
        mr_web_json_text(page.out, MR_TEXT_ABSENT);
    }
    (void)mr_buffer_append_string(page.out, "}");
    mr_web_call_add_header(call, "Cache-Control", "no-store");
    return st;
}
