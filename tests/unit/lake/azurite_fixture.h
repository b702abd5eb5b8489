/* SPDX-License-Identifier: Apache-2.0 */
/* lake/azurite_fixture.h - a lake_fixture whose lake is in Azurite, in a container of its own.
 *
 * MR_TEST_AZURITE is its address, MR_TEST_AZURITE_KEY its account's key; without them a program
 * skips (azurite_is_there).
 */
#ifndef MR_TESTS_AZURITE_FIXTURE_H
#define MR_TESTS_AZURITE_FIXTURE_H

#include "lake/lake_fixture.h"

#include "base/random.h"

enum { azurite_skipped = 77 };

static inline bool azurite_is_there(void)
{
    bool there = getenv("MR_TEST_AZURITE") != NULL && getenv("MR_TEST_AZURITE_KEY") != NULL;

    if (!there) {
        (void)fprintf(stderr,
                      "MR_TEST_AZURITE is not set: the tests against Azurite are skipped\n");
    }
    return there;
}

/* Borrowed by every handle, and so for the program's life. */
static inline mr_secret *azurite_key(void)
{
    static mr_secret *key;

    if (key == NULL) {
        key = mr_secret_create(mr_text_of(getenv("MR_TEST_AZURITE_KEY")));
    }
    return key;
}

/* Another handle on the fixture's lake, with a cache of so many bytes (0: the default). */
static inline mr_blobs *azurite_open(const lake_fixture *fixture, uint64_t cache_bytes)
{
    char url[256];
    mr_secret *key = azurite_key();
    const mr_blobs_options options = {
        .url = url,
        .data_folder = fixture->folder,
        .azure = {.account_key = key, .cache_bytes_max = cache_bytes, .timeout_ms = 30000},
    };
    mr_blobs *blobs = NULL;
    mr_err err = {.message = ""};

    /* The folder's random end names the container. */
    (void)snprintf(url, sizeof url, "%s/%s/the/lake", getenv("MR_TEST_AZURITE"),
                   strrchr(fixture->folder, '/') + 1);
    fixture_ok(mr_blobs_open(&options, &blobs, &err), &err);
    return blobs;
}

static inline int azurite_setup(void **state)
{
    lake_fixture *fixture = mr_alloc_zero(1, sizeof *fixture);
    uint64_t random;

    mr_random_secret(&random, sizeof random);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/millrace-lake-%016llx",
                   (unsigned long long)random);
    assert_int_equal(mkdir(fixture->folder, 0700), 0);
    fixture->blobs = azurite_open(fixture, 0);
    fixture->table = mr_delta_table_create(fixture->blobs, "bronze/events");
    *state = fixture;
    return 0;
}

#endif
