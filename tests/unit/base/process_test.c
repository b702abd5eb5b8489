/* SPDX-License-Identifier: Apache-2.0 */
/* base/process_test.c - what a process gives back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/process.h"

enum { file_bytes = 4 << 20, page_bytes = 4096 };

typedef struct mapped {
    char path[64];
    unsigned char *bytes;
} mapped;

/* A file of nines, mapped as a library's code is. */
static mapped map_file(int rights)
{
    static unsigned char page[page_bytes];
    mapped m = {.path = "/tmp/millrace-process-XXXXXX"};
    int fd = mkstemp(m.path);

    assert_true(fd >= 0);
    memset(page, 9, sizeof(page));
    for (size_t at = 0; at < file_bytes; at += sizeof(page)) {
        assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
    }
    m.bytes = mmap(NULL, file_bytes, rights, MAP_PRIVATE, fd, 0);
    assert_true(m.bytes != MAP_FAILED);
    assert_int_equal(close(fd), 0);
    return m;
}

static size_t sum_pages(const mapped *m)
{
    size_t sum = 0;

    for (size_t at = 0; at < file_bytes; at += page_bytes) {
        sum += ((const volatile unsigned char *)m->bytes)[at];
    }
    return sum;
}

static void unmap_file(const mapped *m)
{
    assert_int_equal(munmap(m->bytes, file_bytes), 0);
    assert_int_equal(unlink(m->path), 0);
}

static void test_code_is_given_back_and_comes_again(void **state)
{
    mapped m = map_file(PROT_READ);
    const size_t nines = 9 * (file_bytes / page_bytes);

    (void)state;
    assert_int_equal(sum_pages(&m), nines);
    uint64_t before = mr_process_resident_bytes((int)getpid());
    mr_process_release_code();
    uint64_t after = mr_process_resident_bytes((int)getpid());
    assert_true(before > after + file_bytes / 2);
    assert_int_equal(sum_pages(&m), nines);
    unmap_file(&m);
}

/* As relocated tables are: written to, and then made constant. */
static void test_what_was_changed_since_it_was_read_stays(void **state)
{
    mapped m = map_file(PROT_READ | PROT_WRITE);

    (void)state;
    m.bytes[page_bytes] = 10;
    assert_int_equal(mprotect(m.bytes, file_bytes, PROT_READ), 0);
    mr_process_release_code();
    assert_int_equal(m.bytes[page_bytes], 10);
    unmap_file(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code_is_given_back_and_comes_again),
        cmocka_unit_test(test_what_was_changed_since_it_was_read_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
