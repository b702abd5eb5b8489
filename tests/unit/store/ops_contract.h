/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/ops_contract.h - what ops.h promises, for any backend.
 *
 * Each test finds an ops_fixture in *state: open, and empty.
 */
#ifndef MR_TESTS_OPS_CONTRACT_H
#define MR_TESTS_OPS_CONTRACT_H

#include "base/civil.h"
#include "store/ops.h"
#include "store/ops_documents.h"
#include "store_fixture.h"

typedef struct ops_fixture ops_fixture;

struct ops_fixture {
    store_fixture base;
    mr_ops *ops;
    mr_ops *(*open)(const ops_fixture *fixture); /* another handle on the same data */
    /* By another connection, as another process would. */
    void (*exec)(const ops_fixture *fixture, const char *sql);
};

static int64_t generation_of(mr_ops *ops)
{
    int64_t generation = -1;

    assert_int_equal(mr_ops_key_generation(ops, &generation, NULL), MR_OK);
    return generation;
}

static void a_key_opens_until_it_is_revoked(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max];
    mr_api_key found;

    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(strlen(key), 46);
    assert_memory_equal(key, "mr_", 3);
    assert_int_equal(strspn(key + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_"),
                     43);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_OK);
    assert_string_equal(found.name, "till");
    assert_memory_equal(found.prefix, key, 11);
    assert_int_equal(found.expires_ms, 0);
    assert_int_equal(mr_ops_key_revoke(ops, "till", NULL), MR_OK);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_key_revoke(ops, "till", NULL), MR_NOT_FOUND);
}

static void no_other_key_opens(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max], other[mr_api_key_bytes_max];
    mr_api_key found;
    size_t index;

    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    for (index = 0; index < 45; index++) { /* the last digit has bits that no byte has */
        memcpy(other, key, sizeof(key));
        other[index] = other[index] == 'x' ? 'y' : 'x';
        assert_int_equal(mr_ops_key_check(ops, mr_text_of(other), &found, NULL), MR_NOT_FOUND);
        assert_int_equal(mr_ops_key_check(ops, (mr_text){key, index}, &found, NULL), MR_NOT_FOUND);
    }
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(""), &found, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_key_check(ops, MR_TEXT_ABSENT, &found, NULL), MR_NOT_FOUND);
}

static void a_key_with_a_role_is_a_user_of_its_own(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max], longest[mr_api_key_role_name_bytes + 2];
    mr_api_key found;
    mr_user user;

    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_OK);
    assert_int_equal(found.role, MR_USER_NOBODY);
    assert_int_equal(mr_ops_key_add(ops, "clock", MR_USER_OPERATOR, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_OK);
    user = mr_api_key_user(&found);
    assert_int_equal(user.role, MR_USER_OPERATOR);
    assert_string_equal(user.name, "key:clock");
    memset(longest, 'n', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(mr_ops_key_add(ops, longest, MR_USER_ANALYST, 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, longest + 1, MR_USER_ANALYST, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_OK);
    user = mr_api_key_user(&found);
    assert_string_equal(user.name + 4, longest + 1);
}

static void a_name_stands_for_one_valid_key(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max] = "untouched";
    mr_err err;

    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    (void)snprintf(key, sizeof(key), "untouched");
    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, &err), MR_EXISTS);
    assert_string_equal(key, "untouched");
    assert_non_null(strstr(err.message, "'till'"));
    assert_int_equal(mr_ops_key_add(ops, "Till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_revoke(ops, "till", NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
}

static void odd_names_and_past_ends_are_refused(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max], name[66];

    memset(name, 'n', sizeof(name));
    name[65] = '\0';
    assert_int_equal(mr_ops_key_add(ops, name, MR_USER_NOBODY, 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, name + 1, MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "", MR_USER_NOBODY, 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, "a\nb", MR_USER_NOBODY, 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, "\xff", MR_USER_NOBODY, 0, key, NULL), MR_INVALID);
    assert_int_equal(mr_ops_key_add(ops, "past", MR_USER_NOBODY, mr_now_ms() - 1, key, NULL),
                     MR_INVALID);
}

static void an_expired_key_opens_nothing_and_frees_its_name(void **state)
{
    ops_fixture *fixture = *state;
    char key[mr_api_key_bytes_max];
    mr_api_key found;
    mr_ops *ops = fixture->ops;

    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, mr_now_ms() + 3600000, key, NULL),
                     MR_OK);
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_OK);
    assert_true(found.expires_ms > mr_now_ms());
    fixture->exec(fixture, "UPDATE api_key SET expires_ms = 1");
    assert_int_equal(mr_ops_key_check(ops, mr_text_of(key), &found, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
}

static bool append_key(void *ctx, const mr_api_key *key)
{
    return mr_buffer_printf(ctx, "%s%s ", key->name, key->revoked_ms != 0 ? "(revoked)" : "") &&
           strcmp(key->name, "last") != 0;
}

static void keys_are_listed_as_they_came(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char key[mr_api_key_bytes_max];
    mr_buffer list;

    mr_buffer_init(&list, 4096);
    assert_int_equal(mr_ops_key_add(ops, "b", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "a", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "last", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "unseen", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_revoke(ops, "b", NULL), MR_OK);
    assert_int_equal(mr_ops_keys(ops, append_key, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "b(revoked) a last ");
    mr_buffer_free(&list);
}

static void the_generation_tells_of_every_change(void **state)
{
    ops_fixture *fixture = *state;
    char key[mr_api_key_bytes_max];
    mr_ops *watcher;
    int64_t before;

    watcher = fixture->open(fixture);
    before = generation_of(watcher);
    assert_int_equal(mr_ops_key_add(fixture->ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_true(generation_of(watcher) > before);
    before = generation_of(watcher);
    assert_int_equal(mr_ops_key_add(fixture->ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_EXISTS);
    assert_int_equal(mr_ops_key_revoke(fixture->ops, "nobody", NULL), MR_NOT_FOUND);
    assert_int_equal(generation_of(watcher), before);
    assert_int_equal(mr_ops_key_revoke(fixture->ops, "till", NULL), MR_OK);
    assert_true(generation_of(watcher) > before);
    mr_ops_close(watcher);
}

static void a_letter_is_open_until_it_is_marked(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    mr_letter_state letter = MR_LETTER_DISCARDED;

    assert_int_equal(mr_ops_letter_state(ops, 0, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_OPEN);
    assert_int_equal(mr_ops_letter_mark(ops, 0, 7, MR_LETTER_RETRIED, NULL), MR_OK);
    assert_int_equal(mr_ops_letter_state(ops, 0, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_RETRIED);
    assert_int_equal(mr_ops_letter_mark(ops, 0, 7, MR_LETTER_DISCARDED, NULL), MR_OK);
    assert_int_equal(mr_ops_letter_state(ops, 0, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_DISCARDED);
    assert_int_equal(mr_ops_letter_state(ops, 1, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_OPEN);
}

static void a_letter_of_an_unknown_state_is_corrupt(void **state)
{
    ops_fixture *fixture = *state;
    mr_letter_state letter;

    fixture->exec(fixture, "INSERT INTO dead_letter VALUES (0, 1, 9, 0)");
    assert_int_equal(mr_ops_letter_state(fixture->ops, 0, 1, &letter, NULL), MR_CORRUPT);
}

static void a_document_is_found_by_the_state_it_was_made_of(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    const mr_text number = MR_TEXT_LITERAL("T=1/\xc3\xa9'");
    mr_document document = {.path = "documents/invoices/x/1.pdf", .bytes = 3, .made_ms = 7}, found;

    mr_document_hash(MR_TEXT_LITERAL("abc"), document.sha256);
    assert_int_equal(document.sha256[0], 0xba); /* of RFC 6234's example */
    assert_int_equal(mr_ops_document_find(ops, number, MR_TEXT_LITERAL("one"), &found, NULL),
                     MR_NOT_FOUND);
    assert_int_equal(mr_ops_document_add(ops, number, MR_TEXT_LITERAL("one"), &document, NULL),
                     MR_OK);
    assert_int_equal(mr_ops_document_find(ops, number, MR_TEXT_LITERAL("two"), &found, NULL),
                     MR_NOT_FOUND);
    (void)snprintf(document.path, sizeof(document.path), "documents/invoices/x/2.pdf");
    assert_int_equal(mr_ops_document_add(ops, number, MR_TEXT_LITERAL("one"), &document, NULL),
                     MR_OK); /* made again */
    assert_int_equal(mr_ops_document_find(ops, number, MR_TEXT_LITERAL("one"), &found, NULL),
                     MR_OK);
    assert_string_equal(found.path, "documents/invoices/x/2.pdf");
    assert_memory_equal(found.sha256, document.sha256, sizeof(found.sha256));
    assert_int_equal(found.bytes, 3);
    assert_int_equal(found.made_ms, 7);
}

#define OPS_CONTRACT(setup, teardown)                                                              \
    cmocka_unit_test_setup_teardown(a_key_opens_until_it_is_revoked, setup, teardown),             \
        cmocka_unit_test_setup_teardown(no_other_key_opens, setup, teardown),                      \
        cmocka_unit_test_setup_teardown(a_key_with_a_role_is_a_user_of_its_own, setup, teardown),  \
        cmocka_unit_test_setup_teardown(a_name_stands_for_one_valid_key, setup, teardown),         \
        cmocka_unit_test_setup_teardown(odd_names_and_past_ends_are_refused, setup, teardown),     \
        cmocka_unit_test_setup_teardown(an_expired_key_opens_nothing_and_frees_its_name, setup,    \
                                        teardown),                                                 \
        cmocka_unit_test_setup_teardown(keys_are_listed_as_they_came, setup, teardown),            \
        cmocka_unit_test_setup_teardown(the_generation_tells_of_every_change, setup, teardown),    \
        cmocka_unit_test_setup_teardown(a_letter_is_open_until_it_is_marked, setup, teardown),     \
        cmocka_unit_test_setup_teardown(a_letter_of_an_unknown_state_is_corrupt, setup, teardown), \
        cmocka_unit_test_setup_teardown(a_document_is_found_by_the_state_it_was_made_of, setup,    \
                                        teardown)

#endif
