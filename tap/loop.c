// SPDX-License-Identifier: MIT
//
// The loop between the world and the outside.

#include "tap/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// In one turn the world runs at most this far, so that a world that lags
// still looks outside.
#define SLICE_NS (2 * SIM_MS)

#define FDS_MAX 64

struct tap_loop_frame {
    struct tap_loop_frame *next;
    size_t len;
    uint8_t data[];
};

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SIM_S + (uint64_t)now.tv_nsec;
}

// ---- frames out

// Runs as an event: the frame waits until the world has stopped.
static void on_out(void *arg, const uint8_t *frame, size_t len)
{
    struct tap_loop *loop = arg;
    struct tap_loop_frame *item = malloc(sizeof(*item) + len);

    NIF_ASSERT(item != NULL);
    item->next = NULL;
    item->len = len;
    memcpy(item->data, frame, len);
    if (loop->queue_last) {
        loop->queue_last->next = item;
    } else {
        loop->queue = item;
    }
    loop->queue_last = item;
    loop->out_pending = true;
    sim_notify(loop->world);
}

static void on_nic(void *arg, const uint8_t *frame, size_t len)
{
    struct tap_loop *loop = arg;

    sim_impair_put(&loop->out, frame, len);
}

// Takes the oldest frame from the queue; the caller frees it.
static struct tap_loop_frame *take(struct tap_loop *loop)
{
    struct tap_loop_frame *item = loop->queue;

    if (item) {
        loop->queue = item->next;
        if (!loop->queue) {
            loop->queue_last = NULL;
        }
        loop->out_count++;
    } else {
        loop->out_pending = false;
    }
    return item;
}

static void flush(struct tap_loop *loop)
{
    struct tap_loop_frame *item;

    while ((item = take(loop)) != NULL) {
        if (loop->end) {
            loop->end->ops->send(loop->end, item->data, item->len);
        }
        free(item);
    }
}

// ---- frames in

static void on_in(void *arg, const uint8_t *frame, size_t len)
{
    struct tap_loop *loop = arg;

    if (!sim_nic_send(&loop->nic, frame, len)) {
        loop->in_dropped++;
    }
}

void tap_loop_in(struct tap_loop *loop, const uint8_t *frame, size_t len)
{
    if (len < 14 || len > TAP_FRAME_MAX) {
        loop->in_dropped++;
        return;
    }
    loop->in_count++;
    if (loop->record) {
        tap_stimuli_rx(loop->record, loop->world->now_ns, loop->out_count,
            frame, len);
    }
    sim_impair_put(&loop->in, frame, len);
}

// ---- repeating

static int fetch(struct tap_loop *loop)
{
    int got = tap_stimuli_next(loop->replay, &loop->next);

    loop->next_valid = got > 0;
    if (got == 0) {
        snprintf(loop->error, sizeof(loop->error),
            "%s: the file has no 'end': the run that made it was killed",
            loop->replay->path);
        return -1;
    }
    if (got < 0) {
        snprintf(loop->error, sizeof(loop->error), "%s", loop->replay->error);
    }
    return got < 0 ? -1 : 0;
}

int tap_loop_replay(struct tap_loop *loop, struct tap_stimuli *stimuli)
{
    loop->replay = stimuli;
    return fetch(loop);
}

// Brings in what is due at this stop. `reached` says that all of this moment
// has happened.
static enum tap_loop_why bring_in(struct tap_loop *loop, bool reached)
{
    while (loop->next_valid && loop->next.at_ns == loop->world->now_ns &&
        loop->next.out_count == loop->out_count) {
        if (loop->next.kind == TAP_STIMULUS_END) {
            return TAP_LOOP_END;
        }
        tap_loop_in(loop, loop->next.frame, loop->next.len);
        if (fetch(loop) != 0) {
            return TAP_LOOP_ERROR;
        }
    }
    if (loop->next_valid &&
        (loop->next.out_count < loop->out_count ||
            (reached && loop->next.at_ns <= loop->world->now_ns))) {
        snprintf(loop->error, sizeof(loop->error),
            "%s:%u: the run differs from its stimuli: %" PRIu64
            " frames had left by then, now it is %" PRIu64 " at %" PRIu64 " ns",
            loop->replay->path, loop->replay->line, loop->next.out_count,
            loop->out_count, loop->world->now_ns);
        return TAP_LOOP_ERROR;
    }
    return TAP_LOOP_UNTIL;
}

// Lets frames go nowhere, one by one: the outside may have answered one
// before it was given the next of the same moment.
static enum tap_loop_why flush_and_bring_in(struct tap_loop *loop)
{
    enum tap_loop_why why = TAP_LOOP_UNTIL;
    struct tap_loop_frame *item;

    while (why == TAP_LOOP_UNTIL && (item = take(loop)) != NULL) {
        free(item);
        why = bring_in(loop, false);
    }
    return why;
}

static bool is_awake(const struct tap_loop *loop)
{
    struct pollfd fd = { .fd = loop->wake_fd, .events = POLLIN };

    return poll(&fd, 1, 0) > 0;
}

static enum tap_loop_why repeat(struct tap_loop *loop, uint64_t until_ns,
    bool (*done)(void *arg), void *arg)
{
    struct sim_world *world = loop->world;
    enum tap_loop_why why = TAP_LOOP_UNTIL;

    while (why == TAP_LOOP_UNTIL) {
        uint64_t target_ns = loop->next.at_ns;
        bool stopped;

        if (target_ns <= world->now_ns) {
            target_ns = world->now_ns + 1; // behind another frame of now
        }
        if (target_ns > until_ns) {
            target_ns = until_ns;
        }
        if (done && done(arg)) {
            return TAP_LOOP_DONE;
        }
        if (is_awake(loop)) {
            return TAP_LOOP_WAKE;
        }
        sim_block(world, target_ns, &loop->out_pending);
        stopped = loop->out_pending;
        why = stopped ? flush_and_bring_in(loop) : bring_in(loop, true);
        if (why == TAP_LOOP_UNTIL && !stopped && world->now_ns >= until_ns) {
            return TAP_LOOP_UNTIL;
        }
    }
    return why;
}

// ---- the present

// Waits for something outside, at most so long. What it was is in `fds`; it
// is read when the world has come as far as the clock, so that it comes in at
// its own time. Returns how many descriptors the end has.
static size_t wait_outside(struct tap_loop *loop, int64_t timeout_ns,
    struct pollfd fds[FDS_MAX])
{
    size_t n = 0;
    struct timespec timeout;

    fds[0] = (struct pollfd){ .fd = loop->wake_fd, .events = POLLIN };
    if (loop->end) {
        loop->end->timeout_ns = timeout_ns;
        n = loop->end->ops->fds(loop->end, fds + 1, FDS_MAX - 1);
        timeout_ns = loop->end->timeout_ns;
    }
    timeout.tv_sec = timeout_ns / (int64_t)SIM_S;
    timeout.tv_nsec = timeout_ns % (int64_t)SIM_S;
    if (ppoll(fds, n + 1, &timeout, NULL) < 0) {
        for (size_t i = 0; i <= n; i++) {
            fds[i].revents = 0;
        }
    }
    return n;
}

// How far the world may run in this turn.
static uint64_t target_of(struct tap_loop *loop, uint64_t until_ns)
{
    uint64_t now_ns = loop->world->now_ns;
    uint64_t target_ns = now_ns + SLICE_NS;

    if (target_ns < sim_next_due(loop->world)) {
        target_ns = sim_next_due(loop->world); // nothing happens before
    }
    if (loop->paced) {
        uint64_t real_ns = clock_ns() - loop->base_ns;

        if (real_ns < now_ns) {
            real_ns = now_ns;
        }
        if (target_ns > real_ns) {
            target_ns = real_ns;
        }
    }
    return target_ns < until_ns ? target_ns : until_ns;
}

// How long nothing will happen in the world, by the real clock.
static int64_t idle_ns(const struct tap_loop *loop, uint64_t until_ns)
{
    uint64_t due_ns = sim_next_due(loop->world);
    uint64_t real_ns;

    if (!loop->paced) {
        return 0;
    }
    due_ns = due_ns < until_ns ? due_ns : until_ns;
    real_ns = clock_ns() - loop->base_ns;
    if (due_ns <= real_ns) {
        return 0;
    }
    // Look around ten times a second even so.
    return due_ns - real_ns > SIM_S / 10 ? (int64_t)(SIM_S / 10)
                                         : (int64_t)(due_ns - real_ns);
}

// How far the world is behind when something in it is overdue.
static void measure_lag(struct tap_loop *loop)
{
    uint64_t due_ns = sim_next_due(loop->world);
    uint64_t real_ns = clock_ns() - loop->base_ns;

    loop->lag_ns = loop->paced && due_ns < real_ns ? real_ns - due_ns : 0;
    if (loop->lag_ns > loop->lag_max_ns) {
        loop->lag_max_ns = loop->lag_ns;
    }
}

// Runs the world up to `target_ns`; frames go out as they leave it. Only then
// is it as far as the clock, and the next ones may come in: else a busy outside
// would hold the world at one moment for ever.
static void run_slice(struct tap_loop *loop, uint64_t target_ns)
{
    do {
        sim_block(loop->world, target_ns, &loop->out_pending);
        flush(loop);
    } while (loop->world->now_ns < target_ns);
}

enum tap_loop_why tap_loop_run(struct tap_loop *loop, uint64_t until_ns,
    bool (*done)(void *arg), void *arg)
{
    struct sim_world *world = loop->world;
    struct pollfd fds[FDS_MAX];

    if (loop->replay) {
        return repeat(loop, until_ns, done, arg);
    }
    if (loop->base_ns == 0) {
        loop->base_ns = clock_ns() - world->now_ns;
    }
    while (world->now_ns < until_ns) {
        size_t n;

        if (done && done(arg)) {
            return TAP_LOOP_DONE;
        }
        if (!loop->paced && sim_next_due(world) == SIM_NEVER) {
            return TAP_LOOP_UNTIL; // nothing is left to happen
        }
        n = wait_outside(loop, idle_ns(loop, until_ns), fds);
        run_slice(loop, target_of(loop, until_ns));
        measure_lag(loop);
        if (loop->end) {
            loop->end->ops->ready(loop->end, fds + 1, n);
        }
        if (fds[0].revents & POLLIN) {
            return TAP_LOOP_WAKE;
        }
    }
    return TAP_LOOP_UNTIL;
}

void tap_loop_hold(struct tap_loop *loop, uint64_t ns)
{
    loop->base_ns += ns;
}

void tap_loop_init(struct tap_loop *loop, struct sim_world *world,
    struct tap_end *end, const struct sim_impair_cfg *impair)
{
    *loop = (struct tap_loop){
        .world = world,
        .end = end,
        .wake_fd = -1,
        .paced = end != NULL,
    };
    sim_nic_init(&loop->nic, world, "outside", 0);
    loop->nic.on_frame = on_nic;
    loop->nic.arg = loop;
    sim_impair_init(&loop->in, world, impair, on_in, loop);
    sim_impair_init(&loop->out, world, impair, on_out, loop);
    if (end) {
        end->loop = loop;
    }
}

void tap_loop_done(struct tap_loop *loop)
{
    struct tap_loop_frame *item;

    if (loop->end) {
        loop->end->ops->close(loop->end);
        loop->end = NULL;
    }
    while ((item = loop->queue) != NULL) {
        loop->queue = item->next;
        free(item);
    }
    sim_impair_done(&loop->in);
    sim_impair_done(&loop->out);
    sim_nic_done(&loop->nic);
}
