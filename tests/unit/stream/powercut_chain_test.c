/* SPDX-License-Identifier: Apache-2.0 */
/* stream/powercut_chain_test.c - the whole chain loses its power, again and again, and ends exact.
 *
 * A round is one data folder and several lives. A life is a child process over the VFS of
 * fault/powercut_vfs.c: it appends records to the log, carries them into the store and into the
 * processed topic at random interleavings, meets write errors and a full disk, and loses its power
 * at a random operation. The next life asks each sink's target where it stands and goes on there,
 * as the runner does. A last life runs to the end of the log and compares what is there with the
 * ledger.
 *
 * The ledger is memory shared by all lives: what was planned, what was acknowledged, how far each
 * sink said it was. Expectations come from the plan and the log's order alone.
 */
#include "stream/fixture.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../../fault/chain_check.h"
#include "../../fault/powercut_vfs.c"

/* Under a sanitizer a process is slow to start and to end. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHAIN_ROUNDS 12
#elif __has_feature(address_sanitizer)
#define CHAIN_ROUNDS 16
#endif
#endif
#ifndef CHAIN_ROUNDS
#define CHAIN_ROUNDS 40
#endif

enum {
    rounds = CHAIN_ROUNDS,
    lying_rounds = 8 + rounds / 8,
    lives_min = 2,
    lives_spread = 4,
    steps_a_life = 60,
    burst_max = 10,
    large_burst = 200,
    large_burst_one_in = 20,
    reopen_one_in = 12,
    checkpoint_one_in = 12,
    fault_one_in = 6,
    in_flight_max = 4,
    life_seconds_max = 60,
};

/* --- A life ----------------------------------------------------------------------------------- */

typedef struct chain chain;

typedef struct lane {
    chain *owner;
    int which; /* sink_store or sink_feed */
    mr_sink *sink;
    mr_bus_consumer *consumer;
    bool located; /* in this life */
} lane;

struct chain {
    fixture files;
    ledger *book;
    powercut *disk;
    mr_bus_producer *producer;
    lane lanes[sinks];
    mr_random random;
    mr_buffer record;
    bool submits; /* appends run beside the sinks; else one after the other, with faults */
    pthread_mutex_t lock;
    pthread_cond_t landed;
    unsigned in_flight; /* guarded by lock */
};

static uint64_t roll(chain *c, uint64_t sides)
{
    return mr_random_below(&c->random, sides);
}

static void note_position(lane *l, int64_t found)
{
    ledger *book = l->owner->book;
    int64_t *told = &book->told[l->which];

    /* The store may have lost its last commits, but to a power cut only. */
    if (found < *told && (l->which == sink_feed || l->located)) {
        complain(book, "sink %s stood at %" PRId64 " and is back at %" PRId64, sink_names[l->which],
                 *told, found);
    }
    if (found < *told) {
        book->tally.taken_back += *told - found;
    }
    *told = found;
    l->located = true;
}

static mr_status assign(void *ctx, int32_t partition, int64_t *ret_offset, mr_err *err)
{
    lane *l = ctx;
    int64_t offset = 0;
    mr_status status = mr_sink_position(l->sink, partition, &offset, err);

    if (status == MR_OK) {
        note_position(l, offset);
        *ret_offset = offset;
    }
    return status;
}

static void open_lane(chain *c, lane *l)
{
    static const size_t messages_max[] = {1, 7, 40, 1000};
    mr_sink_options options = sink_options(&c->files);
    const char *name = sink_names[l->which];
    mr_bus_consumer_options consumer = {.topic = topic_in,
                                        .group = name,
                                        .messages_max = messages_max[roll(c, 4)],
                                        .bytes_max = 1 << 20,
                                        .position = assign,
                                        .ctx = l};

    require(c->book, mr_sink_open(mr_text_of(name), &options, &l->sink, err));
    require(c->book, mr_bus_consumer_open(c->files.bus, &consumer, &l->consumer, err));
}

static void close_lane(lane *l)
{
    mr_bus_consumer_close(l->consumer);
    mr_sink_close(l->sink);
}

static void open_chain(chain *c)
{
    mr_bus_options options = bus_options(&c->files);

    require(c->book, mr_bus_open(&options, &c->files.bus, err));
    require(c->book, mr_bus_producer_open(c->files.bus, topic_in, &c->producer, err));
    for (int which = 0; which < sinks; which++) {
        open_lane(c, &c->lanes[which]);
    }
}

static void close_chain(chain *c)
{
    for (int which = 0; which < sinks; which++) {
        close_lane(&c->lanes[which]);
    }
    mr_bus_producer_close(c->producer);
    mr_bus_close(c->files.bus);
}

/* --- Faults that pass ------------------------------------------------------------------------- */

static void arm_fault(chain *c)
{
    if (c->submits || roll(c, fault_one_in) != 0) {
        return;
    }
    if (roll(c, 2) == 0) {
        powercut_fail_after(c->disk, roll(c, 40));
    } else {
        powercut_full_after(c->disk, roll(c, 40));
    }
}

static void disarm_fault(chain *c)
{
    powercut_fail_after(c->disk, UINT64_MAX / 2);
    powercut_set_full(c->disk, false);
}

/* Only a fault that was asked for may fail a call. */
static void admit_failure(chain *c, const mr_err *err)
{
    if (c->submits || err->action != MR_RETRY) {
        complain(c->book, "unexpected: %s", err->message);
        _exit(1);
    }
    c->book->tally.faults++;
}

/* --- Appending -------------------------------------------------------------------------------- */

typedef struct flight {
    chain *owner;
    uint32_t first;
} flight;

static void acknowledge(ledger *book, uint32_t first, const mr_bus_batch *batch)
{
    for (size_t i = 0; i < mr_bus_batch_count(batch); i++) {
        book->acknowledged_at[first + i] = mr_bus_batch_position(batch, i).offset;
    }
}

static void land(void *ctx, mr_bus_batch *batch, const mr_err *err)
{
    flight *own = ctx;
    chain *c = own->owner;

    if (err != NULL) {
        admit_failure(c, err);
    } else {
        acknowledge(c->book, own->first, batch);
    }
    mr_bus_batch_destroy(batch);
    free(own);
    (void)pthread_mutex_lock(&c->lock);
    c->in_flight--;
    (void)pthread_cond_signal(&c->landed);
    (void)pthread_mutex_unlock(&c->lock);
}

static void submit(chain *c, mr_bus_batch *batch, uint32_t first)
{
    flight *own = mr_alloc(sizeof(*own));

    *own = (flight){c, first};
    (void)pthread_mutex_lock(&c->lock);
    while (c->in_flight >= in_flight_max) {
        (void)pthread_cond_wait(&c->landed, &c->lock);
    }
    c->in_flight++;
    (void)pthread_mutex_unlock(&c->lock);
    require(c->book, mr_bus_submit(c->producer, batch, land, own, err));
}

static void append_and_wait(chain *c, mr_bus_batch *batch, uint32_t first)
{
    mr_err err;

    arm_fault(c);
    if (mr_bus_append(c->producer, batch, NULL, &err) == MR_OK) {
        acknowledge(c->book, first, batch);
    } else {
        admit_failure(c, &err);
    }
    disarm_fault(c);
    mr_bus_batch_destroy(batch);
}

static void append_burst(chain *c)
{
    ledger *book = c->book;
    uint32_t first = book->attempted;
    uint64_t count = roll(c, large_burst_one_in) == 0 ? large_burst : 1 + roll(c, burst_max);
    mr_bus_batch *batch = mr_bus_batch_create(1 << 20);

    for (; count > 0 && book->attempted < plan_max; count--) {
        char key[16];
        (void)snprintf(key, sizeof(key), "%u", book->attempted);
        write_record(book, book->attempted, &c->record);
        MR_ASSERT(mr_bus_batch_add(batch, mr_text_of(key), mr_buffer_text(&c->record)));
        book->attempted++;
    }
    if (c->submits) {
        submit(c, batch, first);
    } else {
        append_and_wait(c, batch, first);
    }
}

/* --- Delivering ------------------------------------------------------------------------------- */

static void go_back(lane *l, const mr_bus_message *failed)
{
    int64_t offset = 0;

    require(l->owner->book, assign(l, failed->partition, &offset, err));
    require(l->owner->book, mr_bus_seek(l->consumer, failed->partition, offset, err));
}

static bool deliver(lane *l, const mr_bus_message *messages, size_t count,
                    mr_sink_counts *ret_counts)
{
    chain *c = l->owner;
    const mr_bus_message *last = &messages[count - 1];
    int64_t *told = &c->book->told[l->which];
    mr_err err;

    arm_fault(c);
    mr_status status = mr_sink_deliver(l->sink, messages, count, ret_counts, &err);
    disarm_fault(c);
    if (status != MR_OK) {
        admit_failure(c, &err);
        go_back(l, messages);
        return false;
    }
    *told = last->offset + 1 > *told ? last->offset + 1 : *told;
    (void)mr_bus_publish(l->consumer, last->partition, last->offset + 1, NULL); /* for lag only */
    return true;
}

/* Messages that were all taken already. */
static void deliver_again(lane *l, const mr_bus_message *messages, size_t count)
{
    mr_sink_counts counts = {0};

    if (deliver(l, messages, count, &counts) &&
        counts.delivered + counts.duplicates + counts.rejected > 0) {
        complain(l->owner->book, "sink %s took offset %" PRId64 " twice", sink_names[l->which],
                 messages[0].offset);
    }
}

/* false: there was nothing to deliver. */
static bool carry(chain *c, lane *l)
{
    const mr_bus_message *messages = NULL;
    size_t count = 0;

    require(c->book, mr_bus_poll(l->consumer, 0, &messages, &count, err));
    if (count == 0) {
        return false;
    }
    mr_sink_counts counts;
    size_t part = roll(c, 4) == 0 ? 1 + roll(c, count) : count;
    bool taken = deliver(l, messages, part, &counts);
    if (taken && part < count) {
        size_t from = roll(c, part + 1); /* what overlaps is skipped */
        taken = deliver(l, messages + from, count - from, &counts);
    }
    if (taken && roll(c, 8) == 0) {
        deliver_again(l, messages, 1 + roll(c, count));
    }
    return true;
}

/* --- Living and dying ------------------------------------------------------------------------- */

/* What a role does when its write-ahead log has grown; in a life this short it never does. */
static void checkpoint(chain *c)
{
    static const char *const paths[] = {"store.db", "log/ingestion-topic.db",
                                        "log/processed-topic.db", "log/dead-letter-topic.db"};
    static const char *const ways[] = {"PRAGMA wal_checkpoint(PASSIVE)",
                                       "PRAGMA wal_checkpoint(RESTART)"};
    char *path = mr_path_join(c->files.folder, paths[roll(c, 4)]);
    sqlite3 *db = NULL;

    (void)sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL); /* a failure leaves no harm */
    (void)sqlite3_exec(db, ways[roll(c, 2)], NULL, NULL, NULL);
    (void)sqlite3_close(db);
    free(path);
}

static void reopen(chain *c)
{
    uint64_t which = roll(c, 2 * sinks);

    if (which >= sinks) {
        close_chain(c);
        open_chain(c);
        return;
    }
    close_lane(&c->lanes[which]);
    open_lane(c, &c->lanes[which]);
}

static void take_step(chain *c)
{
    if (roll(c, reopen_one_in) == 0) {
        reopen(c);
    } else if (roll(c, checkpoint_one_in) == 0) {
        checkpoint(c);
    } else if (roll(c, 5) < 2) {
        append_burst(c);
    } else {
        (void)carry(c, &c->lanes[roll(c, sinks)]);
    }
}

static void begin_life(chain *c, const char *folder, ledger *book, uint64_t seed,
                       const powercut_options *options)
{
    *c = (chain){.book = book,
                 .lock = PTHREAD_MUTEX_INITIALIZER,
                 .landed = PTHREAD_COND_INITIALIZER,
                 .disk = powercut_install(options)};
    (void)snprintf(c->files.folder, sizeof(c->files.folder), "%s", folder);
    (void)alarm(life_seconds_max);
    mr_log_configure("test", MR_LOG_ERROR, false);
    mr_random_seed(&c->random, seed);
    mr_buffer_init(&c->record, 1 << 16);
    for (int which = 0; which < sinks; which++) {
        c->lanes[which] = (lane){.owner = c, .which = which};
    }
}

noreturn static void live(const char *folder, ledger *book, uint64_t seed, bool ignore_sync)
{
    mr_random random;
    chain c;

    mr_random_seed(&random, seed);
    powercut_options options = {
        .seed = seed,
        .cut_at = 1 + mr_random_below(&random, (uint64_t)32 << mr_random_below(&random, 7)),
        .cut_at_sync = mr_random_below(&random, 3) == 0,
        .skip_sleep = true,
        .ignore_sync = ignore_sync,
    };
    begin_life(&c, folder, book, seed, &options);
    c.submits = roll(&c, 2) == 0;
    open_chain(&c);
    for (int step = 0; step < steps_a_life; step++) {
        take_step(&c);
    }
    powercut_now(c.disk);
}

noreturn static void finish(const char *folder, ledger *book, uint64_t seed)
{
    chain c;
    bool left = true;

    begin_life(&c, folder, book, seed, &(powercut_options){.cut_at = 0});
    c.submits = true; /* nothing may fail */
    open_chain(&c);
    while (left) {
        left = carry(&c, &c.lanes[sink_store]);
        left = carry(&c, &c.lanes[sink_feed]) || left;
    }
    check_chain(book, &c.files,
                (mr_sink *const[sinks]){c.lanes[sink_store].sink, c.lanes[sink_feed].sink});
    close_chain(&c);
    _exit(book->complaints == 0 ? 0 : 1);
}

/* --- Rounds ----------------------------------------------------------------------------------- */

/* -1: a signal ended it. */
static int await_end(pid_t child)
{
    int status = 0;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void run_round(ledger *book, uint64_t seed, bool ignore_sync)
{
    char folder[64] = "/tmp/millrace-chain-XXXXXX";
    uint64_t life_count = ignore_sync ? 1 : lives_min + seed % lives_spread;
    int ended = powercut_exit_status;

    assert_non_null(mkdtemp(folder));
    plan_round(book, seed);
    for (uint64_t life = 0; life < life_count && ended == powercut_exit_status; life++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            live(folder, book, seed * 16 + life, ignore_sync);
        }
        ended = await_end(child);
    }
    if (ended == powercut_exit_status) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            finish(folder, book, seed);
        }
        ended = await_end(child);
    }
    if (ended != 0) {
        complain(book, "a life ended with status %d", ended);
    }
    remove_folder(folder);
}

static void every_event_ends_up_once_wherever_the_power_goes(void **state)
{
    ledger *book = *state;
    tally total = {.acknowledged = 0};

    for (uint64_t seed = 1; seed <= rounds; seed++) {
        run_round(book, seed, false);
        if (book->complaints > 0) {
            fail_msg("seed %" PRIu64 ": %u complaints, the first: %s", seed, book->complaints,
                     book->first_complaint);
        }
        total.acknowledged += book->tally.acknowledged;
        total.present += book->tally.present;
        total.letters += book->tally.letters;
        total.faults += book->tally.faults;
        total.taken_back += book->tally.taken_back;
    }
    print_message("%d rounds: %u records acknowledged, %u in the log, %u dead letters, %u faults; "
                  "the store lost and took again %" PRId64 "\n",
                  rounds, total.acknowledged, total.present, total.letters, total.faults,
                  total.taken_back);
    assert_true(total.acknowledged > rounds);
    assert_true(total.letters > 0);
    assert_true(total.faults > 0);
    assert_true(total.taken_back > 0); /* what synchronous=NORMAL gives up was given up */
}

/* The proof that the check above can fail. */
static void a_disk_that_ignores_syncs_is_found_out(void **state)
{
    ledger *book = *state;
    unsigned found_out = 0;
    unsigned lost = 0;

    for (uint64_t seed = 1; seed <= lying_rounds; seed++) {
        run_round(book, seed, true);
        found_out += book->complaints > 0;
        lost += book->tally.lost;
    }
    print_message("lying disk: found out in %u of %d rounds, %u acknowledged records lost\n",
                  found_out, lying_rounds, lost);
    assert_true(found_out > 0 && lost > 0);
}

static int make_ledger(void **state)
{
    void *shared =
        mmap(NULL, sizeof(ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    *state = shared;
    return shared != MAP_FAILED ? 0 : -1;
}

static int free_ledger(void **state)
{
    return munmap(*state, sizeof(ledger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_ends_up_once_wherever_the_power_goes),
        cmocka_unit_test(a_disk_that_ignores_syncs_is_found_out),
    };
    return cmocka_run_group_tests(tests, make_ledger, free_ledger);
}
