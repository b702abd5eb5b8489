/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that keeps what a generator writes. */
#ifndef MR_TESTS_EJECT_FIXTURE_H
#define MR_TESTS_EJECT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "eject/eject.h"

typedef struct kept_files {
    char *paths[128], *texts[128];
    size_t count;
    size_t refuse_at; /* the sink fails at this file; 0: never */
} kept_files;

static mr_status keep_file(void *ctx, const char *path, mr_text content, mr_err *err)
{
    kept_files *kept = ctx;

    assert_true(kept->count < 128);
    if (kept->refuse_at > 0 && kept->count + 1 == kept->refuse_at) {
        return mr_fail(err, MR_FULL, "no room for %s", path);
    }
    kept->paths[kept->count] = strdup(path);
    kept->texts[kept->count] = strndup(content.data, content.bytes);
    kept->count++;
    return MR_OK;
}

static const char *kept_text(const kept_files *kept, const char *path)
{
    for (size_t i = 0; i < kept->count; i++) {
        if (strcmp(kept->paths[i], path) == 0) {
            return kept->texts[i];
        }
    }
    fail_msg("there is no %s", path);
    return NULL;
}

static void forget_files(kept_files *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        free(kept->paths[i]);
        free(kept->texts[i]);
    }
    *kept = (kept_files){.count = 0};
}

typedef mr_status (*mr_generator)(const mr_models *models, const mr_metrics *metrics,
                                  const mr_eject_settings *settings, const mr_eject_sink *sink,
                                  mr_err *err);

static mr_status generate(mr_generator write, const mr_eject_settings *settings, kept_files *kept,
                          mr_err *err)
{
    const mr_eject_sink sink = {.put = keep_file, .ctx = kept};
    mr_models *models = NULL;
    mr_metrics *metrics = mr_metrics_load();

    assert_int_equal(mr_models_load(NULL, &models, err), MR_OK);
    const mr_status status = write(models, metrics, settings, &sink, err);
    mr_models_free(models);
    mr_metrics_free(metrics);
    return status;
}

#endif
