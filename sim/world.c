// SPDX-License-Identifier: MIT
//
// Time, the event queue, dice and complaints of a world. Fibers are in
// fiber.c.

#include "sim/world.h"

#include "sim/fiber.h"
#include "sim/trace/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// ---- event queue: a binary heap ordered by (time, sequence)

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void put(struct sim_world *world, size_t at, struct sim_event *event)
{
    world->queue[at] = event;
    event->slot = at + 1;
}

static void sift_up(struct sim_world *world, size_t at)
{
    struct sim_event *event = world->queue[at];

    while (at > 0 && before(event, world->queue[(at - 1) / 2])) {
        put(world, at, world->queue[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(world, at, event);
}

static void sift_down(struct sim_world *world, size_t at)
{
    struct sim_event *event = world->queue[at];
    size_t child;

    while ((child = 2 * at + 1) < world->queue_len) {
        if (child + 1 < world->queue_len &&
            before(world->queue[child + 1], world->queue[child])) {
            child++;
        }
        if (!before(world->queue[child], event)) {
            break;
        }
        put(world, at, world->queue[child]);
        at = child;
    }
    put(world, at, event);
}

void sim__world_refresh(struct sim_world *world)
{
    uint64_t due = world->queue_len ? world->queue[0]->at_ns : SIM_NEVER;
    uint64_t fiber = sim__fiber_due(world);

    world->due_ns = due < fiber ? due : fiber;
}

static void grow(struct sim_world *world)
{
    size_t cap = world->queue_cap ? 2 * world->queue_cap : 32;
    struct sim_event **queue =
        realloc(world->queue, cap * sizeof(struct sim_event *));

    NIF_ASSERT(queue != NULL);
    world->queue = queue;
    world->queue_cap = cap;
}

void sim_event_at(struct sim_world *world, struct sim_event *event,
    uint64_t at_ns)
{
    NIF_ASSERT(at_ns >= world->now_ns);
    sim_event_cancel(world, event);
    if (world->queue_len == world->queue_cap) {
        grow(world);
    }
    event->at_ns = at_ns;
    event->seq = ++world->seq;
    put(world, world->queue_len++, event);
    sift_up(world, event->slot - 1);
    sim__world_refresh(world);
}

void sim_event_cancel(struct sim_world *world, struct sim_event *event)
{
    size_t at = event->slot - 1;
    struct sim_event *last;

    if (event->slot == 0) {
        return;
    }
    event->slot = 0;
    last = world->queue[--world->queue_len];
    if (last != event) {
        put(world, at, last);
        sift_up(world, at);
        sift_down(world, last->slot - 1);
    }
    sim__world_refresh(world);
}

static void fire(struct sim_world *world, struct sim_event *event)
{
    bool nested = world->in_event;

    sim_event_cancel(world, event);
    world->in_event = true;
    event->fn(event);
    world->in_event = nested;
}

// ---- time

// Lets the one thing happen that is due first.
static void step(struct sim_world *world)
{
    struct sim_event *event = world->queue_len ? world->queue[0] : NULL;
    struct sim_fiber *fiber = sim__fiber_first(world);

    if (event && sim__fiber_is_after(fiber, event->at_ns, event->seq)) {
        world->now_ns = event->at_ns;
        fire(world, event);
    } else {
        sim__fiber_resume(world, fiber);
    }
}

static bool told(const struct sim_world *world)
{
    return world->main_flag && *world->main_flag;
}

// Runs until then, or until the flag that the maker waits for is set.
static void run(struct sim_world *world, uint64_t until_ns)
{
    uint64_t horizon_ns = world->horizon_ns;

    NIF_ASSERT(!world->running && !world->in_event);
    world->horizon_ns = until_ns;
    while (world->due_ns <= until_ns && world->due_ns != SIM_NEVER &&
        !told(world)) {
        step(world);
    }
    if (!told(world) && until_ns != SIM_NEVER && until_ns > world->now_ns) {
        world->now_ns = until_ns;
    }
    world->horizon_ns = horizon_ns;
}

void sim_run_until(struct sim_world *world, uint64_t until_ns)
{
    run(world, until_ns);
}

void sim_pass_slowly(struct sim_world *world, uint64_t until_ns)
{
    NIF_ASSERT(!world->in_event);
    if (world->running) {
        sim__fiber_park(world, until_ns, NULL);
    } else {
        run(world, until_ns);
    }
}

void sim_block(struct sim_world *world, uint64_t until_ns, const bool *flag)
{
    NIF_ASSERT(!world->in_event);
    if (*flag || until_ns <= world->now_ns) {
        return;
    }
    if (world->running) {
        sim__fiber_park(world, until_ns, flag);
        return;
    }
    world->main_flag = flag;
    if (until_ns == SIM_NEVER && world->due_ns == SIM_NEVER) {
        // Nothing is left to happen. Time goes on all the same, so that the
        // caller's own deadlines come.
        until_ns = world->now_ns + SIM_S;
    }
    run(world, until_ns);
    world->main_flag = NULL;
}

void sim_notify(struct sim_world *world)
{
    sim__fiber_notify(world);
    if (told(world)) {
        world->horizon_ns = world->now_ns;
    }
}

uint64_t sim_next_due(const struct sim_world *world)
{
    return world->due_ns;
}

// ---- strike points

void sim_strike_at(struct sim_world *world, uint64_t index,
    struct sim_event *event)
{
    world->strike_event = event;
    world->strike_at = event ? index : UINT64_MAX;
}

void sim_strike_hit(struct sim_world *world)
{
    struct sim_event *event = world->strike_event;

    sim_strike_at(world, 0, NULL);
    fire(world, event);
}

// ---- dice and complaints

// SplitMix64's finalizer: every input bit reaches every output bit.
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

#define GOLDEN 0x9E3779B97F4A7C15u

uint32_t sim_roll(struct sim_world *world, uint32_t limit)
{
    NIF_ASSERT(limit != 0);
    world->dice += GOLDEN;
    return (uint32_t)(((mix(world->dice) >> 32) * limit) >> 32);
}

uint8_t sim_noise(const struct sim_world *world, uint64_t salt)
{
    return (uint8_t)(mix(world->seed + salt * GOLDEN) >> 56);
}

void sim_complain(struct sim_world *world, const char *who, const char *fmt,
    ...)
{
    char what[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (world->on_complaint) {
        world->on_complaint(world->complaint_arg, world->now_ns, who, what);
    } else {
        fprintf(stderr, "[%" PRIu64 " ns] %s: %s\n", world->now_ns, who, what);
    }
    if (world->trace) {
        sim_trace_event(world->trace, "complaint", who, "%s", what);
    }
    world->complaints++;
}

// ---- beginning and end

void sim_world_init(struct sim_world *world, uint64_t seed)
{
    *world = (struct sim_world){
        .seed = seed,
        .dice = mix(seed + GOLDEN),
        .strike_at = UINT64_MAX,
        .horizon_ns = SIM_NEVER,
        .due_ns = SIM_NEVER,
    };
    sim__trace_begin(world);
}

void sim_world_done(struct sim_world *world)
{
    sim__fiber_free_all(world);
    sim__trace_end(world);
    for (size_t i = 0; i < world->queue_len; i++) {
        world->queue[i]->slot = 0;
    }
    free(world->queue);
    world->queue = NULL;
    world->queue_len = 0;
    world->queue_cap = 0;
    world->due_ns = SIM_NEVER;
}
