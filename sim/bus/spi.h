// SPDX-License-Identifier: MIT
//
// A simulated SPI bus with one chip: turns a driver's transactions into what
// the chip's pins see, and makes time pass for every bit.
//
// The model's side is byte-wise: select, a byte each way, release. So no
// model depends on how a driver cuts its transactions into segments. Between
// any two bytes what is due happens, and there is a strike point.

#ifndef SIM_BUS_SPI_H
#define SIM_BUS_SPI_H

#include "nif/spi.h"
#include "sim/cpu.h"
#include "sim/trace/trace.h"

struct sim_spi_chip;

/// The bus face of a chip model. All of it runs as an event does: it takes no
/// time.
struct sim_spi_chip_ops {
    /// Chip select goes active.
    void (*select)(struct sim_spi_chip *chip);

    /// One byte both ways. Called at the time of its first clock edge; the
    /// eighth is chip->byte_ns later. `mosi` is -1 where the host drives
    /// nothing (half duplex). Returns what the chip drives, -1 if it leaves
    /// the line alone.
    int (*exchange)(struct sim_spi_chip *chip, int mosi);

    /// Chip select goes inactive.
    void (*release)(struct sim_spi_chip *chip);

    /// Chip select went inactive in the middle of a byte of which `bits` (1
    /// to 7) were clocked. Called in place of exchange(); release() follows.
    /// NULL: the model treats such a byte as never begun.
    void (*cut)(struct sim_spi_chip *chip, int mosi, unsigned bits);
};

struct sim_spi_chip {
    const struct sim_spi_chip_ops *ops;
    struct sim_world *world;
    // What the bus is set to; a model reads these and complains.
    uint32_t hz;      ///< clock rate
    uint32_t byte_ns; ///< time of eight bits
    uint8_t mode;     ///< 0 to 3
};

/// How the board has set up this bus.
struct sim_spi_cfg {
    uint32_t hz;       ///< clock rate; 0: 20 MHz
    uint8_t mode;      ///< CPOL << 1 | CPHA
    bool half_duplex;  ///< one data line for both directions
    uint16_t setup_ns; ///< chip select to first clock; 0: 60
    uint16_t hold_ns;  ///< last clock to release, at least; 0: 20
    uint16_t gap_ns;   ///< release to next select, at least; 0: 60
};

struct sim_spi {
    struct nif_spi spi; ///< give this to a driver
    struct sim_cpu *cpu;
    struct sim_spi_chip *chip; ///< NULL: no chip on the board
    struct sim_spi_cfg cfg;
    uint32_t byte_ns;    ///< private: time of eight bits
    uint64_t byte_count; ///< bytes clocked so far
    uint64_t free_ns;    ///< private: earliest time of the next select
    bool selected;       ///< private
    // Which bytes of the last exchange() the chip drove, for a recorder:
    // one flag each. Valid where `watch_driven` is set.
    bool watch_driven;
    uint8_t *driven;
    size_t driven_cap;
    struct sim_trace_tape tape; ///< private: for world->trace
};

/// Joins `chip` (or NULL) to a bus of `cpu`. `cfg` NULL: all defaults.
void sim_spi_init(struct sim_spi *bus, struct sim_cpu *cpu,
    struct sim_spi_chip *chip, const struct sim_spi_cfg *cfg);

/// Gives memory back.
void sim_spi_done(struct sim_spi *bus);

#endif
