// SPDX-License-Identifier: MIT
//
// What world.c and fiber.c know of each other. Others use sim/world.h.

#ifndef SIM_FIBER_H
#define SIM_FIBER_H

#include "sim/world.h"

/// Recomputes world->due_ns.
void sim__world_refresh(struct sim_world *world);

/// When the first parked fiber is due; SIM_NEVER if none.
uint64_t sim__fiber_due(const struct sim_world *world);

/// That fiber, or NULL.
struct sim_fiber *sim__fiber_first(const struct sim_world *world);

/// True if `fiber` (may be NULL: it then never comes) runs after something of
/// that time and sequence.
bool sim__fiber_is_after(const struct sim_fiber *fiber, uint64_t at_ns,
    uint64_t seq);

/// Sets the world's time to the fiber's and runs it until it parks or ends.
void sim__fiber_resume(struct sim_world *world, struct sim_fiber *fiber);

/// The running fiber waits until `until_ns`, or until `*flag` (may be NULL).
void sim__fiber_park(struct sim_world *world, uint64_t until_ns,
    const bool *flag);

/// Fibers whose flag is set are due now.
void sim__fiber_notify(struct sim_world *world);

void sim__fiber_free_all(struct sim_world *world);

#endif
