// SPDX-License-Identifier: MIT
//
// A simulated MDIO bus with up to 32 PHYs (IEEE 802.3 clause 22): a preamble of
// 32 bits, then a frame of 32. A read takes its value when the turn-around
// begins, a write has its effect with the last bit. Where no PHY answers, the
// pull-up reads as ones.

#ifndef SIM_BUS_MDIO_H
#define SIM_BUS_MDIO_H

#include "nif/mdio.h"
#include "sim/cpu.h"

struct sim_mdio_chip;

/// The bus face of a PHY model. All of it runs as an event does: it takes no
/// time.
struct sim_mdio_chip_ops {
    /// Returns the value of a register, 0 to 31.
    uint16_t (*read)(struct sim_mdio_chip *chip, uint8_t reg);
    void (*write)(struct sim_mdio_chip *chip, uint8_t reg, uint16_t value);
};

struct sim_mdio_chip {
    const struct sim_mdio_chip_ops *ops;
    struct sim_world *world;
    uint32_t hz; ///< of MDC, set by the bus; a model complains of it
};

struct sim_mdio {
    struct nif_mdio mdio; ///< give this to a driver
    struct sim_cpu *cpu;
    const char *name; ///< in traces
    uint32_t hz;      ///< of MDC
    struct sim_mdio_chip *chip[32];
    uint64_t index; ///< private: frames so far
};

/// A bus of `cpu` without PHYs. `hz` 0: 2.5 MHz, the most of clause 22.
void sim_mdio_init(struct sim_mdio *bus, struct sim_cpu *cpu, const char *name,
    uint32_t hz);

/// Joins a PHY to it.
void sim_mdio_join(struct sim_mdio *bus, uint8_t addr,
    struct sim_mdio_chip *chip);

#endif
