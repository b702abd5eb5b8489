/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/quality.h - the books of a run: what must balance, and the history of it.
 *
 * Private to the room; one thread.
 */
#ifndef MR_MEDALLION_QUALITY_H
#define MR_MEDALLION_QUALITY_H

#include "medallion/session.h"

/* As mr_medallion_reconcile, on tables as the session has them. */
mr_status mr_session_reconcile(mr_session *session, const mr_run_peers *peers,
                               mr_reconciliation *ret_reconciliation, mr_err *err);

extern const char mr_quality_info_key[]; /* in commitInfo's operationMetrics: the balances, JSON */

/* Appends the run's checks and balances to the Delta table ops/quality. */
mr_status mr_quality_keep(mr_session *session, const mr_run_report *report, mr_err *err);

#endif
