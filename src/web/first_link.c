/* SPDX-License-Identifier: Apache-2.0 */
/* web/first_link.c - how the first operator of a new installation gets in: by a one-time link that
 * whoever starts the web sees, and nobody else.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/ops.h"
#include "store/ops_access.h"
#include "web/web.h"

static const char first_operator[] = "operator";

void mr_web_url(const mr_web_options *options, const char *address,
                char ret_url[static mr_web_link_bytes_max])
{
    const char *colon = strrchr(address, ':');
    bool anywhere = strncmp(address, "0.0.0.0:", 8) == 0 || strncmp(address, "[::]:", 5) == 0;

    MR_ASSERT(colon != NULL);
    if (options->public_url != NULL) {
        size_t bytes = strlen(options->public_url);
        bytes -= bytes > 0 && options->public_url[bytes - 1] == '/';
        (void)snprintf(ret_url, mr_web_link_bytes_max, "%.*s", (int)bytes, options->public_url);
        return;
    }
    (void)snprintf(ret_url, mr_web_link_bytes_max, "%s://%.*s%s",
                   options->http.tls_certificate != NULL ? "https" : "http",
                   anywhere ? 9 : (int)(colon - address), anywhere ? "localhost" : address, colon);
}

static bool look_for_operator(void *ctx, const mr_user *user)
{
    bool *found = ctx;

    *found = *found || (user->role == MR_USER_OPERATOR && user->signed_in_ms != 0);
    return !*found;
}

/* The user `operator`; whoever else made it meanwhile made the same. */
static mr_status find_first(mr_ops *ops, mr_user *ret_user, mr_err *err)
{
    const mr_user wanted = {.name = "operator", .role = MR_USER_OPERATOR};
    char password[mr_password_hash_bytes_max];
    mr_status st = mr_ops_user_add(ops, &wanted, "", err);

    if (st != MR_OK && st != MR_EXISTS) {
        return st;
    }
    st = mr_ops_user_find(ops, mr_text_of(first_operator), ret_user, password, err);
    if (st == MR_OK && ret_user->role != MR_USER_OPERATOR) {
        return mr_fail(err, MR_EXISTS,
                       "user %s is no operator, and no operator has signed in: `millrace user add` "
                       "makes one",
                       first_operator);
    }
    return st;
}

mr_status mr_web_first_link(const mr_web_options *options, const char *url,
                            char ret_link[static mr_web_link_bytes_max], mr_err *err)
{
    mr_store_options store = options->store;
    char token[mr_token_bytes_max];
    bool found = false;
    mr_user user;
    mr_ops *ops = NULL;
    mr_status st;

    store.mode = MR_STORE_WRITE;
    st = mr_ops_open_beside(&store, &ops, err);
    if (st == MR_OK) {
        st = mr_ops_users(ops, look_for_operator, &found, err);
    }
    ret_link[0] = '\0';
    if (st == MR_OK && !found) {
        st = find_first(ops, &user, err);
        if (st == MR_OK) {
            st = mr_ops_link_make(ops, user.user_id, mr_web_link_hours * UINT64_C(3600000), token,
                                  err);
        }
        if (st == MR_OK) {
            (void)snprintf(ret_link, mr_web_link_bytes_max, "%s/sign-in#token=%s", url, token);
        }
    }
    mr_ops_close(ops);
    return st;
}
