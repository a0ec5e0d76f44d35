// SPDX-License-Identifier: MIT
//
// The processor of one simulated board: a clock for its drivers, a price for
// each thing it does, and an eye on how much it does.
//
// Each bus call, pin access and clock reading costs `cost_ns`. So no polling
// loop is for ever, and an event can come between any two steps that matter.

#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "nif/clock.h"
#include "sim/world.h"

/// What a step costs if nobody says otherwise, in nanoseconds.
#define SIM_CPU_COST_NS 200

struct sim_cpu {
    struct nif_clock clock; ///< give this to drivers
    struct sim_world *world;
    uint32_t cost_ns;   ///< may be changed at any time
    uint64_t bus_calls; ///< bus transactions so far
    bool woken;         ///< private: the latch of nif_clock_wake()
    unsigned interrupt; ///< private: depth of interrupt handlers
};

/// `cost_ns` 0 is allowed for worlds in which nothing polls.
void sim_cpu_init(struct sim_cpu *cpu, struct sim_world *world,
    uint32_t cost_ns);

/// One step of the processor: lets its price pass. Called by buses and pins.
void sim_cpu_step(struct sim_cpu *cpu);

/// A bus call begins: a strike point, and a step. An interrupt handler must
/// not make one: that is a complaint.
///
/// Returns 0, or NIF_EIO to an interrupt handler.
int sim_cpu_bus_call(struct sim_cpu *cpu, const char *bus);

#endif
