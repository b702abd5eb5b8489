/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/ops_access_contract.h - what ops_access.h and ops_queries.h promise, for any
 * backend. Each test finds an ops_fixture in *state: open, and empty.
 */
#ifndef MR_TESTS_OPS_ACCESS_CONTRACT_H
#define MR_TESTS_OPS_ACCESS_CONTRACT_H

#include "ops_contract.h"
#include "store/ops_access.h"
#include "store/ops_queries.h"

static const mr_session_limits access_limits = {3600000, 7200000};

static mr_user access_add(mr_ops *ops, const char *name, mr_user_role role)
{
    char password[mr_password_hash_bytes_max];
    mr_user user = {.role = role, .customer_id = 14911};

    (void)snprintf(user.name, sizeof user.name, "%s", name);
    assert_int_equal(mr_ops_user_add(ops, &user, "", NULL), MR_OK);
    assert_int_equal(mr_ops_user_find(ops, mr_text_of(name), &user, password, NULL), MR_OK);
    return user;
}

static bool access_append_name(void *ctx, const mr_user *user)
{
    return mr_buffer_printf(ctx, "%s:%s ", user->name, mr_user_role_name(user->role));
}

static void users_are_kept_by_name(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char password[mr_password_hash_bytes_max] = "untouched";
    mr_user user = {.name = "no blanks", .role = MR_USER_ANALYST};
    mr_buffer list;

    assert_int_equal(mr_ops_user_add(ops, &user, "", NULL), MR_INVALID);
    (void)snprintf(user.name, sizeof user.name, "x';DROP TABLE web_user--");
    assert_int_equal(mr_ops_user_add(ops, &user, "", NULL), MR_INVALID);
    mr_user zoe = access_add(ops, "zoe", MR_USER_CUSTOMER);
    (void)access_add(ops, "anna@shop", MR_USER_OPERATOR);
    assert_int_equal(zoe.role, MR_USER_CUSTOMER);
    assert_int_equal(zoe.customer_id, 14911);
    assert_false(zoe.has_password);
    assert_int_equal(zoe.signed_in_ms, 0);
    assert_int_equal(mr_ops_user_add(ops, &zoe, "", NULL), MR_EXISTS);
    assert_int_equal(mr_ops_user_find(ops, MR_TEXT_LITERAL("Zoe"), &user, password, NULL),
                     MR_NOT_FOUND);
    assert_string_equal(password, "untouched");
    mr_buffer_init(&list, 4096);
    assert_int_equal(mr_ops_users(ops, access_append_name, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "anna@shop:operator zoe:customer ");
    mr_buffer_free(&list);
}

static void a_removed_user_is_out_at_once(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char token[mr_token_bytes_max], link[mr_token_bytes_max];
    char password[mr_password_hash_bytes_max];
    mr_user user = access_add(ops, "anna", MR_USER_ANALYST);
    mr_session session;

    assert_int_equal(
        mr_ops_session_begin(ops, user.user_id, false, &access_limits, "::1", token, NULL), MR_OK);
    assert_int_equal(mr_ops_link_make(ops, user.user_id, 60000, link, NULL), MR_OK);
    assert_int_equal(mr_ops_user_remove(ops, user.user_id, NULL), MR_OK);
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(token), &access_limits, &session, NULL),
                     MR_NOT_FOUND);
    assert_int_equal(mr_ops_link_take(ops, mr_text_of(link), &user, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_user_find(ops, MR_TEXT_LITERAL("anna"), &user, password, NULL),
                     MR_NOT_FOUND);
    mr_user again = access_add(ops, "anna", MR_USER_ANALYST);
    assert_true(again.user_id > user.user_id); /* what was the old one's is not the new one's */
}

static void a_link_signs_in_once(void **state)
{
    ops_fixture *fixture = *state;
    mr_ops *ops = fixture->ops, *other = fixture->open(fixture);
    char link[mr_token_bytes_max], late[mr_token_bytes_max];
    mr_user user = access_add(ops, "anna", MR_USER_ANALYST), found;

    assert_int_equal(mr_ops_link_make(ops, user.user_id, 60000, link, NULL), MR_OK);
    assert_int_equal(strlen(link), 43);
    assert_int_equal(mr_ops_link_take(other, mr_text_of(link), &found, NULL), MR_OK);
    assert_int_equal(found.user_id, user.user_id);
    assert_int_equal(mr_ops_link_take(ops, mr_text_of(link), &found, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_link_make(ops, user.user_id, 60000, late, NULL), MR_OK);
    fixture->exec(fixture, "UPDATE web_link SET expires_ms = 1");
    assert_int_equal(mr_ops_link_take(ops, mr_text_of(late), &found, NULL), MR_NOT_FOUND);
    mr_ops_close(other);
}

static void a_session_lasts_while_it_is_used_and_no_longer_than_it_may(void **state)
{
    ops_fixture *fixture = *state;
    mr_ops *ops = fixture->ops;
    char token[mr_token_bytes_max];
    mr_user user = access_add(ops, "anna", MR_USER_ANALYST);
    mr_session session;
    const mr_text absent = MR_TEXT_LITERAL("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

    assert_int_equal(
        mr_ops_session_begin(ops, user.user_id, true, &access_limits, "::1", token, NULL), MR_OK);
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(token), &access_limits, &session, NULL),
                     MR_OK);
    assert_string_equal(session.user.name, "anna");
    assert_true(session.by_link);
    assert_true(session.user.signed_in_ms > 0);
    assert_in_range(session.expires_ms - mr_now_ms(), 3500000, 3600000);
    assert_int_equal(mr_ops_session_find(ops, absent, &access_limits, &session, NULL),
                     MR_NOT_FOUND);
    fixture->exec(fixture, "UPDATE web_session SET seen_ms = seen_ms - 3000000");
    assert_int_equal(mr_ops_session_look(ops, mr_text_of(token), &access_limits, &session, NULL),
                     MR_OK);
    assert_in_range(session.expires_ms - mr_now_ms(), 500000, 600000); /* looking kept nothing */
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(token), &access_limits, &session, NULL),
                     MR_OK);
    assert_in_range(session.expires_ms - mr_now_ms(), 3500000, 3600000);
    fixture->exec(fixture, "UPDATE web_session SET seen_ms = seen_ms - 3700000");
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(token), &access_limits, &session, NULL),
                     MR_NOT_FOUND);
    assert_int_equal(
        mr_ops_session_begin(ops, user.user_id, false, &access_limits, "::1", token, NULL), MR_OK);
    fixture->exec(fixture, "UPDATE web_session SET expires_ms = 1");
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(token), &access_limits, &session, NULL),
                     MR_NOT_FOUND);
}

static void a_new_password_ends_the_other_sessions_and_the_links(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char own[mr_token_bytes_max], other[mr_token_bytes_max], link[mr_token_bytes_max];
    char password[mr_password_hash_bytes_max];
    mr_user user = access_add(ops, "anna", MR_USER_ANALYST);
    mr_session session;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(mr_ops_session_begin(ops, user.user_id, true, &access_limits, "::1",
                                              i == 0 ? own : other, NULL),
                         MR_OK);
    }
    assert_int_equal(mr_ops_link_make(ops, user.user_id, 60000, link, NULL), MR_OK);
    assert_int_equal(
        mr_ops_user_set_password(ops, user.user_id, "$argon2id$x", mr_text_of(own), NULL), MR_OK);
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(own), &access_limits, &session, NULL),
                     MR_OK);
    assert_false(session.by_link);
    assert_true(session.user.has_password);
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(other), &access_limits, &session, NULL),
                     MR_NOT_FOUND);
    assert_int_equal(mr_ops_link_take(ops, mr_text_of(link), &user, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_user_find(ops, MR_TEXT_LITERAL("anna"), &user, password, NULL), MR_OK);
    assert_string_equal(password, "$argon2id$x");
    assert_int_equal(
        mr_ops_user_set_password(ops, user.user_id, "$argon2id$y", MR_TEXT_ABSENT, NULL), MR_OK);
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(own), &access_limits, &session, NULL),
                     MR_NOT_FOUND);
}

static void a_user_has_so_many_sessions_and_no_more(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    char first[mr_token_bytes_max], token[mr_token_bytes_max];
    mr_user user = access_add(ops, "anna", MR_USER_ANALYST);
    mr_session session;

    assert_int_equal(
        mr_ops_session_begin(ops, user.user_id, false, &access_limits, "::1", first, NULL), MR_OK);
    ((ops_fixture *)*state)->exec(*state, "UPDATE web_session SET seen_ms = seen_ms - 1000");
    for (int i = 0; i < mr_user_sessions_max; i++) {
        assert_int_equal(
            mr_ops_session_begin(ops, user.user_id, false, &access_limits, "::1", token, NULL),
            MR_OK);
    }
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(first), &access_limits, &session, NULL),
                     MR_NOT_FOUND);
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(token), &access_limits, &session, NULL),
                     MR_OK);
}

static uint64_t access_wait(mr_ops *ops, const char *subject)
{
    uint64_t wait_ms = 12345;

    assert_int_equal(mr_ops_attempt_wait(ops, subject, &wait_ms, NULL), MR_OK);
    return wait_ms;
}

/* After a failure the wait is so long, less what has passed since: the machine may have paused. */
static void access_fail(mr_ops *ops, const char *subject, int64_t wait_ms)
{
    const int64_t before_ms = mr_now_ms();

    assert_int_equal(mr_ops_attempt_failed(ops, subject, NULL), MR_OK);
    const uint64_t found_ms = access_wait(ops, subject);
    const int64_t least_ms = before_ms + wait_ms - mr_now_ms();
    assert_in_range(found_ms, least_ms > 0 ? least_ms : 0, wait_ms);
}

static void failures_make_wait_longer_and_longer(void **state)
{
    ops_fixture *fixture = *state;
    mr_ops *ops = fixture->ops;
    static const int64_t waits_ms[] = {0, 0, 0, 0, 1000, 2000, 4000, 8000};

    assert_int_equal(access_wait(ops, "user:anna"), 0);
    for (size_t i = 0; i < sizeof waits_ms / sizeof *waits_ms; i++) {
        access_fail(ops, "user:anna", waits_ms[i]);
    }
    assert_int_equal(access_wait(ops, "user:bert"), 0);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(mr_ops_attempt_failed(ops, "user:anna", NULL), MR_OK);
    }
    access_fail(ops, "user:anna", 15 * 60000);
    fixture->exec(fixture, "UPDATE web_attempt SET last_ms = last_ms - 3600000");
    assert_int_equal(access_wait(ops, "user:anna"), 0);
    access_fail(ops, "user:anna", 0); /* the first again */
    for (int i = 0; i < 5; i++) {
        assert_int_equal(mr_ops_attempt_failed(ops, "user:anna", NULL), MR_OK);
    }
    assert_int_equal(mr_ops_attempt_forget(ops, "user:anna", NULL), MR_OK);
    assert_int_equal(access_wait(ops, "user:anna"), 0);
}

static bool access_append_action(void *ctx, const mr_audit_entry *entry)
{
    return mr_buffer_printf(ctx, "%.*s/%zu ", MR_TEXT_ARGS(entry->action), entry->detail.bytes);
}

static void the_audit_log_tells_newest_first(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    static const char *const actions[] = {"one", "two", "three"};
    char *huge = mr_alloc(2 * mr_audit_text_bytes_max);
    mr_buffer list;

    memset(huge, 'x', 2 * mr_audit_text_bytes_max);
    memcpy(huge + mr_audit_text_bytes_max - 1, "\xc3\xa4", 2); /* the cut is within a character */
    for (size_t i = 0; i < 3; i++) {
        const mr_audit_entry entry = {
            .user = MR_TEXT_LITERAL("anna"),
            .action = mr_text_of(actions[i]),
            .detail = {huge, i == 2 ? 2 * mr_audit_text_bytes_max : i},
        };
        assert_int_equal(mr_ops_audit_add(ops, &entry, NULL), MR_OK);
    }
    mr_buffer_init(&list, 4096);
    assert_int_equal(mr_ops_audit(ops, INT64_MAX, 2, access_append_action, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "three/4095 two/1 ");
    mr_buffer_clear(&list);
    assert_int_equal(mr_ops_audit(ops, 2, 10, access_append_action, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "one/0 ");
    mr_buffer_free(&list);
    free(huge);
}

static bool access_append_query(void *ctx, const mr_saved_query *query)
{
    return mr_buffer_printf(ctx, "%.*s=%.*s ", MR_TEXT_ARGS(query->name),
                            MR_TEXT_ARGS(query->query));
}

static void saved_queries_are_their_users_own(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    mr_saved_query query = {.name = MR_TEXT_LITERAL("b"),
                            .source = MR_TEXT_LITERAL("lake"),
                            .query = MR_TEXT_LITERAL("SELECT 1")};
    int64_t id = 0, other = 0;
    mr_buffer list;

    assert_int_equal(mr_ops_saved_add(ops, "anna", &query, &id, NULL), MR_OK);
    assert_int_equal(mr_ops_saved_add(ops, "anna", &query, &other, NULL), MR_EXISTS);
    assert_int_equal(mr_ops_saved_add(ops, "bert", &query, &other, NULL), MR_OK);
    query.name = MR_TEXT_LITERAL("a");
    assert_int_equal(mr_ops_saved_add(ops, "anna", &query, &other, NULL), MR_OK);
    query.query_id = id;
    assert_int_equal(mr_ops_saved_change(ops, "anna", &query, NULL),
                     MR_NOT_FOUND); /* "a" is taken */
    query.name = MR_TEXT_LITERAL("c");
    query.query = MR_TEXT_LITERAL("SELECT 2");
    assert_int_equal(mr_ops_saved_change(ops, "bert", &query, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_ops_saved_change(ops, "anna", &query, NULL), MR_OK);
    assert_int_equal(mr_ops_saved_remove(ops, "bert", id, NULL), MR_NOT_FOUND);
    mr_buffer_init(&list, 4096);
    assert_int_equal(mr_ops_saved(ops, "anna", access_append_query, &list, NULL), MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "a=SELECT 1 c=SELECT 2 ");
    mr_buffer_free(&list);
    assert_int_equal(mr_ops_saved_remove(ops, "anna", id, NULL), MR_OK);
    assert_int_equal(mr_ops_saved_remove(ops, "anna", id, NULL), MR_NOT_FOUND);
}

static bool access_append_run(void *ctx, const mr_query_run *run)
{
    return mr_buffer_printf(ctx, "%.*s:%lld:%.*s ", MR_TEXT_ARGS(run->query),
                            (long long)run->row_count, MR_TEXT_ARGS(run->failure));
}

static void the_history_is_its_users_own(void **state)
{
    mr_ops *ops = ((ops_fixture *)*state)->ops;
    mr_query_run run = {.source = MR_TEXT_LITERAL("lake"),
                        .query = MR_TEXT_LITERAL("q1"),
                        .row_count = 7,
                        .failure = MR_TEXT_LITERAL("")};
    mr_buffer list;

    assert_int_equal(mr_ops_history_add(ops, "anna", &run, NULL), MR_OK);
    assert_int_equal(mr_ops_history_add(ops, "bert", &run, NULL), MR_OK);
    run.query = MR_TEXT_LITERAL("q2");
    run.failure = MR_TEXT_LITERAL("no");
    assert_int_equal(mr_ops_history_add(ops, "anna", &run, NULL), MR_OK);
    mr_buffer_init(&list, 4096);
    assert_int_equal(mr_ops_history(ops, "anna", INT64_MAX, 10, access_append_run, &list, NULL),
                     MR_OK);
    mr_buffer_append(&list, "", 1);
    assert_string_equal(list.data, "q2:7:no q1:7: ");
    mr_buffer_free(&list);
}

#define OPS_ACCESS_CONTRACT(setup, teardown)                                                       \
    cmocka_unit_test_setup_teardown(users_are_kept_by_name, setup, teardown),                      \
        cmocka_unit_test_setup_teardown(a_removed_user_is_out_at_once, setup, teardown),           \
        cmocka_unit_test_setup_teardown(a_link_signs_in_once, setup, teardown),                    \
        cmocka_unit_test_setup_teardown(                                                           \
            a_session_lasts_while_it_is_used_and_no_longer_than_it_may, setup, teardown),          \
        cmocka_unit_test_setup_teardown(a_new_password_ends_the_other_sessions_and_the_links,      \
                                        setup, teardown),                                          \
        cmocka_unit_test_setup_teardown(a_user_has_so_many_sessions_and_no_more, setup, teardown), \
        cmocka_unit_test_setup_teardown(failures_make_wait_longer_and_longer, setup, teardown),    \
        cmocka_unit_test_setup_teardown(the_audit_log_tells_newest_first, setup, teardown),        \
        cmocka_unit_test_setup_teardown(saved_queries_are_their_users_own, setup, teardown),       \
        cmocka_unit_test_setup_teardown(the_history_is_its_users_own, setup, teardown)

#endif
