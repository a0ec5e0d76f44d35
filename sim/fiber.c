// SPDX-License-Identifier: MIT
//
// Fibers: functions with a stack of their own that can stop in the middle.
// Built on ucontext; below each stack lies a page that faults, and the
// address sanitizer is told of each switch.

#include "sim/fiber.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif

#ifdef FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// Enough for an application with its buffers; only touched pages cost memory.
#define STACK_LEN ((size_t)512 * 1024)

struct sim_fiber {
    struct sim_fiber *next;
    struct sim_world *world;
    const char *name;
    sim_fiber_fn *fn;
    void *arg;
    uint64_t wake_ns;
    uint64_t seq;
    const bool *flag; // or NULL
    bool ended;
    ucontext_t own;
    ucontext_t caller;
    void *map; // guard page, then the stack
    size_t map_len;
    void *stack;
#ifdef FIBER_ASAN
    void *own_fake;
    void *caller_fake;
    const void *caller_stack;
    size_t caller_stack_len;
#endif
};

// ---- switching

static void enter(struct sim_fiber *fiber)
{
#ifdef FIBER_ASAN
    __sanitizer_start_switch_fiber(&fiber->caller_fake, fiber->stack,
        STACK_LEN);
#endif
    swapcontext(&fiber->caller, &fiber->own);
#ifdef FIBER_ASAN
    __sanitizer_finish_switch_fiber(fiber->caller_fake, NULL, NULL);
#endif
}

static void arrive(struct sim_fiber *fiber)
{
#ifdef FIBER_ASAN
    __sanitizer_finish_switch_fiber(fiber->own_fake, &fiber->caller_stack,
        &fiber->caller_stack_len);
#else
    (void)fiber;
#endif
}

static void leave(struct sim_fiber *fiber)
{
#ifdef FIBER_ASAN
    // NULL tells the sanitizer that this stack is left for good.
    __sanitizer_start_switch_fiber(fiber->ended ? NULL : &fiber->own_fake,
        fiber->caller_stack, fiber->caller_stack_len);
#endif
    swapcontext(&fiber->own, &fiber->caller);
    arrive(fiber);
}

// makecontext() passes ints only; a pointer goes as two halves.
static void begin(unsigned high, unsigned low)
{
    uintptr_t address = (uintptr_t)((uint64_t)high << 32 | low);
    struct sim_fiber *fiber =
        (void *)address; // NOLINT(performance-no-int-to-ptr)

    arrive(fiber);
    fiber->fn(fiber->arg);
    fiber->ended = true;
    fiber->wake_ns = SIM_NEVER;
    leave(fiber);
}

// ---- what world.c calls

struct sim_fiber *sim__fiber_first(const struct sim_world *world)
{
    struct sim_fiber *first = NULL;

    for (struct sim_fiber *f = world->fibers; f; f = f->next) {
        if (f->wake_ns != SIM_NEVER && f != world->running &&
            (!first || sim__fiber_is_after(first, f->wake_ns, f->seq))) {
            first = f;
        }
    }
    return first;
}

uint64_t sim__fiber_due(const struct sim_world *world)
{
    const struct sim_fiber *first = sim__fiber_first(world);

    return first ? first->wake_ns : SIM_NEVER;
}

bool sim__fiber_is_after(const struct sim_fiber *fiber, uint64_t at_ns,
    uint64_t seq)
{
    if (!fiber) {
        return true;
    }
    return fiber->wake_ns != at_ns ? fiber->wake_ns > at_ns : fiber->seq > seq;
}

void sim__fiber_resume(struct sim_world *world, struct sim_fiber *fiber)
{
    world->now_ns = fiber->wake_ns;
    fiber->flag = NULL;
    world->running = fiber;
    sim__world_refresh(world);
    enter(fiber);
    world->running = NULL;
    sim__world_refresh(world);
}

void sim__fiber_park(struct sim_world *world, uint64_t until_ns,
    const bool *flag)
{
    struct sim_fiber *fiber = world->running;

    fiber->wake_ns = until_ns;
    fiber->seq = ++world->seq;
    fiber->flag = flag;
    leave(fiber);
}

void sim__fiber_notify(struct sim_world *world)
{
    for (struct sim_fiber *f = world->fibers; f; f = f->next) {
        if (f->flag && *f->flag) {
            f->flag = NULL;
            f->wake_ns = world->now_ns;
            f->seq = ++world->seq;
        }
    }
    sim__world_refresh(world);
}

// ---- beginning and end

static bool make_stack(struct sim_fiber *fiber)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    fiber->map_len = page + STACK_LEN;
    fiber->map = mmap(NULL, fiber->map_len, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (fiber->map == MAP_FAILED) {
        return false;
    }
    fiber->stack = (uint8_t *)fiber->map + page;
    return mprotect(fiber->map, page, PROT_NONE) == 0;
}

// Apart from what follows it: getcontext() returns once, but a compiler has
// to think that it may return twice.
static bool make_context(struct sim_fiber *fiber)
{
    uint64_t address = (uint64_t)(uintptr_t)fiber;

    if (getcontext(&fiber->own) != 0) {
        return false;
    }
    fiber->own.uc_stack.ss_sp = fiber->stack;
    fiber->own.uc_stack.ss_size = STACK_LEN;
    fiber->own.uc_link = NULL;
    makecontext(&fiber->own, (void (*)(void))begin, 2,
        (unsigned)(address >> 32), (unsigned)address);
#ifdef FIBER_ASAN
    // What an earlier fiber left in the middle is forgotten here, once. With
    // a size in the context each switch would do so: most of a test's time.
    ASAN_UNPOISON_MEMORY_REGION(fiber->stack, STACK_LEN);
    fiber->own.uc_stack.ss_size = 0;
#endif
    return true;
}

struct sim_fiber *sim_fiber_start(struct sim_world *world, const char *name,
    sim_fiber_fn *fn, void *arg)
{
    struct sim_fiber *fiber = calloc(1, sizeof(*fiber));
    struct sim_fiber **last = &world->fibers;

    if (!fiber || !make_stack(fiber) || !make_context(fiber)) {
        free(fiber);
        return NULL;
    }
    fiber->world = world;
    fiber->name = name;
    fiber->fn = fn;
    fiber->arg = arg;
    fiber->wake_ns = world->now_ns;
    fiber->seq = ++world->seq;
    while (*last) {
        last = &(*last)->next;
    }
    *last = fiber;
    sim__world_refresh(world);
    return fiber;
}

bool sim_fiber_ended(const struct sim_fiber *fiber)
{
    return fiber->ended;
}

void sim__fiber_free_all(struct sim_world *world)
{
    struct sim_fiber *next;

    NIF_ASSERT(!world->running);
    for (struct sim_fiber *f = world->fibers; f; f = next) {
        next = f->next;
        munmap(f->map, f->map_len);
        free(f);
    }
    world->fibers = NULL;
}
