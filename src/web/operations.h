/* SPDX-License-Identifier: Apache-2.0 */
/* web/operations.h - what the routes of the operations pages keep in a worker: the log, and the
 * tables of the lake.
 */
#ifndef MR_WEB_OPERATIONS_H
#define MR_WEB_OPERATIONS_H

#include "bus/bus.h"
#include "lake/delta.h"
#include "medallion/medallion.h"
#include "web/call.h"

/* MR_NOT_FOUND: there is no log yet. */
mr_status mr_web_bus(mr_web_call *call, mr_bus **ret_bus, mr_err *err);
/* The lake's blobs and the models, of this worker. */
mr_status mr_web_blobs(mr_web_call *call, mr_blobs **ret_blobs, mr_err *err);
mr_status mr_web_models(mr_web_call *call, const mr_models **ret_models, mr_err *err);

#endif
