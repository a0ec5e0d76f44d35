// SPDX-License-Identifier: MIT
//
// One simulated line between a chip and a processor: the chip's end drives
// and watches it as an event, the processor's end is a `nif_pin`.

#ifndef SIM_BUS_PIN_H
#define SIM_BUS_PIN_H

#include "nif/pin.h"
#include "sim/cpu.h"

struct sim_pin;

/// Told at the chip's end that the processor has changed the level.
typedef void sim_pin_fn(struct sim_pin *pin, void *arg, bool level);

struct sim_pin {
    struct nif_pin pin; ///< give this to a driver
    struct sim_cpu *cpu;
    const char *name;
    bool level; ///< read only
    // The processor's interrupt.
    nif_pin_edge_fn *edge_fn; ///< private
    void *edge_arg;           ///< private
    bool rising;              ///< private
    unsigned lose_edges;      ///< so many edges are not reported: a fault
    // The chip's end.
    sim_pin_fn *on_write; ///< or NULL
    void *write_arg;
    // A recorder, or NULL.
    sim_pin_fn *on_change;
    void *change_arg;
};

/// A line that is at `level` at first (what its pull resistor makes it).
void sim_pin_init(struct sim_pin *pin, struct sim_cpu *cpu, const char *name,
    bool level);

/// The chip drives the line. An edge calls the processor's handler at once,
/// in interrupt context. `pin` NULL: not connected, nothing happens.
void sim_pin_drive(struct sim_pin *pin, bool level);

#endif
