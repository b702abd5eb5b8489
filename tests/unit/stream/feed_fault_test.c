/* SPDX-License-Identifier: Apache-2.0 */
/* stream/feed_fault_test.c - a feed delivery that takes several appends, one of which fails: the
 * appends before it stand, the mark tells so, and the retry neither loses nor doubles a record.
 *
 * Every delivery takes the same source into a topic of its own and meets its fault one operation
 * of the disk later than the one before.
 */
#include "stream/fixture.h"

#include "../../fault/powercut_vfs.c"

enum {
    two_appends = 680, /* records; an append holds 8 MiB of them */
    three_appends = 1350,
    filler_bytes = 13500,
    poison_every = 16,
    operations_an_append_min = 5, /* frames of the write-ahead log, and its sync */
};

typedef enum fault_kind { WRITE_ERROR, FULL_DISK } fault_kind;

typedef enum retry_way { AT_ONCE, POSITION_READ, SINK_REOPENED, retry_ways } retry_way;

/* What the deliveries of one source share. */
typedef struct feed_source {
    fixture *f;
    powercut *disk;
    mr_bus_consumer *consumer;
    const mr_bus_message *messages;
    size_t count;
    unsigned failed;  /* deliveries */
    unsigned halfway; /* of these, with an append that stands */
    int64_t marks[8]; /* the different ones found after a failure */
    size_t marks_count;
} feed_source;

typedef struct feed_target {
    const feed_source *source;
    char topic[32];
    mr_sink *sink;
} feed_target;

/* --- The source ------------------------------------------------------------------------------- */

static bool is_poison(size_t offset)
{
    return offset % poison_every == poison_every - 1;
}

static size_t valid_below(size_t offset)
{
    return offset - offset / poison_every;
}

static void write_head(char *at, size_t bytes, size_t number)
{
    (void)snprintf(at, bytes, "{\"InvoiceNo\":\"%zu\",", number);
}

static mr_text make_record(size_t offset, char *json)
{
    static const char rest[] = "\"StockCode\":\"1\",\"Quantity\":1,\"InvoiceDate\":\"2010-12-01\","
                               "\"UnitPrice\":1,\"Country\":\"UK\",\"x\":\"";

    if (is_poison(offset)) {
        return MR_TEXT_LITERAL("poison");
    }
    write_head(json, 64, offset);
    size_t bytes = strlen(json);
    memcpy(json + bytes, rest, sizeof(rest) - 1);
    bytes += sizeof(rest) - 1;
    memset(json + bytes, 'x', filler_bytes);
    bytes += filler_bytes;
    memcpy(json + bytes, "\"}", 2);
    return (mr_text){json, bytes + 2};
}

static void fill_source(const fixture *f, size_t count)
{
    char *json = mr_alloc(filler_bytes + 512);
    mr_bus_producer *producer = NULL;
    mr_bus_batch *batch = mr_bus_batch_create(1 << 20);

    must(mr_bus_producer_open(f->bus, topic_in, &producer, err));
    for (size_t offset = 0; offset < count; offset++) {
        mr_text record = make_record(offset, json);
        if (!mr_bus_batch_add(batch, MR_TEXT_LITERAL("key"), record)) {
            must(mr_bus_append(producer, batch, NULL, err));
            mr_bus_batch_clear(batch);
            assert_true(mr_bus_batch_add(batch, MR_TEXT_LITERAL("key"), record));
        }
    }
    must(mr_bus_append(producer, batch, NULL, err));
    mr_bus_producer_close(producer);
    mr_bus_batch_destroy(batch);
    free(json);
}

static void open_source(const feed_source *shared, size_t count, feed_source *source)
{
    mr_bus_consumer_options options = {
        .topic = topic_in, .messages_max = count, .bytes_max = 64 << 20};

    *source = *shared;
    fill_source(source->f, count);
    must(mr_bus_consumer_open(source->f->bus, &options, &source->consumer, err));
    must(mr_bus_poll(source->consumer, 0, &source->messages, &source->count, err));
    assert_int_equal(source->count, count);
}

/* --- The target ------------------------------------------------------------------------------- */

static void open_target(feed_target *target)
{
    mr_sink_options options = sink_options(target->source->f);

    options.topic_processed = target->topic;
    must(mr_sink_feed_open(&options, &target->sink, err));
    (void)position_of(target->sink);
}

static mr_status deliver(const feed_target *target, mr_err *err)
{
    const feed_source *source = target->source;
    mr_sink_counts counts;

    return mr_sink_deliver(target->sink, source->messages, source->count, &counts, err);
}

typedef struct order_check {
    size_t offset; /* of the source; the next to be met, poison skipped */
} order_check;

static bool check_record(void *ctx, const mr_bus_message *message)
{
    order_check *check = ctx;
    char head[64];

    check->offset += is_poison(check->offset);
    write_head(head, sizeof(head), check->offset);
    assert_true(message->value.bytes > filler_bytes);
    assert_memory_equal(message->value.data, head, strlen(head));
    check->offset++;
    return true;
}

/* The topic has each valid record below its mark once, in order, and nothing else. */
static int64_t check_target(const feed_target *target)
{
    const fixture *f = target->source->f;
    order_check check = {0};
    mr_topic_walk walk = {.topic = target->topic, .visit = check_record, .ctx = &check};
    int64_t mark = 0;
    mr_status status = mr_bus_mark_read(f->bus, target->topic, "feed", topic_in, 0, &mark, NULL);

    assert_true(status == MR_OK || status == MR_NOT_FOUND);
    walk.to_offset = (int64_t)count_topic(f, target->topic);
    assert_int_equal(walk.to_offset, valid_below((size_t)mark));
    must(mr_topic_visit(f->bus, &walk, err));
    return mark;
}

/* --- Deliveries that fail --------------------------------------------------------------------- */

static void note_failure(feed_source *source, int64_t mark)
{
    size_t known = 0;

    source->failed++;
    source->halfway += mark > 0;
    while (known < source->marks_count && source->marks[known] != mark) {
        known++;
    }
    if (known == source->marks_count) {
        assert_true(source->marks_count < sizeof(source->marks) / sizeof(source->marks[0]));
        source->marks[source->marks_count++] = mark;
    }
}

static void retry(feed_target *target, retry_way way)
{
    if (way == POSITION_READ) {
        (void)position_of(target->sink);
    } else if (way == SINK_REOPENED) {
        mr_sink_close(target->sink);
        open_target(target);
    }
    must(deliver(target, err));
}

/* One delivery with a fault at its n-th operation. false: it has fewer. */
static bool deliver_with_fault(feed_source *source, fault_kind kind, uint64_t nth)
{
    feed_target target = {.source = source};
    mr_err err;

    (void)snprintf(target.topic, sizeof(target.topic), "out-%d-%u", (int)kind, (unsigned)nth);
    open_target(&target);
    if (kind == WRITE_ERROR) {
        powercut_fail_after(source->disk, nth);
    } else {
        powercut_full_after(source->disk, nth);
    }
    mr_status status = deliver(&target, &err);
    powercut_fail_after(source->disk, UINT64_MAX / 2);
    if (status != MR_OK) {
        assert_int_equal(status, kind == WRITE_ERROR ? MR_IO : MR_FULL);
        assert_int_equal(err.action, MR_RETRY);
        note_failure(source, check_target(&target));
        if (kind == FULL_DISK) {
            assert_int_equal(deliver(&target, &err), MR_FULL); /* still full: nothing moves */
            (void)check_target(&target);
        }
        powercut_set_full(source->disk, false);
        retry(&target, (retry_way)(nth % retry_ways));
    }
    powercut_set_full(source->disk, false);
    assert_int_equal(check_target(&target), source->count);
    mr_sink_close(target.sink);
    return status != MR_OK;
}

static void a_write_error_anywhere_in_a_delivery_of_two_appends(void **state)
{
    feed_source source;

    open_source(*state, two_appends, &source);
    for (uint64_t nth = 0; deliver_with_fault(&source, WRITE_ERROR, nth); nth++) {
    }
    assert_int_equal(source.marks_count, 2); /* before, and between */
    assert_true(source.halfway >= operations_an_append_min);
    assert_true(source.failed - source.halfway >= operations_an_append_min);
    mr_bus_consumer_close(source.consumer);
}

static void a_disk_that_fills_up_anywhere_in_a_delivery_of_three_appends(void **state)
{
    feed_source source;

    open_source(*state, three_appends, &source);
    for (uint64_t nth = 0; deliver_with_fault(&source, FULL_DISK, nth); nth += 2) {
    }
    assert_int_equal(source.marks_count, 3);
    mr_bus_consumer_close(source.consumer);
}

static int set_up_faults(void **state)
{
    feed_source *shared = mr_alloc_zero(1, sizeof(*shared));
    void *f = NULL;

    shared->disk = powercut_install(&(powercut_options){.skip_sleep = true});
    int failed = set_up(&f);
    shared->f = f;
    *state = shared;
    return failed;
}

static int tear_down_faults(void **state)
{
    feed_source *shared = *state;
    void *f = shared->f;

    int failed = tear_down(&f);
    powercut_uninstall(shared->disk);
    free(shared);
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_write_error_anywhere_in_a_delivery_of_two_appends,
                                        set_up_faults, tear_down_faults),
        cmocka_unit_test_setup_teardown(
            a_disk_that_fills_up_anywhere_in_a_delivery_of_three_appends, set_up_faults,
            tear_down_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
