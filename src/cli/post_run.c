/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_run.c - the loop of `millrace post`.
 *
 * Owns:       the slots (a ring of pieces) and the transfers. Borrows source and rejects.
 * Called by:  cmd_post.c; one thread.
 * Invariants: (1) a line is settled by an answer about it, never by time or silence;
 *             (2) slots retire in the order of the input, so that what is acknowledged is a prefix;
 *             (3) while a request waits to be retried no new piece is begun: a server in trouble is
 *                 not given more; (4) memory is the ring, at most window * one piece.
 *
 * States of a slot:
 *             fill            send_part               settle
 *      EMPTY ------> (filled) ---------> SENDING -------------------> DONE --retire--> EMPTY
 *                                         ^   | put_off      (more parts: send_part)
 *                                resume   |   v
 *                                        WAITING
 */
#include "cli/post_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/civil.h"
#include "cli/post_answer.h"
#include "cli/post_retry.h"

enum { wait_ms_max = 500, raw_bytes_max = 65536 };

typedef enum slot_state { SLOT_EMPTY, SLOT_SENDING, SLOT_WAITING, SLOT_DONE } slot_state;

typedef struct post_slot {
    slot_state state;
    mr_post_piece piece;
    size_t part_at; /* of piece.lines: the part that is being sent */
    size_t part_bytes;
    uint32_t part_first; /* index of its first line */
    uint32_t part_count;
    uint32_t attempts; /* that failed, for this part */
    int64_t failing_since_us;
    int64_t due_us;
    uint32_t refused;
} post_slot;

typedef struct post_run {
    const mr_post_options *options;
    mr_post_source *source;
    mr_convert_rejects *rejects;
    mr_post_counts *counts;
    mr_post_transfers *transfers;
    mr_random random;
    post_slot *slots;
    uint32_t slot_count;
    uint32_t first; /* the oldest slot */
    uint32_t used;
    uint32_t waiting;
    uint32_t part_lines_max; /* falls when the server finds a body too large */
    int64_t rate_due_us;
    bool source_ended;
    bool source_dry;   /* has nothing at the moment */
    bool rate_blocked; /* more could be sent, but not yet */
    uint32_t signals;
    mr_status failure; /* MR_OK: none; else the run winds up */
    mr_err err;
    mr_buffer reason;
} post_run;

static bool is_winding_up(const post_run *run)
{
    return run->failure != MR_OK || run->signals > 0;
}

static void fail_run(post_run *run, mr_status status)
{
    if (run->failure == MR_OK) {
        run->failure = status;
    }
}

/* --- Parts ----------------------------------------------------------------------------------- */

/* Cuts the next part off the piece: all that is left, or as much as the server takes at once. */
static void cut_part(const post_run *run, post_slot *slot)
{
    uint32_t left = slot->piece.count - slot->part_first;
    const char *start = slot->piece.lines.data + slot->part_at;
    size_t bytes = slot->piece.lines.bytes - slot->part_at;

    slot->part_count = left;
    slot->part_bytes = bytes;
    if (left > run->part_lines_max) {
        const char *at = start;
        for (uint32_t i = 0; i < run->part_lines_max; i++) {
            at = (const char *)memchr(at, '\n', (size_t)(start + bytes - at)) + 1;
        }
        slot->part_count = run->part_lines_max;
        slot->part_bytes = (size_t)(at - start);
    }
}

static void send_part(post_run *run, post_slot *slot)
{
    mr_text body;
    mr_status status;

    if (slot->part_first == slot->piece.count) {
        slot->state = SLOT_DONE;
        return;
    }
    cut_part(run, slot);
    body = (mr_text){slot->piece.lines.data + slot->part_at, slot->part_bytes};
    status = mr_post_transfers_send(run->transfers, body, slot, &run->err);
    if (status != MR_OK) {
        fail_run(run, status);
        slot->state = SLOT_WAITING;
        run->waiting++;
        return;
    }
    slot->state = SLOT_SENDING;
    run->counts->requests++;
    run->counts->retries += slot->attempts > 0;
    run->counts->bytes += body.bytes;
}

/* The first count lines of the part have been answered. */
static void settle(post_run *run, post_slot *slot, uint32_t count, size_t bytes)
{
    MR_ASSERT(count <= slot->part_count && bytes <= slot->part_bytes);
    slot->part_first += count;
    slot->part_at += bytes;
    slot->attempts = 0;
    slot->failing_since_us = 0;
    run->counts->trouble[0] = '\0';
    if (slot->part_first == slot->piece.count) {
        slot->state = SLOT_DONE;
    } else if (is_winding_up(run)) {
        slot->state = SLOT_WAITING; /* for a later run */
        run->waiting++;
    } else {
        send_part(run, slot);
    }
}

/* --- Answers --------------------------------------------------------------------------------- */

/* Walks over the lines of a part, forward only. */
typedef struct line_walk {
    const char *at;
    const char *end;
    uint32_t index;  /* of the line that at stands before */
    uint64_t events; /* lines passed that are not blank */
} line_walk;

static line_walk walk_part(const post_slot *slot)
{
    const char *start = slot->piece.lines.data + slot->part_at;

    return (line_walk){.at = start, .end = start + slot->part_bytes};
}

static mr_text next_line(line_walk *walk)
{
    size_t left = (size_t)(walk->end - walk->at);
    const char *end = left > 0 ? memchr(walk->at, '\n', left) : NULL;
    mr_text line = {walk->at, end != NULL ? (size_t)(end - walk->at) : left};

    walk->at = end != NULL ? end + 1 : walk->end;
    walk->index++;
    line = mr_text_trim(line);
    walk->events += line.bytes > 0;
    return line;
}

static void note_refused(post_run *run, post_slot *slot, uint32_t index, mr_text raw)
{
    raw.bytes = raw.bytes < raw_bytes_max ? raw.bytes : raw_bytes_max;
    mr_convert_rejects_format(mr_post_piece_line(&slot->piece, slot->part_first + index),
                              mr_buffer_text(&run->reason), raw, &slot->piece.rejects);
    slot->refused++;
    run->counts->refused++;
}

/* The whole part for one reason. */
static void refuse_part(post_run *run, post_slot *slot, mr_text body)
{
    line_walk walk = walk_part(slot);

    mr_buffer_clear(&run->reason);
    mr_post_answer_reason(body, &run->reason);
    while (walk.index < slot->part_count) {
        uint32_t index = walk.index;
        mr_text line = next_line(&walk);
        if (line.bytes > 0) {
            note_refused(run, slot, index, line);
        }
    }
    settle(run, slot, slot->part_count, slot->part_bytes);
}

/* The listed refusals; returns how many, and where the last of them ends. */
static uint64_t note_listed(post_run *run, post_slot *slot, mr_post_answer *answer, line_walk *walk)
{
    uint64_t listed = 0;
    uint64_t number;

    mr_buffer_clear(&run->reason);
    while (mr_post_answer_next(answer, &number, &run->reason)) {
        if (number > walk->index && number <= slot->part_count) {
            mr_text line = MR_TEXT_ABSENT;
            while (walk->index < number) {
                line = next_line(walk);
            }
            note_refused(run, slot, (uint32_t)number - 1, line);
            listed++;
        }
        mr_buffer_clear(&run->reason);
    }
    return listed;
}

/* A server that refuses more lines than it lists has settled those up to the last one listed: the
 * others are sent again, which is harmless for the ones it took. */
static void settle_batch(post_run *run, post_slot *slot, mr_post_answer *answer)
{
    line_walk walk = walk_part(slot);
    uint64_t listed = note_listed(run, slot, answer, &walk);

    if (listed == mr_post_answer_refused(answer)) {
        run->counts->accepted += mr_post_answer_accepted(answer);
        settle(run, slot, slot->part_count, slot->part_bytes);
    } else if (listed > 0) {
        run->counts->accepted += walk.events - listed;
        settle(run, slot, walk.index, (size_t)(walk.at - walk_part(slot).at));
    } else {
        /* It names no line: one by one the answers will. */
        run->part_lines_max = slot->part_count / 2;
        if (run->part_lines_max > 0) {
            send_part(run, slot);
            return;
        }
        run->part_lines_max = 1;
        refuse_part(run, slot, MR_TEXT_LITERAL("refused without a reason"));
    }
}

static void take_answer(post_run *run, post_slot *slot, const mr_post_result *result)
{
    mr_post_answer *answer = run->options->single ? NULL : mr_post_answer_parse(result->body);

    if (answer != NULL) {
        settle_batch(run, slot, answer);
        mr_post_answer_free(answer);
    } else if (mr_post_judge(result->http_status) == MR_POST_TAKEN) {
        /* Some other server's answer: it took what it was sent. */
        run->counts->accepted += slot->part_count;
        settle(run, slot, slot->part_count, slot->part_bytes);
    } else {
        refuse_part(run, slot, result->body);
    }
}

static void describe_failure(post_run *run, const mr_post_result *result)
{
    mr_buffer_clear(&run->reason);
    if (result->failure != NULL) {
        (void)mr_buffer_append_string(&run->reason, result->failure);
    } else {
        (void)mr_buffer_printf(&run->reason, "status %d: ", result->http_status);
        mr_post_answer_reason(result->body, &run->reason);
    }
}

static void give_up(post_run *run, const post_slot *slot)
{
    uint64_t first = mr_post_piece_line(&slot->piece, slot->part_first);
    uint64_t last = mr_post_piece_line(&slot->piece, slot->part_first + slot->part_count - 1);

    if (run->failure != MR_OK) {
        return;
    }
    run->failure = mr_fail(&run->err, MR_UNAVAILABLE,
                           "%s: gave up on lines %" PRIu64 " to %" PRIu64 " after %u tries: %.*s",
                           run->options->transfers.url, first, last, slot->attempts,
                           MR_TEXT_ARGS(mr_buffer_text(&run->reason)));
}

/* To be sent again later, if at all. */
static void put_off(post_run *run, post_slot *slot, const mr_post_result *result)
{
    const mr_post_options *options = run->options;
    int64_t now_us = mr_monotonic_us();

    slot->attempts++;
    slot->failing_since_us = slot->attempts == 1 ? now_us : slot->failing_since_us;
    slot->state = SLOT_WAITING;
    run->waiting++;
    describe_failure(run, result);
    (void)snprintf(run->counts->trouble, sizeof(run->counts->trouble), "%.*s",
                   MR_TEXT_ARGS(mr_buffer_text(&run->reason)));
    uint64_t wait_us = mr_post_backoff_us(slot->attempts, result->retry_after_us, &run->random);
    slot->due_us = now_us + (int64_t)wait_us;
    bool late = slot->due_us - slot->failing_since_us > (int64_t)options->give_up_ms * 1000;
    if (late || (options->retries_max > 0 && slot->attempts > options->retries_max)) {
        give_up(run, slot);
    }
}

static void despair(post_run *run, post_slot *slot, const mr_post_result *result)
{
    describe_failure(run, result);
    if (run->failure == MR_OK) {
        run->failure = mr_fail(&run->err, MR_INVALID, "%s: %.*s", run->options->transfers.url,
                               MR_TEXT_ARGS(mr_buffer_text(&run->reason)));
    }
    slot->state = SLOT_WAITING;
    run->waiting++;
}

static void handle_result(post_run *run, const mr_post_result *result)
{
    post_slot *slot = result->user;
    int status = result->http_status;

    run->counts->by_status[status >= 0 && status < mr_post_statuses ? status : 0]++;
    if (run->options->verbose) {
        (void)printf("Status code: %d\n", status);
    }
    switch (result->hopeless ? MR_POST_HOPELESS : mr_post_judge(status)) {
    case MR_POST_TAKEN:
    case MR_POST_REFUSED:
        take_answer(run, slot, result);
        return;
    case MR_POST_AGAIN:
        put_off(run, slot, result);
        return;
    case MR_POST_SMALLER:
        if (slot->part_count > 1) {
            run->part_lines_max = slot->part_count / 2;
            send_part(run, slot);
        } else {
            refuse_part(run, slot, result->body);
        }
        return;
    case MR_POST_HOPELESS:
    default:
        despair(run, slot, result);
        return;
    }
}

/* --- Slots ----------------------------------------------------------------------------------- */

static post_slot *slot_at(post_run *run, uint32_t place)
{
    return &run->slots[(run->first + place) % run->slot_count];
}

/* Whether new lines may be sent by now. */
static bool rate_allows(const post_run *run)
{
    return run->options->rate == 0 || mr_monotonic_us() >= run->rate_due_us;
}

static void count_against_rate(post_run *run, uint32_t lines)
{
    int64_t now_us = mr_monotonic_us();

    if (run->options->rate > 0) {
        int64_t from_us = run->rate_due_us > now_us ? run->rate_due_us : now_us;
        run->rate_due_us = from_us + (int64_t)((uint64_t)lines * 1000000 / run->options->rate);
    }
}

/* Takes the next piece of the source into a slot and sends it. false: none to be had. */
static bool fill(post_run *run)
{
    post_slot *slot = slot_at(run, run->used);
    bool hurry = mr_post_transfers_busy(run->transfers) == 0;
    mr_status status;

    MR_ASSERT(slot->state == SLOT_EMPTY);
    status = mr_post_source_next(run->source, hurry, &slot->piece, &run->err);
    run->source_dry = status == MR_UNAVAILABLE;
    run->source_ended = status == MR_NOT_FOUND;
    if (status != MR_OK) {
        if (!run->source_dry && !run->source_ended) {
            fail_run(run, status);
        }
        return false;
    }
    run->used++;
    slot->part_at = 0;
    slot->part_first = 0;
    slot->attempts = 0;
    slot->refused = 0;
    run->counts->rejected += slot->piece.rejected;
    count_against_rate(run, slot->piece.count);
    send_part(run, slot);
    return true;
}

static void fill_slots(post_run *run)
{
    run->source_dry = false;
    run->rate_blocked = false;
    while (!is_winding_up(run) && !run->source_ended && run->waiting == 0 &&
           run->used < run->slot_count && mr_post_transfers_idle(run->transfers) > 0) {
        if (!rate_allows(run)) {
            run->rate_blocked = true;
            return;
        }
        if (!fill(run)) {
            return;
        }
    }
}

/* Sends again what is due; *ret_due_us: when the next is. */
static void resume_waiting(post_run *run, int64_t now_us, int64_t *ret_due_us)
{
    for (uint32_t i = 0; i < run->used && run->waiting > 0; i++) {
        post_slot *slot = slot_at(run, i);
        if (slot->state != SLOT_WAITING) {
            continue;
        }
        if (slot->due_us <= now_us && mr_post_transfers_idle(run->transfers) > 0) {
            run->waiting--;
            send_part(run, slot);
        } else if (slot->due_us < *ret_due_us) {
            *ret_due_us = slot->due_us;
        }
    }
}

static mr_status retire(post_run *run, mr_err *err)
{
    while (run->used > 0 && slot_at(run, 0)->state == SLOT_DONE) {
        post_slot *slot = slot_at(run, 0);
        mr_status status =
            mr_convert_rejects_add_formatted(run->rejects, mr_buffer_text(&slot->piece.rejects),
                                             slot->piece.rejected + slot->refused, err);
        if (status == MR_OK && run->options->acknowledged != NULL) {
            status = run->options->acknowledged(run->options->ctx, &slot->piece, err);
        }
        if (status != MR_OK) {
            return status;
        }
        slot->state = SLOT_EMPTY;
        run->first = (run->first + 1) % run->slot_count;
        run->used--;
    }
    return MR_OK;
}

/* --- The loop -------------------------------------------------------------------------------- */

static void note_signals(post_run *run)
{
    struct signalfd_siginfo info;

    if (run->options->stop_fd >= 0 &&
        read(run->options->stop_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        run->signals++;
    }
}

static bool is_over(const post_run *run)
{
    if (run->signals > 1) {
        return true; /* asked twice: what is under way is broken off, and sent again another time */
    }
    if (mr_post_transfers_busy(run->transfers) > 0) {
        return false;
    }
    return is_winding_up(run) || (run->source_ended && run->used == 0);
}

static void wait_for_something(post_run *run, int64_t now_us, int64_t due_us)
{
    int fds[2] = {run->options->stop_fd, -1};
    int64_t wait_ms = wait_ms_max;

    if (run->source_dry) {
        fds[1] = mr_post_source_fd(run->source);
    }
    if (run->rate_blocked && run->rate_due_us < due_us) {
        due_us = run->rate_due_us;
    }
    if (due_us != INT64_MAX) {
        int64_t until_ms = due_us > now_us ? (due_us - now_us + 999) / 1000 : 0;
        wait_ms = until_ms < wait_ms ? until_ms : wait_ms;
        /* Due, but every request is under way: an answer is what is waited for. */
        if (until_ms == 0 && mr_post_transfers_idle(run->transfers) == 0) {
            wait_ms = wait_ms_max;
        }
    }
    mr_post_transfers_wait(run->transfers, fds, 2, (uint32_t)wait_ms);
}

static void turn(post_run *run)
{
    int64_t due_us = INT64_MAX;
    mr_post_result result;
    mr_status status;
    mr_err err;
    bool moved = false;

    if (!is_winding_up(run)) {
        resume_waiting(run, mr_monotonic_us(), &due_us);
        fill_slots(run);
    }
    mr_post_transfers_step(run->transfers);
    while (mr_post_transfers_next(run->transfers, &result)) {
        handle_result(run, &result);
        moved = true;
    }
    status = retire(run, &err);
    if (status != MR_OK && run->failure == MR_OK) {
        run->failure = status;
        run->err = err;
    }
    if (run->options->progressed != NULL) {
        run->options->progressed(run->options->ctx, run->counts);
    }
    note_signals(run);
    if (!moved && !is_over(run)) {
        wait_for_something(run, mr_monotonic_us(), due_us);
    }
}

mr_status mr_post_run(const mr_post_options *options, mr_post_source *source,
                      mr_convert_rejects *rejects, mr_post_counts *counts, mr_err *err)
{
    post_run run = {
        .options = options,
        .source = source,
        .rejects = rejects,
        .counts = counts,
        .slot_count = options->transfers.count * mr_post_window_factor,
        .part_lines_max = mr_post_lines_max,
        .failure = MR_OK,
    };

    run.transfers = mr_post_transfers_create(&options->transfers);
    run.slots = mr_alloc_zero(run.slot_count, sizeof(*run.slots));
    for (uint32_t i = 0; i < run.slot_count; i++) {
        mr_post_piece_init(&run.slots[i].piece);
    }
    mr_buffer_init(&run.reason, mr_post_reason_bytes_max);
    mr_random_seed(&run.random, (uint64_t)mr_monotonic_us());
    while (!is_over(&run)) {
        turn(&run);
    }
    mr_post_transfers_destroy(run.transfers);
    for (uint32_t i = 0; i < run.slot_count; i++) {
        mr_post_piece_free(&run.slots[i].piece);
    }
    free(run.slots);
    mr_buffer_free(&run.reason);
    if (run.failure != MR_OK) {
        return mr_fail(err, run.failure, "%s", run.err.message);
    }
    return run.signals > 0 ? mr_fail(err, MR_STOPPED, "stopped by a signal") : MR_OK;
}
