/* SPDX-License-Identifier: Apache-2.0 */
/* bus/powercut_test.c - what was acknowledged survives a power cut at any moment.
 *
 * Each round a child process appends through the bus over the VFS of fault/powercut_vfs.c, tells
 * the parent of every acknowledgement through a pipe, and loses its power at a random operation.
 * The parent opens what is left and compares it with the ledger of acknowledgements.
 */
#include "bus/bus_fixture.h"

#include <pthread.h>
#include <sys/wait.h>

#include "base/random.h"

#include "../../fault/powercut_vfs.c"

/* Under a sanitizer a process is slow to start and to end. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define POWERCUT_ROUNDS 16
#elif __has_feature(address_sanitizer)
#define POWERCUT_ROUNDS 40
#endif
#endif
#ifndef POWERCUT_ROUNDS
#define POWERCUT_ROUNDS 200
#endif

enum {
    rounds = POWERCUT_ROUNDS,
    lying_rounds = 8 + rounds / 8,
    noise_bytes = 1 << 20,
    batches_a_round = 40,
    heavy_batches = 24,
    records_max = 12,
    value_bytes_max = 6000,
    heavy_bytes_max = 120000,
    in_flight_max = 4,
    reopen_one_in = 12,
};

typedef struct value_header {
    uint32_t batch;
    uint32_t index;
    uint32_t count;
    uint32_t marked;
    uint32_t bytes; /* of the whole value */
    uint32_t unused;
    uint64_t seed;
} value_header;

typedef struct acknowledgement {
    uint32_t batch;
    uint32_t unused;
    int64_t offset;
} acknowledgement;

typedef struct power_verdict {
    unsigned acknowledged;
    unsigned present;
    unsigned lost;       /* acknowledged and not there, or elsewhere */
    unsigned torn;       /* batches present in part, or with other bytes */
    unsigned marks_off;  /* the mark does not match the records */
    unsigned unreadable; /* the log could not be opened, read or appended to */
} power_verdict;

/* --- The child ----------------------------------------------------------------------------- */

typedef struct power_worker {
    bus_fixture fixture;
    const char *noise;
    mr_bus *bus;
    mr_bus_producer *producer;
    mr_random random;
    int ack_fd;
    size_t value_bytes_max;
    int64_t mark;
    pthread_mutex_t lock;
    pthread_cond_t landed;
    unsigned in_flight; /* guarded by lock */
} power_worker;

/* In the child nothing may go through cmocka: it would report for the parent. */
static void must(bool condition)
{
    if (!condition) {
        _exit(1);
    }
}

/* Values are stretches of noise, which does not compress; the seed says which. */
static const char *noise_at(const char *noise, const value_header *header)
{
    return noise + header->seed % (noise_bytes - heavy_bytes_max);
}

static mr_bus_batch *make_batch(power_worker *worker, uint32_t number, bool marked)
{
    mr_bus_batch *batch = mr_bus_batch_create(fixture_batch_bytes_max);
    uint32_t count = 1 + (uint32_t)mr_random_below(&worker->random, records_max);
    for (uint32_t index = 0; index < count; index++) {
        uint64_t extra = mr_random_below(&worker->random, worker->value_bytes_max);
        value_header header = {number,
                               index,
                               count,
                               marked,
                               (uint32_t)(sizeof header + extra),
                               0,
                               mr_random_next(&worker->random)};
        char *at = mr_bus_batch_reserve(batch, MR_TEXT_ABSENT, header.bytes);
        must(at != NULL);
        memcpy(at, &header, sizeof header);
        memcpy(at + sizeof header, noise_at(worker->noise, &header), extra);
        mr_bus_batch_finish(batch, header.bytes);
    }
    return batch;
}

static void acknowledge(power_worker *worker, uint32_t number, const mr_bus_batch *batch)
{
    acknowledgement ack = {number, 0, mr_bus_batch_position(batch, 0).offset};
    must(write(worker->ack_fd, &ack, sizeof ack) == (ssize_t)sizeof ack);
}

static void open_log(power_worker *worker)
{
    must(mr_bus_open(&worker->fixture.options, &worker->bus, NULL) == MR_OK);
    must(mr_bus_producer_open(worker->bus, "power", &worker->producer, NULL) == MR_OK);
}

static void close_log(power_worker *worker)
{
    mr_bus_producer_close(worker->producer);
    mr_bus_close(worker->bus);
}

typedef struct flying {
    power_worker *worker;
    uint32_t number;
} flying;

static void landed(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    flying *flight = ctx;
    power_worker *owner = flight->worker;
    must(err == NULL);
    acknowledge(owner, flight->number, batch);
    mr_bus_batch_destroy(batch);
    free(flight);
    (void)pthread_mutex_lock(&owner->lock);
    owner->in_flight--;
    (void)pthread_cond_signal(&owner->landed);
    (void)pthread_mutex_unlock(&owner->lock);
}

static void submit_one(power_worker *worker, uint32_t number)
{
    flying *flight = mr_alloc_zero(1, sizeof *flight);
    flight->worker = worker;
    flight->number = number;
    (void)pthread_mutex_lock(&worker->lock);
    while (worker->in_flight >= in_flight_max) {
        (void)pthread_cond_wait(&worker->landed, &worker->lock);
    }
    worker->in_flight++;
    (void)pthread_mutex_unlock(&worker->lock);
    must(mr_bus_submit(worker->producer, make_batch(worker, number, false), landed, flight, NULL) ==
         MR_OK);
}

static void append_marked(power_worker *worker, uint32_t number)
{
    mr_bus_mark mark = {"feed", "source", 0, worker->mark, worker->mark + 1};
    mr_bus_batch *batch = make_batch(worker, number, true);
    must(mr_bus_append(worker->producer, batch, &mark, NULL) == MR_OK);
    acknowledge(worker, number, batch);
    mr_bus_batch_destroy(batch);
    worker->mark++;
}

noreturn static void work_until_cut(const bus_fixture *fixture, const char *noise, uint64_t seed,
                                    bool ignore_sync, int ack_fd)
{
    power_worker worker = {.fixture = *fixture,
                           .noise = noise,
                           .ack_fd = ack_fd,
                           .lock = PTHREAD_MUTEX_INITIALIZER,
                           .landed = PTHREAD_COND_INITIALIZER};
    mr_random_seed(&worker.random, seed);
    bool heavy = mr_random_below(&worker.random, 8) == 0;
    uint64_t range = (uint64_t)16 << mr_random_below(&worker.random, heavy ? 10 : 7);
    worker.value_bytes_max = heavy ? heavy_bytes_max : value_bytes_max;
    powercut_options options = {.seed = seed,
                                .cut_at = 1 + mr_random_below(&worker.random, range),
                                .cut_at_sync = mr_random_below(&worker.random, 3) == 0,
                                .ignore_sync = ignore_sync};
    powercut *cut = powercut_install(&options);

    open_log(&worker);
    for (uint32_t number = 0; number < (heavy ? heavy_batches : batches_a_round); number++) {
        if (mr_random_below(&worker.random, 2) == 0) {
            submit_one(&worker, number);
        } else {
            append_marked(&worker, number);
        }
        if (mr_random_below(&worker.random, reopen_one_in) == 0) {
            close_log(&worker);
            open_log(&worker);
        }
    }
    powercut_now(cut);
}

/* --- The parent ---------------------------------------------------------------------------- */

typedef struct power_ledger {
    int64_t offsets[batches_a_round]; /* by batch; -1: not acknowledged */
    int64_t found[batches_a_round];   /* -1: not there */
    unsigned marked_present;
} power_ledger;

static bool value_intact(const mr_bus_message *message, const char *noise, value_header *ret_header)
{
    size_t extra = message->value.bytes - sizeof *ret_header;
    if (message->value.bytes < sizeof *ret_header || extra > heavy_bytes_max) {
        return false;
    }
    memcpy(ret_header, message->value.data, sizeof *ret_header);
    if (ret_header->bytes != message->value.bytes || ret_header->batch >= batches_a_round ||
        ret_header->count == 0) {
        return false;
    }
    return memcmp(message->value.data + sizeof *ret_header, noise_at(noise, ret_header), extra) ==
           0;
}

typedef struct walk {
    const char *noise;
    int64_t next_offset;
    uint32_t batch;
    uint32_t expected_index; /* 0: between two batches */
} walk;

static void take_message(const mr_bus_message *message, walk *at, power_ledger *ledger,
                         power_verdict *verdict)
{
    value_header header;
    if (message->offset != at->next_offset || !value_intact(message, at->noise, &header) ||
        header.index != at->expected_index ||
        (at->expected_index > 0 && header.batch != at->batch) ||
        (header.index == 0 && ledger->found[header.batch] >= 0)) {
        verdict->torn++;
        return;
    }
    if (header.index == 0) {
        ledger->found[header.batch] = message->offset;
        ledger->marked_present += header.marked;
        verdict->present++;
    }
    at->next_offset++;
    at->batch = header.batch;
    at->expected_index = header.index + 1 == header.count ? 0 : header.index + 1;
}

static void read_log(mr_bus *bus, const char *noise, power_ledger *ledger, power_verdict *verdict)
{
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {
        .topic = "power", .messages_max = 1000, .bytes_max = 4 << 20};
    walk at = {.noise = noise};
    size_t count = 1;
    if (mr_bus_consumer_open(bus, &options, &consumer, NULL) != MR_OK) {
        verdict->unreadable++;
        return;
    }
    while (count > 0) {
        const mr_bus_message *messages = NULL;
        if (mr_bus_poll(consumer, 0, &messages, &count, NULL) != MR_OK) {
            verdict->unreadable++;
            break;
        }
        for (size_t index = 0; index < count; index++) {
            take_message(&messages[index], &at, ledger, verdict);
        }
    }
    verdict->torn += at.expected_index != 0;
    mr_bus_consumer_close(consumer);
}

static void check_ledger(const power_ledger *ledger, power_verdict *verdict)
{
    for (size_t batch = 0; batch < batches_a_round; batch++) {
        verdict->acknowledged += ledger->offsets[batch] >= 0;
        verdict->lost +=
            ledger->offsets[batch] >= 0 && ledger->offsets[batch] != ledger->found[batch];
    }
}

static void check_mark(mr_bus *bus, const power_ledger *ledger, power_verdict *verdict)
{
    int64_t mark = 0;
    mr_status st = mr_bus_mark_read(bus, "power", "feed", "source", 0, &mark, NULL);
    if (st != MR_OK && st != MR_NOT_FOUND) {
        verdict->unreadable++;
    } else {
        verdict->marks_off += mark != ledger->marked_present;
    }
}

static void check_appendable(mr_bus *bus, power_verdict *verdict)
{
    mr_bus_producer *producer = NULL;
    mr_bus_batch *batch = mr_bus_batch_create(fixture_batch_bytes_max);
    bool works = mr_bus_batch_add(batch, MR_TEXT_ABSENT, MR_TEXT_LITERAL("afterwards")) &&
                 mr_bus_producer_open(bus, "power", &producer, NULL) == MR_OK &&
                 mr_bus_append(producer, batch, NULL, NULL) == MR_OK;
    verdict->unreadable += !works;
    mr_bus_producer_close(producer);
    mr_bus_batch_destroy(batch);
}

static void inspect(const bus_fixture *fixture, const char *noise, power_ledger *ledger,
                    power_verdict *verdict)
{
    mr_bus *bus = NULL;
    powercut *stable = powercut_install(&(powercut_options){.cut_at = 0}); /* syncs cost nothing */
    if (mr_bus_open(&fixture->options, &bus, NULL) == MR_OK) {
        read_log(bus, noise, ledger, verdict);
        check_ledger(ledger, verdict);
        check_mark(bus, ledger, verdict);
        check_appendable(bus, verdict);
    } else {
        verdict->unreadable++;
    }
    mr_bus_close(bus);
    powercut_uninstall(stable);
}

static void read_acknowledgements(int fd, power_ledger *ledger)
{
    acknowledgement ack;
    while (read(fd, &ack, sizeof ack) == (ssize_t)sizeof ack) {
        assert_true(ack.batch < batches_a_round);
        ledger->offsets[ack.batch] = ack.offset;
    }
}

static void run_round(const char *noise, uint64_t seed, bool ignore_sync, power_verdict *verdict)
{
    bus_fixture fixture;
    power_ledger ledger = {.marked_present = 0};
    int ends[2];
    int status = 0;
    for (size_t batch = 0; batch < batches_a_round; batch++) {
        ledger.offsets[batch] = -1;
        ledger.found[batch] = -1;
    }
    fixture_make(&fixture, "embedded:");
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]); /* the parent's */
        work_until_cut(&fixture, noise, seed, ignore_sync, ends[1]);
    }
    (void)close(ends[1]); /* the child's; its end is the end of the ledger */
    read_acknowledgements(ends[0], &ledger);
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), powercut_exit_status);
    inspect(&fixture, noise, &ledger, verdict);
    fixture_remove_folder(fixture.folder);
}

static void what_was_acknowledged_survives_a_power_cut(void **state)
{
    power_verdict total = {.lost = 0};
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        power_verdict verdict = {.lost = 0};
        run_round(*state, seed, false, &verdict);
        if (verdict.lost + verdict.torn + verdict.marks_off + verdict.unreadable > 0) {
            fail_msg("seed %llu: %u lost, %u torn, %u marks off, %u unreadable",
                     (unsigned long long)seed, verdict.lost, verdict.torn, verdict.marks_off,
                     verdict.unreadable);
        }
        total.acknowledged += verdict.acknowledged;
        total.present += verdict.present;
    }
    print_message("%d power cuts, %u batches acknowledged, %u present\n", rounds,
                  total.acknowledged, total.present);
    assert_true(total.acknowledged > rounds); /* the cuts did not all come before the first one */
}

/* The proof that the check above can fail. */
static void a_disk_that_ignores_syncs_is_found_out(void **state)
{
    power_verdict total = {.lost = 0};
    for (uint64_t seed = 1; seed <= lying_rounds; seed++) {
        run_round(*state, seed, true, &total);
    }
    print_message("lying disk: %u of %u acknowledged batches lost\n", total.lost,
                  total.acknowledged);
    assert_true(total.lost > 0);
}

static int make_noise(void **state)
{
    mr_random random;
    uint64_t *noise = mr_alloc(noise_bytes);
    mr_random_seed(&random, 1);
    for (size_t index = 0; index < noise_bytes / sizeof *noise; index++) {
        noise[index] = mr_random_next(&random);
    }
    *state = noise;
    return 0;
}

static int free_noise(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_survives_a_power_cut),
        cmocka_unit_test(a_disk_that_ignores_syncs_is_found_out),
    };
    return cmocka_run_group_tests(tests, make_noise, free_noise);
}
