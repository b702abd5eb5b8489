/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settings_try_test.c - settings whose values are well formed but do not work. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/settings.h"
#include "cli/settings_try.h"

enum { trials_max = 32 };

typedef struct fixture {
    char folder[64];
    mr_config *config;
    size_t count;
    struct {
        mr_trial_result result;
        char subject[64];
        char message[mr_err_message_bytes_max];
    } trials[trials_max];
} fixture;

static void set(fixture *f, const char *name, const char *value)
{
    assert_int_equal(mr_config_set(f->config, name, value, "test", NULL), MR_OK);
}

static int set_up(void **state)
{
    fixture *f = mr_alloc_zero(1, sizeof *f);
    char data[96];

    (void)snprintf(f->folder, sizeof f->folder, "/tmp/millrace-try-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(mr_config_create(mr_settings, mr_setting_count, "/dev/null", &f->config, NULL),
                     MR_OK);
    (void)snprintf(data, sizeof data, "%s/data", f->folder);
    set(f, "MILLRACE_DATA", data);
    set(f, "MILLRACE_GATEWAY", "127.0.0.1:0");
    set(f, "MILLRACE_WEB", "127.0.0.1:0");
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static int tear_down(void **state)
{
    fixture *f = *state;

    mr_config_destroy(f->config);
    (void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static void remember(void *ctx, mr_trial_result result, const char *subject, const char *message)
{
    fixture *f = ctx;

    assert_true(f->count < trials_max);
    f->trials[f->count].result = result;
    (void)snprintf(f->trials[f->count].subject, sizeof f->trials[0].subject, "%s", subject);
    (void)snprintf(f->trials[f->count].message, sizeof f->trials[0].message, "%s", message);
    f->count++;
}

/* Tries all; what is said about `subject` must have this result and this text in it. */
static void assert_trial(fixture *f, const char *subject, mr_trial_result result, const char *text)
{
    f->count = 0;
    mr_settings_try(f->config, remember, f);
    for (size_t index = 0; index < f->count; index++) {
        if (strcmp(f->trials[index].subject, subject) == 0) {
            if (f->trials[index].result != result ||
                strstr(f->trials[index].message, text) == NULL) {
                fail_msg("%s: %s", subject, f->trials[index].message);
            }
            return;
        }
    }
    fail_msg("nothing was said about %s", subject);
}

static void the_defaults_work_and_create_nothing(void **state)
{
    fixture *f = *state;

    mr_settings_try(f->config, remember, f);
    assert_true(f->count > 0);
    for (size_t index = 0; index < f->count; index++) {
        assert_int_equal(f->trials[index].result, MR_TRIAL_OK);
    }
    assert_int_equal(access(mr_config_text(f->config, "MILLRACE_DATA"), F_OK), -1);
}

static void a_data_folder_below_a_file_is_found_out(void **state)
{
    fixture *f = *state;
    char path[96];

    (void)snprintf(path, sizeof path, "%s/file", f->folder);
    assert_int_equal(mr_file_replace(path, MR_TEXT_LITERAL("x"), NULL), MR_OK);
    set(f, "MILLRACE_DATA", path);
    assert_trial(f, "MILLRACE_DATA", MR_TRIAL_FAILED, "is not a folder");
}

static void a_data_folder_open_to_others_is_warned_about(void **state)
{
    fixture *f = *state;

    assert_int_equal(chmod(f->folder, 0755), 0);
    set(f, "MILLRACE_DATA", f->folder);
    assert_trial(f, "MILLRACE_DATA", MR_TRIAL_WARNING, "open to other users");
}

static void too_little_disk_is_found_out(void **state)
{
    fixture *f = *state;

    set(f, "MILLRACE_DISK_FREE_MIN", "1000TiB");
    assert_trial(f, "MILLRACE_DISK_FREE_MIN", MR_TRIAL_FAILED, "free");
}

static void unknown_roles_sinks_and_urls_are_found_out(void **state)
{
    fixture *f = *state;

    set(f, "MILLRACE_ROLES", "gateway, portal");
    assert_trial(f, "MILLRACE_ROLES", MR_TRIAL_FAILED, "'portal'");
    set(f, "MILLRACE_ROLES", " , ");
    assert_trial(f, "MILLRACE_ROLES", MR_TRIAL_FAILED, "names nothing");
    set(f, "MILLRACE_SINKS", "store,stor");
    assert_trial(f, "MILLRACE_SINKS", MR_TRIAL_FAILED, "'stor'");
    set(f, "MILLRACE_BUS", "pigeon://roof");
    assert_trial(f, "MILLRACE_BUS", MR_TRIAL_FAILED, "pigeon://roof");
    set(f, "MILLRACE_STORE", "oracle:x");
    assert_trial(f, "MILLRACE_STORE", MR_TRIAL_FAILED, "oracle");
    set(f, "MILLRACE_URL", "ftp://host");
    assert_trial(f, "MILLRACE_URL", MR_TRIAL_FAILED, "http://");
}

static void topics_of_one_name_are_found_out(void **state)
{
    fixture *f = *state;

    set(f, "MILLRACE_TOPIC_DEAD_LETTER", "processed-topic");
    assert_trial(f, "MILLRACE_TOPIC_INGESTION", MR_TRIAL_FAILED, "circles");
}

static void an_address_in_use_is_found_out(void **state)
{
    fixture *f = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[32];

    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    (void)snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    set(f, "MILLRACE_GATEWAY", text);
    assert_trial(f, "MILLRACE_GATEWAY", MR_TRIAL_FAILED, "in use");
    (void)close(fd);
}

static void an_address_of_another_machine_is_found_out(void **state)
{
    fixture *f = *state;

    set(f, "MILLRACE_GATEWAY", "192.0.2.1:8000"); /* RFC 5737: nobody's */
    assert_trial(f, "MILLRACE_GATEWAY", MR_TRIAL_FAILED, "cannot listen");
}

static void no_keys_beyond_loopback_is_warned_about(void **state)
{
    fixture *f = *state;

    set(f, "MILLRACE_GATEWAY", "0.0.0.0:0");
    assert_trial(f, "MILLRACE_AUTH", MR_TRIAL_OK, "auto");
    set(f, "MILLRACE_AUTH", "off");
    assert_trial(f, "MILLRACE_AUTH", MR_TRIAL_WARNING, "anyone");
    set(f, "MILLRACE_GATEWAY", "[::1]:0");
    assert_trial(f, "MILLRACE_AUTH", MR_TRIAL_OK, "off");
}

static void buffers_that_hold_no_body_are_found_out(void **state)
{
    fixture *f = *state;

    set(f, "MILLRACE_BUFFER_BYTES_MAX", "1MiB");
    assert_trial(f, "MILLRACE_BUFFER_BYTES_MAX", MR_TRIAL_FAILED, "at least one body");
}

static void half_a_certificate_is_found_out(void **state)
{
    fixture *f = *state;
    char path[96];

    (void)snprintf(path, sizeof path, "%s/server.pem", f->folder);
    set(f, "MILLRACE_TLS_CERTIFICATE", path);
    assert_trial(f, "MILLRACE_TLS_CERTIFICATE", MR_TRIAL_FAILED, "go together");
    set(f, "MILLRACE_TLS_KEY", path);
    assert_trial(f, "MILLRACE_TLS_CERTIFICATE", MR_TRIAL_FAILED, "No such file");
    assert_int_equal(mr_file_replace(path, MR_TEXT_LITERAL("no certificate"), NULL), MR_OK);
    assert_trial(f, "MILLRACE_TLS_CERTIFICATE", MR_TRIAL_FAILED, path);
}

#define TRY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRY_TEST(the_defaults_work_and_create_nothing),
        TRY_TEST(a_data_folder_below_a_file_is_found_out),
        TRY_TEST(a_data_folder_open_to_others_is_warned_about),
        TRY_TEST(too_little_disk_is_found_out),
        TRY_TEST(unknown_roles_sinks_and_urls_are_found_out),
        TRY_TEST(topics_of_one_name_are_found_out),
        TRY_TEST(an_address_in_use_is_found_out),
        TRY_TEST(an_address_of_another_machine_is_found_out),
        TRY_TEST(no_keys_beyond_loopback_is_warned_about),
        TRY_TEST(buffers_that_hold_no_body_are_found_out),
        TRY_TEST(half_a_certificate_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
