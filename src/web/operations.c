/* SPDX-License-Identifier: Apache-2.0 */
/* web/operations.c - opened at the first use, kept for the worker's next calls. */
#include "web/operations.h"

#include <stdlib.h>

#include "query/settings.h"

typedef struct operations {
    mr_bus *bus;
    mr_blobs *blobs;
    mr_models *models;
} operations;

static void destroy(void *value)
{
    operations *kept = value;

    mr_bus_close(kept->bus);
    mr_models_free(kept->models);
    mr_blobs_close(kept->blobs);
    free(kept);
}

static operations *slot_of(mr_web_call *call)
{
    operations *kept = mr_web_call_slot(call, MR_WEB_SLOT_OPERATIONS);

    if (kept == NULL) {
        kept = mr_alloc_zero(1, sizeof *kept);
        mr_web_call_set_slot(call, MR_WEB_SLOT_OPERATIONS, kept, destroy);
    }
    return kept;
}

mr_status mr_web_bus(mr_web_call *call, mr_bus **ret_bus, mr_err *err)
{
    operations *kept = slot_of(call);

    if (mr_web_call_options(call)->config == NULL) {
        return mr_fail(err, MR_NOT_FOUND, "this web knows of no log");
    }
    if (kept->bus == NULL) {
        const mr_status status =
            mr_settings_open_log(mr_web_call_options(call)->config, &kept->bus, err);

        if (status != MR_OK) {
            return status;
        }
    }
    *ret_bus = kept->bus;
    return MR_OK;
}

mr_status mr_web_blobs(mr_web_call *call, mr_blobs **ret_blobs, mr_err *err)
{
    const mr_web_options *options = mr_web_call_options(call);
    operations *kept = slot_of(call);

    if (kept->blobs == NULL) {
        const mr_status status = mr_blobs_open(&options->lake, &kept->blobs, err);

        if (status != MR_OK) {
            return status;
        }
    }
    *ret_blobs = kept->blobs;
    return MR_OK;
}

mr_status mr_web_models(mr_web_call *call, const mr_models **ret_models, mr_err *err)
{
    operations *kept = slot_of(call);

    if (kept->models == NULL) {
        const mr_status status =
            mr_models_load(mr_web_call_options(call)->models, &kept->models, err);

        if (status != MR_OK) {
            return status;
        }
    }
    *ret_models = kept->models;
    return MR_OK;
}
