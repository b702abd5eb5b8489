/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of blobs on this machine: by name and size, the least used go first, pins are kept. */
#define _GNU_SOURCE
#include "lake/blob_cache.h"

#include "lake/lake_fixture.h"

#include <fcntl.h>
#include <time.h>

enum { copy_bytes = 1000 };

typedef struct cache_fixture {
    char root[64];
} cache_fixture;

static int setup(void **state)
{
    cache_fixture *self = mr_alloc_zero(1, sizeof *self);

    (void)snprintf(self->root, sizeof self->root, "/tmp/millrace-cache-XXXXXX");
    assert_non_null(mkdtemp(self->root));
    *state = self;
    return 0;
}

static int teardown(void **state)
{
    cache_fixture *self = *state;

    fixture_remove(self->root);
    free(self);
    return 0;
}

static mr_blob_cache *open_cache(const cache_fixture *self, uint64_t bytes_max)
{
    mr_blob_cache *cache = NULL;
    mr_err err = {.message = ""};

    fixture_ok(mr_blob_cache_open(self->root, bytes_max, &cache, &err), &err);
    return cache;
}

static void path_of(const cache_fixture *self, const char *name, char path[static 256])
{
    (void)snprintf(path, 256, "%s/%s", self->root, name);
}

static bool is_there(const cache_fixture *self, const char *name)
{
    char path[256];

    path_of(self, name, path);
    return access(path, F_OK) == 0;
}

/* A copy that was last used so many seconds ago. */
static void keep(const cache_fixture *self, mr_blob_cache *cache, const char *name, int age_s)
{
    char file[256];
    char path[256];
    mr_err err;

    path_of(self, "_stage/new", file);
    int fd = open(file, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    assert_true(fd >= 0 && ftruncate(fd, copy_bytes) == 0 && close(fd) == 0);
    fixture_ok(mr_blob_cache_keep(cache, file, name, &err), &err);
    assert_int_not_equal(access(file, F_OK), 0); /* it moved */
    path_of(self, name, path);
    const struct timespec times[2] = {{time(NULL) - age_s, 0}, {time(NULL) - age_s, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void a_copy_is_found_by_name_and_size(void **state)
{
    cache_fixture *self = *state;
    mr_blob_cache *cache = open_cache(self, 1 << 20);

    assert_false(mr_blob_cache_use(cache, "a/b/c", copy_bytes));
    keep(self, cache, "a/b/c", 0);
    assert_true(mr_blob_cache_use(cache, "a/b/c", copy_bytes));
    assert_false(mr_blob_cache_use(cache, "a/b/c", copy_bytes + 1));
    mr_blob_cache_forget(cache, "a/b/c");
    assert_false(mr_blob_cache_use(cache, "a/b/c", copy_bytes));
    mr_blob_cache_forget(cache, "a/b/c");
    mr_blob_cache_close(cache);
}

static void the_least_used_go_first(void **state)
{
    cache_fixture *self = *state;
    mr_blob_cache *cache = open_cache(self, 2 * copy_bytes);

    keep(self, cache, "t/old", 3000);
    keep(self, cache, "t/oldest", 4000);
    keep(self, cache, "t/young", 1000);
    keep(self, cache, "u/used", 5000);
    mr_blob_cache *reader = open_cache(self, 2 * copy_bytes);
    assert_true(mr_blob_cache_use(reader, "u/used", copy_bytes)); /* the youngest now */
    mr_blob_cache_close(reader);
    mr_blob_cache_tidy(cache);
    assert_false(is_there(self, "t/oldest"));
    assert_false(is_there(self, "t/old"));
    assert_true(is_there(self, "t/young"));
    assert_true(is_there(self, "u/used"));
    mr_blob_cache_close(cache);
}

static void what_is_pinned_stays(void **state)
{
    cache_fixture *self = *state;
    mr_blob_cache *reader = open_cache(self, 0);
    mr_blob_cache *tidier = open_cache(self, 0); /* of another process, as far as locks go */

    keep(self, tidier, "t/pinned", 4000);
    keep(self, tidier, "t/ours", 4000);
    keep(self, tidier, "t/free", 10);
    assert_true(mr_blob_cache_use(reader, "t/pinned", copy_bytes));
    assert_true(mr_blob_cache_use(tidier, "t/ours", copy_bytes));
    mr_blob_cache_tidy(tidier);
    assert_true(is_there(self, "t/pinned"));
    assert_true(is_there(self, "t/ours"));
    assert_false(is_there(self, "t/free"));
    mr_blob_cache_close(reader); /* as if its process had ended */
    keep(self, tidier, "t/more", 1);
    mr_blob_cache_tidy(tidier);
    assert_false(is_there(self, "t/pinned"));
    assert_true(is_there(self, "t/ours"));
    mr_blob_cache_close(tidier);
}

static void many_pins_are_kept(void **state)
{
    cache_fixture *self = *state;
    mr_blob_cache *reader = open_cache(self, 0);
    mr_blob_cache *tidier = open_cache(self, 0);
    char name[32];

    for (int i = 0; i < 300; i++) {
        (void)snprintf(name, sizeof name, "t/%d", i);
        keep(self, tidier, name, 100);
        assert_true(mr_blob_cache_use(reader, name, copy_bytes));
    }
    mr_blob_cache_tidy(tidier);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(name, sizeof name, "t/%d", i);
        assert_true(is_there(self, name));
    }
    mr_blob_cache_close(reader);
    mr_blob_cache_close(tidier);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_copy_is_found_by_name_and_size),
        TEST(the_least_used_go_first),
        TEST(what_is_pinned_stays),
        TEST(many_pins_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
