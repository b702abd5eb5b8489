/* SPDX-License-Identifier: Apache-2.0 */
/* Storage against Azurite (MR_TEST_AZURITE: its address and MR_TEST_AZURITE_KEY: its account's key;
 * without them all is skipped), and against scripted answers where the service must fail. */
#define _GNU_SOURCE
#include "azure/storage.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "azure/scripted_server.h"
#include "base/random.h"

enum { skipped = 77 };

static const char fake_key[] = "SmVmZQ==";

typedef struct fixture {
    mr_secret *key;
    mr_storage *storage;
} fixture;

static mr_storage *open_storage(const char *endpoint, const char *account, const char *container,
                                const mr_secret *key, uint32_t timeout_ms)
{
    const mr_storage_options options = {
        .endpoint = endpoint,
        .account = account,
        .container = container,
        .account_key = key,
        .requests = {.wait_ms = 2, .timeout_ms = timeout_ms},
    };
    mr_storage *storage = NULL;
    mr_err err = {.message = ""};

    if (mr_storage_open(&options, &storage, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return storage;
}

/* A container of its own for each test. */
static int setup(void **state)
{
    fixture *self = mr_alloc_zero(1, sizeof *self);
    char container[64];
    uint64_t random;

    mr_random_secret(&random, sizeof random);
    (void)snprintf(container, sizeof container, "test-%016llx", (unsigned long long)random);
    self->key = mr_secret_create(mr_text_of(getenv("MR_TEST_AZURITE_KEY")));
    self->storage =
        open_storage(getenv("MR_TEST_AZURITE"), "devstoreaccount1", container, self->key, 20000);
    *state = self;
    return 0;
}

static int teardown(void **state)
{
    fixture *self = *state;

    mr_storage_close(self->storage);
    mr_secret_destroy(self->key);
    free(self);
    return 0;
}

static void ok(mr_status status, const mr_err *err)
{
    if (status != MR_OK) {
        fail_msg("%s: %s", mr_status_name(status), err->message);
    }
}

static void expect_content(mr_storage *storage, const char *name, const char *content)
{
    mr_buffer out;
    mr_err err;

    mr_buffer_init(&out, 1 << 20);
    ok(mr_storage_get(storage, name, &out, &err), &err);
    assert_true(mr_text_equal(mr_buffer_text(&out), mr_text_of(content)));
    mr_buffer_free(&out);
}

/* --- Azurite ---------------------------------------------------------------------------------- */

static void names_of_every_kind_come_back_as_they_were(void **state)
{
    static const char *const names[] = {"a b/c+d%41&e=f?g#h", "a b/Gr\303\274\303\237e 'x'",
                                        "a b/\xf0\x9f\x98\x80<>", "a b/p=a%20b/x"};
    mr_storage *storage = ((fixture *)*state)->storage;
    mr_storage_blob blob;
    mr_err err;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ok(mr_storage_put(storage, names[i], mr_text_of(names[i]), MR_STORAGE_CREATE, &err), &err);
        expect_content(storage, names[i], names[i]);
        ok(mr_storage_find(storage, names[i], &blob, &err), &err);
        assert_int_equal(blob.bytes, strlen(names[i]));
    }
}

typedef struct listing {
    char text[4096];
    size_t count;
} listing;

static bool note(void *ctx, const mr_storage_blob *blob)
{
    listing *self = ctx;

    if (self->count++ < 50) {
        (void)strcat(self->text, blob->name);
        (void)strcat(self->text, "|");
    }
    return true;
}

static void listings_have_folders_when_asked_for(void **state)
{
    mr_storage *storage = ((fixture *)*state)->storage;
    static const char *const names[] = {"a/b/1", "a/b/2", "a/c&d", "e"};
    listing empty = {.count = 0};
    listing all = {.count = 0};
    listing folders = {.count = 0};
    mr_err err;

    ok(mr_storage_list(storage, "", false, note, &empty, &err), &err); /* no container yet */
    assert_int_equal(empty.count, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ok(mr_storage_put(storage, names[i], mr_text_of("x"), MR_STORAGE_CREATE, &err), &err);
    }
    ok(mr_storage_list(storage, "a/", false, note, &all, &err), &err);
    assert_string_equal(all.text, "a/b/1|a/b/2|a/c&d|");
    ok(mr_storage_list(storage, "a/", true, note, &folders, &err), &err);
    assert_int_equal(folders.count, 2);
    assert_non_null(strstr(folders.text, "a/b/|"));
    assert_non_null(strstr(folders.text, "a/c&d|"));
}

static void a_large_file_goes_in_blocks_and_comes_in_ranges(void **state)
{
    mr_storage *storage = ((fixture *)*state)->storage;
    enum { bytes = (16 << 20) + 12345 };
    char path[] = "/tmp/millrace-storage-XXXXXX";
    char *content = mr_alloc(bytes);
    char *back = mr_alloc(bytes);
    mr_storage_blob blob;
    mr_random random;
    mr_err err;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    mr_random_seed(&random, 7);
    for (size_t i = 0; i < bytes; i++) {
        content[i] = (char)mr_random_next(&random);
    }
    assert_int_equal(pwrite(fd, content, bytes, 0), bytes);
    ok(mr_storage_put_file(storage, "large", fd, bytes, MR_STORAGE_CREATE, &blob, &err), &err);
    assert_int_equal(blob.bytes, bytes);
    assert_true(blob.modified_ms > 0);
    assert_int_equal(
        mr_storage_put_file(storage, "large", fd, bytes, MR_STORAGE_CREATE, &blob, &err),
        MR_EXISTS);
    assert_int_equal(ftruncate(fd, 0), 0);
    ok(mr_storage_get_range(storage, "large", 10 << 20, bytes - (10 << 20), fd, &err), &err);
    ok(mr_storage_get_range(storage, "large", 0, 10 << 20, fd, &err), &err);
    assert_int_equal(pread(fd, back, bytes, 0), bytes);
    assert_memory_equal(back, content, bytes);
    assert_int_equal(mr_storage_get_range(storage, "large", bytes - 1, 2, fd, &err), MR_CORRUPT);
    assert_int_equal(mr_storage_get_range(storage, "none", 0, 2, fd, &err), MR_NOT_FOUND);
    (void)close(fd);
    (void)unlink(path);
    free(content);
    free(back);
}

static void a_wrong_key_is_told_without_it(void **state)
{
    mr_secret *wrong = mr_secret_create(mr_text_of(fake_key));
    mr_storage *storage =
        open_storage(getenv("MR_TEST_AZURITE"), "devstoreaccount1", "xyz", wrong, 5000);
    mr_err err;

    (void)state;
    assert_int_equal(mr_storage_put(storage, "a", mr_text_of("x"), MR_STORAGE_CREATE, &err),
                     MR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "403"));
    assert_null(strstr(err.message, fake_key));
    mr_storage_close(storage);
    mr_secret_destroy(wrong);
}

/* --- Answers that are lost -------------------------------------------------------------------- */

#define CREATED          "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
#define TAKEN            "HTTP/1.1 409 x\r\nContent-Length: 0\r\nx-ms-error-code: BlobAlreadyExists\r\n\r\n"
#define FAILED_CONDITION "HTTP/1.1 412 x\r\nContent-Length: 0\r\n\r\n"
#define ANOTHERS         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nx-ms-meta-millrace_put: no\r\n\r\n"
#define NOTHING          "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n"

static mr_status create_against(const scripted_answer *answers, size_t count, uint32_t timeout_ms,
                                scripted_server *server)
{
    char endpoint[64];
    mr_secret *key = mr_secret_create(mr_text_of(fake_key));
    mr_err err = {.message = ""};

    scripted_start(server, answers, count);
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d/a", server->port);
    mr_storage *storage = open_storage(endpoint, "a", "c", key, timeout_ms);
    mr_status status = mr_storage_put(storage, "n", mr_text_of("x"), MR_STORAGE_CREATE, &err);
    assert_null(strstr(err.message, fake_key));
    mr_storage_close(storage);
    mr_secret_destroy(key);
    scripted_stop(server);
    return status;
}

static void who_was_first_is_told_by_the_mark(void **state)
{
    static const scripted_answer another[] = {{TAKEN, false, 0}, {ANOTHERS, false, 0}};
    static const scripted_answer condition[] = {{FAILED_CONDITION, false, 0}, {ANOTHERS, false, 0}};
    static const scripted_answer gone[] = {{TAKEN, false, 0}, {NOTHING, false, 0}};
    static const scripted_answer unknown[] = {
        {NULL, false, 0}, {NULL, false, 3000}, {NULL, false, 3000}};
    static const scripted_answer silent[] = {{NULL, false, 400}, {NOTHING, false, 0}};
    scripted_server server;

    (void)state;
    assert_int_equal(create_against(another, 2, 5000, &server), MR_EXISTS);
    scripted_free(&server);
    assert_int_equal(create_against(condition, 2, 5000, &server), MR_EXISTS);
    scripted_free(&server);
    assert_int_equal(create_against(gone, 2, 5000, &server), MR_EXISTS);
    scripted_free(&server);
    assert_int_equal(create_against(unknown, 3, 300, &server), MR_UNKNOWN_OUTCOME);
    scripted_free(&server);
    assert_int_equal(create_against(silent, 2, 300, &server), MR_UNKNOWN_OUTCOME);
    scripted_free(&server);
}

/* A server that loses its first answer and gives back the mark it was sent. */
typedef struct echo {
    int listener;
    bool in_the_end;
} echo;

static void *echo_run(void *ctx)
{
    echo *self = ctx;
    char mark[64] = "";

    for (int i = 0; i < 3; i++) {
        int fd = accept(self->listener, NULL, NULL);
        char *request = fd >= 0 ? scripted_read(fd) : NULL;
        char answer[256] = "";
        if (request == NULL) {
            break;
        }
        const char *sent = strstr(request, "x-ms-meta-millrace_put: ");
        if (i == 0 && sent != NULL) {
            (void)snprintf(mark, sizeof mark, "%.32s", sent + 24);
        }
        (void)snprintf(answer, sizeof answer,
                       i == 0   ? "%.0s"
                       : i == 1 ? TAKEN "%.0s"
                                : "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                                  "x-ms-meta-millrace_put: %s\r\n\r\n",
                       mark);
        (void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        (void)close(fd);
        free(request);
        self->in_the_end = i == 2;
    }
    return NULL;
}

static void a_put_that_meets_itself_has_won(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    echo self = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    mr_secret *key = mr_secret_create(mr_text_of(fake_key));
    char endpoint[64];
    pthread_t thread;
    mr_err err;

    (void)state;
    assert_int_equal(bind(self.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(self.listener, 8), 0);
    assert_int_equal(getsockname(self.listener, (struct sockaddr *)&address, &bytes), 0);
    assert_int_equal(pthread_create(&thread, NULL, echo_run, &self), 0);
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d/a", ntohs(address.sin_port));
    mr_storage *storage = open_storage(endpoint, "a", "c", key, 5000);
    ok(mr_storage_put(storage, "n", mr_text_of("x"), MR_STORAGE_CREATE, &err), &err);
    (void)shutdown(self.listener, SHUT_RDWR);
    (void)pthread_join(thread, NULL);
    assert_true(self.in_the_end);
    (void)close(self.listener);
    mr_storage_close(storage);
    mr_secret_destroy(key);
}

static void plain_http_is_for_this_machine_alone(void **state)
{
    static const char *const wrong[] = {"http://shop.blob.core.windows.net", "ftp://x",
                                        "http://127.evil.example@x", "http://localhost.example"};
    mr_secret *key = mr_secret_create(mr_text_of(fake_key));

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const mr_storage_options options = {
            .endpoint = wrong[i], .account = "a", .container = "c", .account_key = key};
        mr_storage *storage = NULL;
        mr_err err;
        assert_int_equal(mr_storage_open(&options, &storage, &err), MR_INVALID);
    }
    mr_secret_destroy(key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest scripted[] = {
        cmocka_unit_test(who_was_first_is_told_by_the_mark),
        cmocka_unit_test(a_put_that_meets_itself_has_won),
        cmocka_unit_test(plain_http_is_for_this_machine_alone),
    };
    const struct CMUnitTest real[] = {
        TEST(names_of_every_kind_come_back_as_they_were),
        TEST(listings_have_folders_when_asked_for),
        TEST(a_large_file_goes_in_blocks_and_comes_in_ranges),
        TEST(a_wrong_key_is_told_without_it),
    };
    int failed = cmocka_run_group_tests(scripted, NULL, NULL);

    if (failed == 0 &&
        (getenv("MR_TEST_AZURITE") == NULL || getenv("MR_TEST_AZURITE_KEY") == NULL)) {
        (void)fprintf(stderr,
                      "MR_TEST_AZURITE is not set: the tests against Azurite are skipped\n");
        return skipped;
    }
    return failed + (failed == 0 ? cmocka_run_group_tests(real, NULL, NULL) : 0);
}
