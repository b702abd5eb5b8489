/* SPDX-License-Identifier: Apache-2.0 */
/* web/session.h - what the routes of sessions and users share. */
#ifndef MR_WEB_SESSION_H
#define MR_WEB_SESSION_H

#include "web/call.h"

extern const char mr_web_session_cookie[]; /* its name */

/* Ends the call's session if it has one, begins the user's, and writes cookie and answer. */
mr_status mr_web_session_start(mr_web_call *call, const mr_user *user, bool by_link, mr_err *err);

#endif
