/* SPDX-License-Identifier: Apache-2.0 */
/* web/access.c - who asks, and whether they may. */
#include "web/state.h"

mr_status mr_web_guard(mr_web_call *call, int *ret_refusal, mr_err *err)
{
    if (call->route->least != MR_USER_NOBODY && !call->has_user) {
        *ret_refusal = 401;
        (void)mr_fail(err, MR_INVALID, "Sign in first.");
    }
    return MR_OK;
}
