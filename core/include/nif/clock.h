// SPDX-License-Identifier: MIT
//
// Time, as the core and the drivers see it, and sleep that loses no wake-up.
// They never ask the platform: the board (or the simulator) hands them a
// clock, one per context.
//
// A main loop on a board without an OS looks like this:
//
//     uint64_t again_us = nif_stack_poll(stack);
//     ... the application's own work ...
//     nif_clock_wait(clock, again_us);
//
// An interrupt may come between the poll and the wait. It calls
// nif_clock_wake(), which is latched: the wait then returns at once. On a
// board, wait() is "WFI with interrupts masked, unless the latch is set".

#ifndef NIF_CLOCK_H
#define NIF_CLOCK_H

#include "nif/base.h"

NIF_C_BEGIN

struct nif_clock;

/// What a board or the simulator implements.
struct nif_clock_ops {
    /// Microseconds since an arbitrary start. Never goes back, never wraps.
    uint64_t (*now_us)(struct nif_clock *clock);

    /// Returns after at least `us` microseconds. Only drivers call it, and
    /// only for waits that a datasheet demands.
    void (*delay_us)(struct nif_clock *clock, uint32_t us);

    /// Sleeps until `until_us` (NIF_NEVER: no limit), or until wake() is
    /// called, or returns at once if wake() came since the last return of
    /// wait(). Takes the latch down. May return early; never returns late by
    /// more than the clock's own grain.
    void (*wait)(struct nif_clock *clock, uint64_t until_us);

    /// Ends a wait, or the next one. Context: interrupt or task.
    void (*wake)(struct nif_clock *clock);
};

struct nif_clock {
    const struct nif_clock_ops *ops;
};

static inline uint64_t nif_clock_now_us(struct nif_clock *clock)
{
    return clock->ops->now_us(clock);
}

static inline void nif_clock_delay_us(struct nif_clock *clock, uint32_t us)
{
    clock->ops->delay_us(clock, us);
}

static inline void nif_clock_wait(struct nif_clock *clock, uint64_t until_us)
{
    clock->ops->wait(clock, until_us);
}

static inline void nif_clock_wake(struct nif_clock *clock)
{
    clock->ops->wake(clock);
}

NIF_C_END

#endif
