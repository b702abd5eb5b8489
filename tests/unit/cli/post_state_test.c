/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_state_test.c - the progress file: kept, recognised, and never believed for another file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/convert_fixture.h"
#include "cli/post_state.h"

static mr_post_identity identity_of(const char *path, const char *target)
{
    mr_post_identity identity = {0};
    mr_err err;

    assert_int_equal(mr_post_identify(path, target, &identity, &err), MR_OK);
    return identity;
}

static void state_is_read_as_it_was_written(void **state)
{
    files *f = *state;
    const char *path = files_path(f, "p");
    mr_post_state written = {
        .identity = identity_of(files_write(f, "data", "x"), "url"),
        .offset = UINT64_MAX,
        .line = 12,
        .accepted = 34,
        .refused = 5,
        .rejects_bytes = 678,
    };
    mr_post_state read = {.line = 0};
    mr_err err;

    assert_int_equal(mr_post_state_load(path, &written.identity, &read, &err), MR_NOT_FOUND);
    assert_int_equal(mr_post_state_save(path, &written, &err), MR_OK);
    assert_int_equal(mr_post_state_load(path, &written.identity, &read, &err), MR_OK);
    assert_memory_equal(&read, &written, sizeof(read));
    mr_post_state_remove(path);
    assert_int_equal(mr_post_state_load(path, &written.identity, &read, &err), MR_NOT_FOUND);
    mr_post_state_remove(path);
}

static void state_of_another_file_or_target_is_not_believed(void **state)
{
    files *f = *state;
    const char *path = files_path(f, "p");
    mr_post_state read = {.line = 99};
    mr_post_state written = {.identity = identity_of(files_write(f, "data", "x"), "url")};
    mr_post_identity other;
    mr_err err;

    assert_int_equal(mr_post_state_save(path, &written, &err), MR_OK);
    other = identity_of(files_path(f, "data"), "another url");
    assert_int_equal(mr_post_state_load(path, &other, &read, &err), MR_INVALID);
    other = written.identity;
    other.file_bytes++;
    assert_int_equal(mr_post_state_load(path, &other, &read, &err), MR_INVALID);
    other = written.identity;
    other.changed_ns++;
    assert_int_equal(mr_post_state_load(path, &other, &read, &err), MR_INVALID);
    /* The same size, another content. */
    other = identity_of(files_write(f, "data", "y"), "url");
    other.changed_ns = written.identity.changed_ns;
    assert_int_equal(mr_post_state_load(path, &other, &read, &err), MR_INVALID);
    assert_int_equal(read.line, 99);
}

static void spoilt_state_is_said_to_be_so(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"version\":1}",
        "null",
        "{\"version\":2,\"file_bytes\":1,\"changed_ns\":1,\"head_hash\":1,\"target_hash\":1,"
        "\"offset\":1,\"line\":1,\"accepted\":1,\"refused\":1,\"rejects_bytes\":1}",
        "{\"version\":1,\"file_bytes\":1,\"changed_ns\":1,\"head_hash\":1,\"target_hash\":1,"
        "\"offset\":-1,\"line\":1,\"accepted\":1,\"refused\":1,\"rejects_bytes\":1}",
    };
    files *f = *state;
    mr_post_identity identity = {.file_bytes = 1};
    mr_post_state read;
    mr_err err;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *path = files_write(f, "spoilt", texts[i]);
        assert_int_equal(mr_post_state_load(path, &identity, &read, &err), MR_CORRUPT);
        assert_non_null(strstr(err.message, "spoilt"));
    }
}

static void missing_file_has_no_identity(void **state)
{
    mr_post_identity identity;
    mr_err err;

    assert_int_not_equal(mr_post_identify(files_path(*state, "none"), "url", &identity, &err),
                         MR_OK);
    assert_non_null(strstr(err.message, "none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_is_read_as_it_was_written),
        cmocka_unit_test(state_of_another_file_or_target_is_not_believed),
        cmocka_unit_test(spoilt_state_is_said_to_be_so),
        cmocka_unit_test(missing_file_has_no_identity),
    };

    return cmocka_run_group_tests(tests, files_set_up, files_tear_down);
}
