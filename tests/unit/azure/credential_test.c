/* SPDX-License-Identifier: Apache-2.0 */
/* azure/credential_test.c - whom a credential asks, what it sends, what it keeps, what it says. */
#define _GNU_SOURCE /* scripted_server.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "azure/credential.h"
#include "certificate.h"
#include "scripted_server.h"

#define ANSWER(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define TOKEN(text, seconds) \
    ANSWER("200 OK", "{\"access_token\":\"" text "\",\"expires_in\":" seconds "}")

static const char scope[] = "https://vault.azure.net/.default";

/* The clock of the credentials here. */
static _Atomic int64_t now_us;

static int64_t read_clock(void)
{
    return atomic_load(&now_us);
}

static void pass_seconds(int64_t seconds)
{
    atomic_fetch_add(&now_us, seconds * 1000000);
}

/* --- A credential and the one it asks ----------------------------------------------------------
 */

typedef struct scene {
    scripted_server server;
    char url[64];
    mr_secret *secret;
    mr_azure_credential *credential;
} scene;

static void begin(scene *s, const scripted_answer *answers, size_t count)
{
    scripted_start(&s->server, answers, count);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->server.port);
    s->secret = mr_secret_create(MR_TEXT_LITERAL("Hush&4711"));
}

static mr_azure_credential_options principal(const scene *s)
{
    return (mr_azure_credential_options){.identity = MR_AZURE_CLIENT_SECRET,
                                         .tenant_id = "tenant",
                                         .client_id = "client",
                                         .client_secret = s->secret,
                                         .authority = s->url,
                                         .clock_us = read_clock};
}

static void open_it(scene *s, const mr_azure_credential_options *options)
{
    assert_int_equal(mr_azure_credential_create(options, &s->credential, NULL), MR_OK);
}

static void end(scene *s)
{
    mr_azure_credential_destroy(s->credential);
    scripted_stop(&s->server);
    scripted_free(&s->server);
    mr_secret_destroy(s->secret);
}

static mr_status ask(scene *s, char token[static 64], mr_err *err)
{
    mr_buffer out;

    mr_buffer_init(&out, 63);
    mr_status st = mr_azure_credential_token(s->credential, scope, &out, err);
    (void)snprintf(token, 64, "%.*s", MR_TEXT_ARGS(mr_buffer_text(&out)));
    mr_buffer_free(&out);
    return st;
}

static void ask_for(scene *s, const char *wanted)
{
    char token[64];
    mr_err err = {.message = ""};

    if (ask(s, token, &err) != MR_OK) {
        fail_msg("no token: %s", err.message);
    }
    assert_string_equal(token, wanted);
}

static const char *asked(const scene *s, size_t index)
{
    assert_true(index < s->server.request_count);
    return s->server.requests[index];
}

/* --- A service principal ------------------------------------------------------------------------
 */

static void test_a_secret_is_sent_as_a_form_and_the_token_kept(void **state)
{
    static const scripted_answer answers[] = {{.text = TOKEN("one", "3600")}};
    scene s = {.credential = NULL};

    (void)state;
    begin(&s, answers, 1);
    const mr_azure_credential_options options = principal(&s);
    open_it(&s, &options);
    ask_for(&s, "one");
    ask_for(&s, "one");
    pass_seconds(3600 - 601);
    ask_for(&s, "one");
    assert_string_equal(mr_azure_credential_name(s.credential), "client secret");
    assert_non_null(strstr(asked(&s, 0), "POST /tenant/oauth2/v2.0/token HTTP/1.1\r\n"));
    assert_non_null(strstr(asked(&s, 0), "Content-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(asked(&s, 0), "grant_type=client_credentials&client_id=client&scope="
                                         "https%3A%2F%2Fvault.azure.net%2F.default&client_secret="
                                         "Hush%264711"));
    end(&s);
}

static void test_a_token_is_renewed_before_it_ends(void **state)
{
    static const scripted_answer answers[] = {{.text = TOKEN("one", "3600")},
                                              {.text = TOKEN("two", "\"3600\"")}};
    scene s = {.credential = NULL};

    (void)state;
    begin(&s, answers, 2);
    const mr_azure_credential_options options = principal(&s);
    open_it(&s, &options);
    ask_for(&s, "one");
    pass_seconds(3600 - 600);
    ask_for(&s, "two");
    end(&s);
}

static void test_the_old_token_serves_while_it_is_good_and_none_can_be_had(void **state)
{
    static const char away[] = ANSWER("400 Bad Request", "{\"error\":\"not now\"}");
    static const scripted_answer answers[] = {
        {.text = TOKEN("one", "3600")}, {.text = away}, {.text = away}};
    scene s = {.credential = NULL};
    char token[64];

    (void)state;
    begin(&s, answers, 3);
    const mr_azure_credential_options options = principal(&s);
    open_it(&s, &options);
    ask_for(&s, "one");
    pass_seconds(3100);
    ask_for(&s, "one");
    ask_for(&s, "one"); /* not asked for again at once */
    pass_seconds(480);  /* at its end */
    assert_int_equal(ask(&s, token, NULL), MR_INVALID);
    assert_int_equal(s.server.request_count, 3);
    end(&s);
}

static void test_a_refusal_says_why_and_repeats_no_secret(void **state)
{
    static const scripted_answer answers[] = {
        {.text = ANSWER("401 Unauthorized",
                        "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: "
                        "Invalid client secret provided.\\r\\nTrace ID: 1\"}")},
        {.text = ANSWER("401 Unauthorized",
                        "{\"error\":\"invalid_client\",\"error_description\":\"no, Hush&4711\"}")},
        {.text = ANSWER("200 OK", "{\"access_token\":\"a\\nb\"}")}};
    scene s = {.credential = NULL};
    char token[64];
    mr_err err;

    (void)state;
    begin(&s, answers, 3);
    const mr_azure_credential_options options = principal(&s);
    open_it(&s, &options);
    assert_int_equal(ask(&s, token, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "client secret"));
    assert_non_null(strstr(err.message, "401 invalid_client: AADSTS7000215: Invalid"));
    assert_null(strstr(err.message, "Trace"));
    assert_int_equal(ask(&s, token, &err), MR_INVALID);
    assert_null(strstr(err.message, "4711"));
    assert_int_equal(ask(&s, token, &err), MR_CORRUPT); /* it would break a header */
    end(&s);
}

static void test_a_throttled_authority_is_asked_again(void **state)
{
    static const scripted_answer answers[] = {
        {.text = "HTTP/1.1 429 Slow down\r\nRetry-After: 0\r\nConnection: close\r\n\r\n"},
        {.text = TOKEN("one", "3600")}};
    scene s = {.credential = NULL};

    (void)state;
    begin(&s, answers, 2);
    const mr_azure_credential_options options = principal(&s);
    open_it(&s, &options);
    ask_for(&s, "one");
    end(&s);
}

static void test_a_rotated_secret_and_a_refused_token_are_taken_up(void **state)
{
    static const scripted_answer answers[] = {{.text = TOKEN("one", "3600")},
                                              {.text = TOKEN("two", "3600")}};
    scene s = {.credential = NULL};

    (void)state;
    begin(&s, answers, 2);
    const mr_azure_credential_options options = principal(&s);
    open_it(&s, &options);
    ask_for(&s, "one");
    (void)mr_secret_set(s.secret, MR_TEXT_LITERAL("Fresh"), 0);
    mr_azure_credential_refused(s.credential, scope, MR_TEXT_LITERAL("another"));
    ask_for(&s, "one");
    mr_azure_credential_refused(s.credential, scope, MR_TEXT_LITERAL("one"));
    ask_for(&s, "two");
    assert_non_null(strstr(asked(&s, 1), "&client_secret=Fresh"));
    end(&s);
}

static void test_a_certificate_signs_for_the_address_it_is_sent_to(void **state)
{
    static const scripted_answer answers[] = {{.text = TOKEN("one", "3600")}};
    scene s = {.credential = NULL};
    certificate c;

    (void)state;
    certificate_create(&c, NULL);
    begin(&s, answers, 1);
    mr_azure_credential_options options = principal(&s);
    options.identity = MR_AZURE_CLIENT_CERTIFICATE;
    options.client_certificate = c.path;
    open_it(&s, &options);
    ask_for(&s, "one");
    assert_non_null(strstr(asked(&s, 0), "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
                                         "client-assertion-type%3Ajwt-bearer&client_assertion=ey"));
    assert_null(strstr(asked(&s, 0), "client_secret"));
    certificate_free(&c);
    end(&s);
}

static void test_what_an_identity_lacks_is_named(void **state)
{
    mr_azure_credential *credential = NULL;
    mr_azure_credential_options options = {.identity = MR_AZURE_CLIENT_SECRET, .tenant_id = "t"};
    mr_err err;

    (void)state;
    assert_int_equal(mr_azure_credential_create(&options, &credential, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "MILLRACE_AZURE_CLIENT_ID"));
    options.identity = MR_AZURE_WORKLOAD_IDENTITY;
    options.client_id = "c";
    assert_int_equal(mr_azure_credential_create(&options, &credential, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "MILLRACE_AZURE_FEDERATED_TOKEN_FILE"));
}

/* --- Identities of a machine --------------------------------------------------------------------
 */

static void test_a_machine_asks_its_metadata_service(void **state)
{
    static const scripted_answer answers[] = {
        {.text = ANSWER("200 OK", "{\"access_token\":\"one\",\"expires_in\":\"86399\","
                                  "\"resource\":\"https://vault.azure.net\"}")}};
    scene s = {.credential = NULL};

    (void)state;
    begin(&s, answers, 1);
    const mr_azure_credential_options options = {.identity = MR_AZURE_MANAGED_IDENTITY,
                                                 .client_id = "mine",
                                                 .metadata_host = s.url,
                                                 .clock_us = read_clock};
    open_it(&s, &options);
    ask_for(&s, "one");
    assert_non_null(strstr(asked(&s, 0), "GET /metadata/identity/oauth2/token?api-version="
                                         "2018-02-01&resource=https%3A%2F%2Fvault.azure.net"
                                         "&client_id=mine HTTP/1.1\r\n"));
    assert_non_null(strstr(asked(&s, 0), "Metadata: true\r\n"));
    end(&s);
}

static void test_an_app_service_asks_its_endpoint_with_its_header(void **state)
{
    static const scripted_answer answers[] = {{.text = TOKEN("one", "3600")}};
    scene s = {.credential = NULL};
    char endpoint[96];

    (void)state;
    begin(&s, answers, 1);
    (void)snprintf(endpoint, sizeof endpoint, "%s/msi/token", s.url);
    const mr_azure_credential_options options = {.identity = MR_AZURE_MANAGED_IDENTITY,
                                                 .identity_endpoint = endpoint,
                                                 .identity_header = s.secret,
                                                 .clock_us = read_clock};
    open_it(&s, &options);
    ask_for(&s, "one");
    assert_non_null(strstr(asked(&s, 0), "GET /msi/token?api-version=2019-08-01&resource="));
    assert_non_null(strstr(asked(&s, 0), "X-IDENTITY-HEADER: Hush&4711\r\n"));
    end(&s);
}

static void write_file(char path[static 32], const char *text, mode_t mode)
{
    (void)snprintf(path, 32, "/tmp/millrace-token-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void test_a_workload_sends_what_its_file_holds(void **state)
{
    static const scripted_answer answers[] = {{.text = TOKEN("one", "3600")}};
    scene s = {.credential = NULL};
    char path[32];

    (void)state;
    write_file(path, " eyJ.federated\n", 0600);
    begin(&s, answers, 1);
    mr_azure_credential_options options = principal(&s);
    options.identity = MR_AZURE_WORKLOAD_IDENTITY;
    options.federated_token_file = path;
    open_it(&s, &options);
    ask_for(&s, "one");
    const char *body = strstr(asked(&s, 0), "&client_assertion=");
    assert_string_equal(body, "&client_assertion=eyJ.federated");
    (void)unlink(path);
    end(&s);
}

/* --- The Azure CLI ------------------------------------------------------------------------------
 */

static void test_the_cli_is_run_with_its_arguments_as_they_are(void **state)
{
    static const char script[] =
        "#!/bin/sh\n"
        "[ \"$*\" = 'account get-access-token --output json --resource https://vault.azure.net"
        " --tenant $(id)' ] || { echo \"got $*\" >&2; exit 1; }\n"
        "echo '{\"accessToken\": \"one\", \"expires_on\": 99999999999, \"expiresOn\": \"x\"}'\n";
    scene s = {.credential = NULL};
    char path[32];

    (void)state;
    write_file(path, script, 0700);
    begin(&s, NULL, 0);
    const mr_azure_credential_options options = {.identity = MR_AZURE_CLI,
                                                 .cli_program = path,
                                                 .tenant_id = "$(id)",
                                                 .clock_us = read_clock};
    open_it(&s, &options);
    ask_for(&s, "one");
    (void)unlink(path);
    end(&s);
}

static void test_what_the_cli_complains_of_is_said(void **state)
{
    scene s = {.credential = NULL};
    char path[32], token[64];
    mr_err err;

    (void)state;
    write_file(path, "#!/bin/sh\necho \"Please run 'az login'.\" >&2\necho more >&2\nexit 1\n",
               0700);
    begin(&s, NULL, 0);
    mr_azure_credential_options options = {
        .identity = MR_AZURE_CLI, .cli_program = path, .clock_us = read_clock};
    open_it(&s, &options);
    assert_int_equal(ask(&s, token, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "Please run 'az login'."));
    assert_null(strstr(err.message, "more"));
    mr_azure_credential_destroy(s.credential);
    options.cli_program = "/nowhere/az";
    open_it(&s, &options);
    assert_int_equal(ask(&s, token, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "there is no such program"));
    (void)unlink(path);
    end(&s);
}

/* --- Auto ---------------------------------------------------------------------------------------
 */

static void test_auto_takes_the_first_that_works_and_stays_with_it(void **state)
{
    static const scripted_answer answers[] = {
        {.text = TOKEN("one", "3600")},
        {.text = ANSWER("400 Bad Request", "{\"error\":\"invalid_request\"}")}};
    scene s = {.credential = NULL};
    char token[64];
    mr_err err;

    (void)state;
    begin(&s, answers, 2);
    const mr_azure_credential_options options = {
        .metadata_host = s.url, .cli_program = "/nowhere/az", .clock_us = read_clock};
    open_it(&s, &options);
    assert_string_equal(mr_azure_credential_name(s.credential), "auto");
    ask_for(&s, "one");
    assert_string_equal(mr_azure_credential_name(s.credential), "managed identity");
    pass_seconds(3600);
    assert_int_equal(ask(&s, token, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "by managed identity"));
    assert_null(strstr(err.message, "/nowhere/az"));
    end(&s);
}

static void test_auto_tells_what_each_said(void **state)
{
    static const scripted_answer answers[] = {
        {.text = ANSWER("400 Bad Request", "{\"error\":\"invalid_request\","
                                           "\"error_description\":\"Identity not found\"}")}};
    scene s = {.credential = NULL};
    char token[64];
    mr_err err;

    (void)state;
    begin(&s, answers, 1);
    const mr_azure_credential_options options = {
        .metadata_host = s.url, .cli_program = "/nowhere/az", .clock_us = read_clock};
    open_it(&s, &options);
    assert_int_equal(ask(&s, token, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, "client secret: MILLRACE_AZURE_TENANT_ID is not set"));
    assert_non_null(strstr(err.message, "workload identity: MILLRACE_AZURE_TENANT_ID is not set"));
    assert_non_null(strstr(err.message, "managed identity: http://127.0.0.1"));
    assert_non_null(strstr(err.message, "Azure CLI: /nowhere/az: there is no such program"));
    end(&s);
}

static void test_auto_does_not_hide_that_what_is_set_up_was_refused(void **state)
{
    static const scripted_answer answers[] = {
        {.text = ANSWER("401 Unauthorized", "{\"error\":\"invalid_client\"}")}};
    scene s = {.credential = NULL};
    char token[64];
    mr_err err;

    (void)state;
    begin(&s, answers, 1);
    mr_azure_credential_options options = principal(&s);
    options.identity = MR_AZURE_AUTO;
    open_it(&s, &options);
    assert_int_equal(ask(&s, token, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "client secret: "));
    assert_non_null(strstr(err.message, "invalid_client"));
    end(&s);
}

/* --- Threads ------------------------------------------------------------------------------------
 */

enum { askers = 8 };

static void *ask_once(void *ctx)
{
    char token[64];
    const char *wanted = "one";

    return ask(ctx, token, NULL) == MR_OK && strcmp(token, wanted) == 0 ? ctx : NULL;
}

static void ask_together(scene *s)
{
    pthread_t threads[askers];

    for (size_t i = 0; i < askers; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_once, s), 0);
    }
    for (size_t i = 0; i < askers; i++) {
        void *answered = NULL;
        assert_int_equal(pthread_join(threads[i], &answered), 0);
        assert_ptr_equal(answered, s);
    }
}

static void test_many_who_ask_at_once_are_one_request(void **state)
{
    static const scripted_answer answers[] = {{.text = TOKEN("one", "3600"), .hang_ms = 100},
                                              {.text = TOKEN("two", "3600")}};
    scene s = {.credential = NULL};

    (void)state;
    begin(&s, answers, 2);
    const mr_azure_credential_options options = principal(&s);
    open_it(&s, &options);
    ask_together(&s);
    assert_int_equal(s.server.request_count, 1);
    end(&s);
}

/* The one who asks first is out for it; the others need not wait: theirs is good still. The answer
 * is held back by a file that the CLI waits for. */
static void test_others_go_on_with_the_old_token_meanwhile(void **state)
{
    static const char script[] =
        "#!/bin/sh\n"
        "if [ -e \"$0.asked\" ]; then read -r line <\"$0.gate\"; name=two; else name=one; fi\n"
        ": >\"$0.asked\"\n"
        "echo \"{\\\"accessToken\\\": \\\"$name\\\", \\\"expires_in\\\": 3600}\"\n";
    scene s = {.credential = NULL};
    char path[32], gate[48], asked_file[48], token[64];
    pthread_t renewing;

    (void)state;
    write_file(path, script, 0700);
    (void)snprintf(gate, sizeof gate, "%s.gate", path);
    (void)snprintf(asked_file, sizeof asked_file, "%s.asked", path);
    assert_int_equal(mkfifo(gate, 0600), 0);
    begin(&s, NULL, 0);
    const mr_azure_credential_options options = {
        .identity = MR_AZURE_CLI, .cli_program = path, .clock_us = read_clock};
    open_it(&s, &options);
    ask_for(&s, "one");
    pass_seconds(3100);
    assert_int_equal(pthread_create(&renewing, NULL, ask_once, &s), 0);
    int held = open(gate, O_WRONLY); /* returns once the CLI reads: it is under way */
    assert_true(held >= 0);
    assert_int_equal(ask(&s, token, NULL), MR_OK);
    assert_string_equal(token, "one");
    assert_int_equal(close(held), 0);
    (void)pthread_join(renewing, NULL);
    ask_for(&s, "two");
    (void)unlink(path);
    (void)unlink(gate);
    (void)unlink(asked_file);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_secret_is_sent_as_a_form_and_the_token_kept),
        cmocka_unit_test(test_a_token_is_renewed_before_it_ends),
        cmocka_unit_test(test_the_old_token_serves_while_it_is_good_and_none_can_be_had),
        cmocka_unit_test(test_a_refusal_says_why_and_repeats_no_secret),
        cmocka_unit_test(test_a_throttled_authority_is_asked_again),
        cmocka_unit_test(test_a_rotated_secret_and_a_refused_token_are_taken_up),
        cmocka_unit_test(test_a_certificate_signs_for_the_address_it_is_sent_to),
        cmocka_unit_test(test_what_an_identity_lacks_is_named),
        cmocka_unit_test(test_a_machine_asks_its_metadata_service),
        cmocka_unit_test(test_an_app_service_asks_its_endpoint_with_its_header),
        cmocka_unit_test(test_a_workload_sends_what_its_file_holds),
        cmocka_unit_test(test_the_cli_is_run_with_its_arguments_as_they_are),
        cmocka_unit_test(test_what_the_cli_complains_of_is_said),
        cmocka_unit_test(test_auto_takes_the_first_that_works_and_stays_with_it),
        cmocka_unit_test(test_auto_tells_what_each_said),
        cmocka_unit_test(test_auto_does_not_hide_that_what_is_set_up_was_refused),
        cmocka_unit_test(test_many_who_ask_at_once_are_one_request),
        cmocka_unit_test(test_others_go_on_with_the_old_token_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
