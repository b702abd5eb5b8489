/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_session.c - signing in and out, and who is signed in. */
#include "base/version.h"
#include "web/json.h"
#include "web/routes.h"

static const char *const role_names[] = {
    [MR_USER_NOBODY] = "nobody",
    [MR_USER_CUSTOMER] = "customer",
    [MR_USER_ANALYST] = "analyst",
    [MR_USER_OPERATOR] = "operator",
};

mr_status mr_web_session_get(mr_web_call *call, mr_err *err)
{
    const mr_user *user = mr_web_call_user(call);
    mr_buffer *out = mr_web_call_out(call);

    (void)err;
    (void)mr_buffer_append_string(out, "{\"user\":{");
    mr_web_json_name(out, "name");
    mr_web_json_text(out, mr_text_of(user->name));
    mr_web_json_name(out, "role");
    mr_web_json_text(out, mr_text_of(role_names[user->role]));
    (void)mr_buffer_append_string(out, "}}");
    return MR_OK;
}
