// SPDX-License-Identifier: MIT
//
// Faults of an MDIO bus: a `nif_mdio` around another one that makes chosen
// frames go wrong. Faults are data, as those of an SPI bus (sim/bus/fault.h).
//
// What a fault hits is counted in frames of this wrapper, from 0. Writes reach
// the PHY unless the fault is SIM_MDIO_EIO.

#ifndef SIM_BUS_MDIO_FAULT_H
#define SIM_BUS_MDIO_FAULT_H

#include "nif/mdio.h"
#include "sim/cpu.h"

enum sim_mdio_fault_kind {
    SIM_MDIO_EIO,   ///< the port fails before anything is clocked
    SIM_MDIO_STUCK, ///< reads give `value`: FFFF is a PHY that is not there
    SIM_MDIO_NOISE, ///< reads give noise
    SIM_MDIO_FLIP,  ///< what is read is xor-ed with `value`
};

/// One fault: `kind`, in `count` frames from `at` on.
struct sim_mdio_fault_cfg {
    enum sim_mdio_fault_kind kind;
    uint64_t at;
    uint64_t count; ///< UINT64_MAX: for ever
    uint16_t value;
};

struct sim_mdio_fault {
    struct nif_mdio mdio; ///< give this to a driver
    struct nif_mdio *lower;
    struct sim_cpu *cpu;
    uint64_t frames; ///< so far
    uint64_t hits;   ///< frames that a fault has touched
    struct sim_mdio_fault_cfg fault;
};

/// A wrapper without a fault around `lower`, a bus of `cpu`.
void sim_mdio_fault_init(struct sim_mdio_fault *wrap, struct sim_cpu *cpu,
    struct nif_mdio *lower);

/// From now on this fault, in the place of the one before; NULL: none.
void sim_mdio_fault_set(struct sim_mdio_fault *wrap,
    const struct sim_mdio_fault_cfg *fault);

#endif
