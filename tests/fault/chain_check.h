/* SPDX-License-Identifier: Apache-2.0 */
/* fault/chain_check.h - compares the log, the dead letters, the processed topic and the store with
 * the ledger. What must be there follows from the plan and the log's order alone.
 */
#ifndef MR_FAULT_CHAIN_CHECK_H
#define MR_FAULT_CHAIN_CHECK_H

#include "chain_plan.h"
#include "stream/fixture.h"

typedef enum outcome { INSERTED, DUPLICATE, CONFLICT, POISON } outcome;

/* What follows from the log, and cursors over what is compared with it. */
typedef struct truth {
    ledger *book;
    const fixture *files;
    size_t count;
    uint32_t seqs[plan_max]; /* by offset */
    outcome outcomes[plan_max];
    char ids[plan_max][33]; /* as the feed tells them */
    bool met[plan_max];     /* by seq */
    bool taken[plan_max];   /* by identity */
    int32_t quantities[plan_max];
    size_t letters_at, feed_at; /* offsets to look at next */
    mr_buffer expected;
} truth;

static const planned *record_at(const truth *t, size_t offset)
{
    return &t->book->plan[t->seqs[offset]];
}

static inline bool walk_topic(truth *t, const char *topic,
                              void (*visit)(truth *t, const mr_bus_message *message))
{
    mr_bus_consumer *consumer = NULL;
    mr_bus_consumer_options options = {.topic = topic, .messages_max = 500, .bytes_max = 4 << 20};
    const mr_bus_message *messages = NULL;
    const uint32_t before = t->book->complaints;
    size_t count = 1;

    require(t->book, mr_bus_consumer_open(t->files->bus, &options, &consumer, err));
    while (count > 0 && t->book->complaints == before) {
        require(t->book, mr_bus_poll(consumer, 0, &messages, &count, err));
        for (size_t i = 0; i < count && t->book->complaints == before; i++) {
            visit(t, &messages[i]);
        }
    }
    mr_bus_consumer_close(consumer);
    return t->book->complaints == before;
}

static inline outcome judge(truth *t, uint32_t seq)
{
    const planned *record = &t->book->plan[seq];

    if (record->kind == PLANNED_POISON) {
        return POISON;
    }
    if (!t->taken[record->identity]) {
        t->taken[record->identity] = true;
        t->quantities[record->identity] = record->quantity;
        return INSERTED;
    }
    return t->quantities[record->identity] == record->quantity ? DUPLICATE : CONFLICT;
}

static inline void take_from_log(truth *t, const mr_bus_message *message)
{
    ledger *book = t->book;
    char key[16] = "";
    uint32_t seq;

    (void)snprintf(key, sizeof(key), "%.*s", MR_TEXT_ARGS(message->key));
    seq = (uint32_t)strtoul(key, NULL, 10);
    if (seq >= book->attempted || t->met[seq] || message->offset != (int64_t)t->count) {
        complain(book, "log: offset %" PRId64 " holds record '%s', out of its place",
                 message->offset, key);
        return;
    }
    write_record(book, seq, &t->expected);
    if (!mr_text_equal(message->value, mr_buffer_text(&t->expected))) {
        complain(book, "log: record %u has other bytes than it was sent with", seq);
        return;
    }
    t->met[seq] = true;
    t->outcomes[t->count] = judge(t, seq);
    t->seqs[t->count++] = seq;
}

static inline void check_acknowledged(truth *t)
{
    ledger *book = t->book;

    for (uint32_t seq = 0; seq < book->attempted; seq++) {
        int64_t offset = book->acknowledged_at[seq];
        if (offset < 0) {
            continue;
        }
        book->tally.acknowledged++;
        if (offset >= (int64_t)t->count || t->seqs[offset] != seq) {
            book->tally.lost++;
            complain(book, "record %u was acknowledged at offset %" PRId64 " and is lost", seq,
                     offset);
        }
    }
    book->tally.present = (uint32_t)t->count;
}

static inline void take_letter(truth *t, const mr_bus_message *message)
{
    ledger *book = t->book;
    mr_dead_letter letter;

    while (t->letters_at < t->count && t->outcomes[t->letters_at] != CONFLICT &&
           t->outcomes[t->letters_at] != POISON) {
        t->letters_at++;
    }
    require(t->book, mr_dead_letter_read(message->value, &letter, err));
    if (t->letters_at == t->count || letter.origin_offset != (int64_t)t->letters_at) {
        complain(book, "dead letter %" PRId64 " is of offset %" PRId64 ", not of %zu of %zu",
                 message->offset, letter.origin_offset, t->letters_at, t->count);
    } else {
        uint32_t seq = t->seqs[t->letters_at];
        bool conflict = t->outcomes[t->letters_at] == CONFLICT;
        write_record(book, seq, &t->expected);
        if (letter.code != (conflict ? MR_LETTER_CONFLICT : poison_code(seq)) ||
            !mr_text_equal(letter.payload, mr_buffer_text(&t->expected))) {
            complain(book, "dead letter of record %u: code %d, or another payload", seq,
                     (int)letter.code);
        }
        t->letters_at++;
        book->tally.letters++;
    }
    mr_dead_letter_close(&letter);
}

static inline void take_from_feed(truth *t, const mr_bus_message *message)
{
    static const char member[] = ",\"event_id\":\"";
    enum { tail_bytes = sizeof(member) - 1 + 32 + 2 };
    ledger *book = t->book;

    while (t->feed_at < t->count && t->outcomes[t->feed_at] == POISON) {
        t->feed_at++;
    }
    if (t->feed_at == t->count) {
        complain(book, "feed: record %" PRId64 " is one too many", message->offset);
        return;
    }
    uint32_t seq = t->seqs[t->feed_at];
    write_record(book, seq, &t->expected);
    size_t head = t->expected.bytes - 1;
    mr_text value = message->value;
    if (value.bytes != head + tail_bytes || memcmp(value.data, t->expected.data, head) != 0 ||
        memcmp(value.data + head, member, sizeof(member) - 1) != 0) {
        complain(book, "feed: offset %" PRId64 " is not record %u of log offset %zu: %.*s",
                 message->offset, seq, t->feed_at, MR_TEXT_ARGS(value));
        return;
    }
    memcpy(t->ids[t->feed_at], value.data + head + sizeof(member) - 1, 32);
    t->feed_at++;
}

/* What is left over of the letters and the feed: nothing. */
static inline void check_ends(truth *t, mr_sink *const of[static sinks])
{
    for (size_t offset = 0; offset < t->count; offset++) {
        bool letter = t->outcomes[offset] == POISON || t->outcomes[offset] == CONFLICT;
        if (letter && offset >= t->letters_at) {
            complain(t->book, "offset %zu has no dead letter", offset);
        }
        if (t->outcomes[offset] != POISON && offset >= t->feed_at) {
            complain(t->book, "offset %zu is not in the processed topic", offset);
        }
    }
    for (int which = 0; which < sinks; which++) {
        int64_t position = -1;
        require(t->book, mr_sink_position(of[which], 0, &position, err));
        if (position != (int64_t)t->count) {
            complain(t->book, "sink %s stands at %" PRId64 " of %zu", sink_names[which], position,
                     t->count);
        }
    }
}

/* --- The store -------------------------------------------------------------------------------- */

static inline __int128 amount_at(const truth *t, size_t offset)
{
    const planned *record = record_at(t, offset);

    return (__int128)record->quantity * record->price.scaled;
}

typedef struct invoice_check {
    const truth *truth;
    bool cancelled;
    uint32_t invoice;
    size_t at; /* the offset to look at next */
    uint64_t lines;
    int64_t items;
    __int128 amount;
} invoice_check;

/* The invoice's next line, by the log; truth->count: none. */
static inline size_t next_line(const invoice_check *check)
{
    const truth *t = check->truth;
    size_t offset = check->at;

    while (offset < t->count &&
           (t->outcomes[offset] != INSERTED || record_at(t, offset)->invoice != check->invoice ||
            record_at(t, offset)->cancelled != check->cancelled)) {
        offset++;
    }
    return offset;
}

static inline bool take_line(void *ctx, const mr_store_line *line)
{
    invoice_check *check = ctx;
    const truth *t = check->truth;
    size_t offset = next_line(check);
    char id[33];

    mr_event_id_format(&line->event_id, id);
    if (offset == t->count || line->offset != (int64_t)offset ||
        line->quantity != record_at(t, offset)->quantity ||
        line->unit_price.scaled != record_at(t, offset)->price.scaled ||
        strcmp(id, t->ids[offset]) != 0) {
        complain(t->book, "store: line %s of offset %" PRId64 ", where %zu is due", id,
                 line->offset, offset);
        return false;
    }
    check->at = offset + 1;
    check->lines++;
    check->items += line->quantity;
    check->amount += amount_at(t, offset);
    return true;
}

static inline bool check_invoice(const truth *t, mr_store *store, bool cancelled, uint32_t invoice)
{
    invoice_check check = {.truth = t, .cancelled = cancelled, .invoice = invoice};
    ledger *book = t->book;
    char name[16];
    mr_store_invoice found = {.lines = 0};
    mr_err err;

    (void)invoice_name(cancelled, invoice, name);
    mr_status status =
        mr_store_read_invoice(store, mr_text_of(name), &found, take_line, &check, &err);
    if (status != MR_OK && status != MR_NOT_FOUND) {
        complain(book, "store: invoice %s: %s", name, err.message);
    }
    if (next_line(&check) != t->count) {
        complain(book, "store: the event of offset %zu is not there", next_line(&check));
    }
    if (status == MR_OK && (check.lines == 0 || found.lines != check.lines ||
                            found.items != check.items || found.total.scaled != check.amount)) {
        complain(book, "store: invoice %s has %" PRIu64 " lines and sums of other ones", name,
                 found.lines);
    }
    return status == MR_OK;
}

static inline bool check_customer(const truth *t, mr_store *store, uint32_t customer)
{
    mr_store_customer found = {.lines = 0};
    __int128 spent = 0;
    __int128 returned = 0;
    uint64_t lines = 0;
    mr_err err;

    for (size_t offset = 0; offset < t->count; offset++) {
        if (t->outcomes[offset] != INSERTED || record_at(t, offset)->customer != customer) {
            continue;
        }
        lines++;
        *(record_at(t, offset)->cancelled ? &returned : &spent) += amount_at(t, offset);
    }
    mr_status status = mr_store_read_customer(store, first_customer + customer, &found, &err);
    if (status != (lines == 0 ? MR_NOT_FOUND : MR_OK) || found.lines != lines ||
        found.spent.scaled != spent || found.returned.scaled != returned) {
        complain(t->book,
                 "store: customer %u has %" PRIu64 " lines, not %" PRIu64 ", or other sums",
                 customer, found.lines, lines);
    }
    return lines > 0;
}

/* Adds up what the log says, without the store. */
static inline void sum_truth(const truth *t, mr_store_totals *totals)
{
    bool product_seen[products] = {false};
    bool country_seen[countries] = {false};

    for (size_t offset = 0; offset < t->count; offset++) {
        const planned *record = record_at(t, offset);
        if (t->outcomes[offset] != INSERTED) {
            continue;
        }
        totals->lines++;
        totals->products += !product_seen[record->product];
        totals->countries += !country_seen[record->invoice % countries];
        product_seen[record->product] = true;
        country_seen[record->invoice % countries] = true;
        mr_amount *sum = record->cancelled ? &totals->cancelled : &totals->sales;
        sum->scaled += amount_at(t, offset);
    }
}

static inline void check_totals(const truth *t, mr_store *store, const mr_store_totals *expected)
{
    mr_store_totals found = {.lines = 0};

    require(t->book, mr_store_read_totals(store, &found, err));
    if (found.lines != expected->lines || found.invoices != expected->invoices ||
        found.cancelled_invoices != expected->cancelled_invoices ||
        found.customers != expected->customers || found.products != expected->products ||
        found.countries != expected->countries) {
        complain(t->book, "store: %" PRIu64 " lines, %" PRIu64 " are due; or other counts",
                 found.lines, expected->lines);
    }
    if (found.sales.scaled != expected->sales.scaled ||
        found.cancelled.scaled != expected->cancelled.scaled) {
        complain(t->book, "store: the sums are not those of the events");
    }
}

static inline void check_store(const truth *t)
{
    mr_store_options options = store_options(t->files);
    mr_store_totals expected = {.lines = 0};
    mr_store *store = NULL;

    options.mode = MR_STORE_READ;
    require(t->book, mr_store_open(&options, &store, err));
    for (uint32_t invoice = 0; invoice < invoices; invoice++) {
        bool returned = check_invoice(t, store, true, invoice);
        expected.invoices += returned;
        expected.cancelled_invoices += returned;
        expected.invoices += check_invoice(t, store, false, invoice);
    }
    for (uint32_t customer = 1; customer <= customers; customer++) {
        expected.customers += check_customer(t, store, customer);
    }
    sum_truth(t, &expected);
    check_totals(t, store, &expected);
    mr_store_close(store);
}

/* Complains of all that is not as it must be. `of`: the sinks, run to the end of the log. */
static inline void check_chain(ledger *book, const fixture *files, mr_sink *const of[static sinks])
{
    truth *t = mr_alloc_zero(1, sizeof(*t));

    t->book = book;
    t->files = files;
    mr_buffer_init(&t->expected, 1 << 16);
    bool readable = walk_topic(t, topic_in, take_from_log);
    check_acknowledged(t);
    if (readable && walk_topic(t, topic_dead, take_letter) &&
        walk_topic(t, topic_out, take_from_feed)) {
        check_ends(t, of);
        check_store(t);
    }
    mr_buffer_free(&t->expected);
    free(t);
}

#endif
