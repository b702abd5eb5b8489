/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/auth_test.c - keys are remembered, and forgotten when they change. */
#include "base/civil.h"
#include "gateway/auth.h"
#include "gateway/fixture.h"
#include "store/ops.h"

typedef struct keys {
    fixture *f; /* for its folder only */
    mr_ops *ops;
    mr_auth *auth;
    char key[mr_api_key_bytes_max];
} keys;

static int start(void **state)
{
    keys *k = mr_alloc_zero(1, sizeof *k);

    k->f = fixture_create();
    assert_int_equal(mr_ops_open(k->f->folder, &k->ops, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(k->ops, "till", MR_USER_NOBODY, 0, k->key, NULL), MR_OK);
    k->auth = mr_auth_create(k->f->folder);
    *state = k;
    return 0;
}

static int stop(void **state)
{
    keys *k = *state;

    mr_auth_destroy(k->auth);
    mr_ops_close(k->ops);
    fixture_destroy(k->f);
    free(k);
    return 0;
}

static mr_status check(keys *k, const char *key, int64_t now_us, mr_text *ret_name)
{
    return mr_auth_check(k->auth, mr_text_of(key), now_us, ret_name, NULL);
}

static void a_valid_key_has_a_name(void **state)
{
    keys *k = *state;
    mr_text name;

    assert_int_equal(check(k, k->key, 0, &name), MR_OK);
    assert_true(mr_text_equal(name, MR_TEXT_LITERAL("till")));
    assert_int_equal(check(k, k->key, 1, &name), MR_OK); /* remembered */
    assert_true(mr_text_equal(name, MR_TEXT_LITERAL("till")));
}

static void other_texts_are_no_keys(void **state)
{
    keys *k = *state;
    char changed[mr_api_key_bytes_max];
    char longer[2 * mr_api_key_bytes_max];
    mr_text name;

    memcpy(changed, k->key, sizeof changed);
    changed[20] = changed[20] == 'x' ? 'y' : 'x';
    snprintf(longer, sizeof longer, "%s%s", k->key, k->key);
    assert_int_equal(check(k, changed, 0, &name), MR_NOT_FOUND);
    assert_int_equal(check(k, longer, 0, &name), MR_NOT_FOUND);
    assert_int_equal(check(k, "", 0, &name), MR_NOT_FOUND);
    assert_int_equal(check(k, k->key, 0, &name), MR_OK);
    assert_int_equal(check(k, changed, 0, &name), MR_NOT_FOUND);
}

static void a_key_for_the_web_sends_nothing(void **state)
{
    keys *k = *state;
    char key[mr_api_key_bytes_max];
    mr_text name;

    assert_int_equal(mr_ops_key_add(k->ops, "clock", MR_USER_OPERATOR, 0, key, NULL), MR_OK);
    assert_int_equal(check(k, key, 0, &name), MR_NOT_FOUND);
    assert_int_equal(check(k, key, 1, &name), MR_NOT_FOUND);
}

static void a_revoked_key_is_forgotten_within_a_second(void **state)
{
    keys *k = *state;
    mr_text name;

    assert_int_equal(check(k, k->key, 0, &name), MR_OK);
    assert_int_equal(mr_ops_key_revoke(k->ops, "till", NULL), MR_OK);
    assert_int_equal(check(k, k->key, mr_auth_recheck_us - 1, &name), MR_OK);
    assert_int_equal(check(k, k->key, mr_auth_recheck_us, &name), MR_NOT_FOUND);
}

static void a_new_key_passes_at_once(void **state)
{
    keys *k = *state;
    char key[mr_api_key_bytes_max];
    mr_text name;

    assert_int_equal(check(k, k->key, 0, &name), MR_OK);
    assert_int_equal(mr_ops_key_add(k->ops, "second", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(check(k, key, 1, &name), MR_OK);
    assert_true(mr_text_equal(name, MR_TEXT_LITERAL("second")));
}

static void an_expired_key_is_refused_though_remembered(void **state)
{
    keys *k = *state;
    char key[mr_api_key_bytes_max];
    int64_t expires_ms = mr_now_ms() + 40;
    mr_text name;

    assert_int_equal(mr_ops_key_add(k->ops, "short", MR_USER_NOBODY, expires_ms, key, NULL), MR_OK);
    (void)check(k, key, 0, &name); /* remembered, unless this machine is very slow */
    while (mr_now_ms() < expires_ms) {
        assert_int_not_equal(check(k, k->key, 0, &name), MR_NOT_FOUND);
    }
    assert_int_equal(check(k, key, 0, &name), MR_NOT_FOUND);
}

static void nobody_passes_when_keys_cannot_be_read(void **state)
{
    keys *k = *state;
    mr_auth *nowhere = mr_auth_create("/dev/null/nowhere");
    mr_text name;
    mr_err err;
    mr_status st = mr_auth_check(nowhere, mr_text_of(k->key), 0, &name, &err);

    assert_int_not_equal(st, MR_OK);
    assert_int_not_equal(st, MR_NOT_FOUND); /* which would blame the key */
    mr_auth_destroy(nowhere);
}

static void a_key_of_the_settings_is_taken_and_the_one_before_for_a_while(void **state)
{
    keys *k = *state;
    mr_secret *given = mr_secret_create(MR_TEXT_LITERAL("first"));
    mr_text name;

    mr_auth_take_also(k->auth, given, 3600000);
    assert_int_equal(check(k, "first", 0, &name), MR_OK);
    assert_true(mr_text_equal(name, mr_text_of(mr_auth_setting_name)));
    assert_int_equal(check(k, "second", 0, &name), MR_NOT_FOUND);
    assert_int_equal(check(k, k->key, 0, &name), MR_OK);
    assert_true(mr_text_equal(name, MR_TEXT_LITERAL("till")));
    (void)mr_secret_set(given, MR_TEXT_LITERAL("second"), mr_now_ms());
    assert_int_equal(check(k, "second", 0, &name), MR_OK);
    assert_int_equal(check(k, "first", 0, &name), MR_OK);
    (void)mr_secret_set(given, MR_TEXT_LITERAL("third"), mr_now_ms() - 3600001);
    assert_int_equal(check(k, "third", 0, &name), MR_OK);
    assert_int_equal(check(k, "second", 0, &name), MR_NOT_FOUND); /* its while is over */
    assert_int_equal(check(k, "first", 0, &name), MR_NOT_FOUND);
    mr_secret_destroy(given);
    mr_auth_take_also(k->auth, NULL, 0);
}

static void without_grace_the_key_before_is_refused_at_once(void **state)
{
    keys *k = *state;
    mr_secret *given = mr_secret_create(MR_TEXT_LITERAL("first"));
    mr_text name;

    mr_auth_take_also(k->auth, given, 0);
    (void)mr_secret_set(given, MR_TEXT_LITERAL("second"), mr_now_ms());
    assert_int_equal(check(k, "first", 0, &name), MR_NOT_FOUND);
    assert_int_equal(check(k, "second", 0, &name), MR_OK);
    mr_secret_destroy(given);
    mr_auth_take_also(k->auth, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_valid_key_has_a_name, start, stop),
        cmocka_unit_test_setup_teardown(other_texts_are_no_keys, start, stop),
        cmocka_unit_test_setup_teardown(a_key_for_the_web_sends_nothing, start, stop),
        cmocka_unit_test_setup_teardown(a_revoked_key_is_forgotten_within_a_second, start, stop),
        cmocka_unit_test_setup_teardown(a_new_key_passes_at_once, start, stop),
        cmocka_unit_test_setup_teardown(an_expired_key_is_refused_though_remembered, start, stop),
        cmocka_unit_test_setup_teardown(nobody_passes_when_keys_cannot_be_read, start, stop),
        cmocka_unit_test_setup_teardown(
            a_key_of_the_settings_is_taken_and_the_one_before_for_a_while, start, stop),
        cmocka_unit_test_setup_teardown(without_grace_the_key_before_is_refused_at_once, start,
                                        stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
