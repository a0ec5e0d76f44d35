// SPDX-License-Identifier: MIT
//
// Faults of an SPI bus: a `nif_spi` around another one that makes chosen
// transactions go wrong. Faults are data: a test makes a list, prints the
// one that failed, and runs just that one again.
//
// What a fault hits is counted in transactions of this wrapper, from 0. The
// chip below still sees the transaction unless the fault is SIM_FAULT_EIO.
//
// Faults of a serial line are of the same type; sim/bus/uart_fault.h has the
// wrapper.

#ifndef SIM_BUS_FAULT_H
#define SIM_BUS_FAULT_H

#include "nif/spi.h"
#include "sim/cpu.h"

enum sim_fault_kind {
    SIM_FAULT_EIO,      ///< the port fails before anything is clocked
    SIM_FAULT_EIO_LATE, ///< everything is clocked, then the port fails
    SIM_FAULT_STUCK,    ///< MISO reads `value` all the time
    SIM_FAULT_NOISE,    ///< MISO reads noise
    SIM_FAULT_FLIP,     ///< byte `byte` of MISO is xor-ed with `value`
    SIM_FAULT_DEAF,     ///< the chip is not selected: MISO floats (noise)
    // Of a serial line, counted in bytes of that direction.
    SIM_FAULT_TX_DROP,   ///< the byte is lost
    SIM_FAULT_TX_FLIP,   ///< it is xor-ed with `value`
    SIM_FAULT_TX_INSERT, ///< `value` comes before it
    SIM_FAULT_RX_DROP,
    SIM_FAULT_RX_FLIP,
    SIM_FAULT_RX_INSERT,
    SIM_FAULT_RX_STUCK, ///< the line says `value` without a pause
    SIM_FAULT_RX_NOISE, ///< it says noise without a pause
    // Of a serial line, counted in calls of the port's write() or read().
    SIM_FAULT_WRITE_EIO,
    SIM_FAULT_READ_EIO,
};

/// One fault: `kind`, in `count` transactions (bytes, calls) from `at` on.
struct sim_fault {
    enum sim_fault_kind kind;
    uint64_t at;
    uint64_t count; ///< UINT64_MAX: for ever
    size_t byte;
    uint8_t value;
};

/// At most so many at a time.
#define SIM_FAULTS_MAX 8

struct sim_spi_fault {
    struct nif_spi spi; ///< give this to a driver
    struct nif_spi *lower;
    struct sim_cpu *cpu;
    uint64_t transactions; ///< so far
    uint64_t hits;         ///< transactions that a fault has touched
    struct sim_fault fault[SIM_FAULTS_MAX];
    size_t fault_count;
    // Private.
    size_t at; // bytes of this transaction so far
    bool deaf;
};

/// A wrapper without faults around `lower`, a bus of `cpu`.
void sim_spi_fault_init(struct sim_spi_fault *wrap, struct sim_cpu *cpu,
    struct nif_spi *lower);

/// Adds a fault; there is room for SIM_FAULTS_MAX (asserted).
void sim_spi_fault_add(struct sim_spi_fault *wrap,
    const struct sim_fault *fault);

/// The bus is well again.
void sim_spi_fault_clear(struct sim_spi_fault *wrap);

/// Room for the text of a fault.
#define SIM_FAULT_TEXT 80

/// Writes "miso.stuck at=12 count=3 value=ff" and the like.
void sim_fault_format(const struct sim_fault *fault, char text[SIM_FAULT_TEXT]);

/// Reads what sim_fault_format() has written. Returns false, and changes
/// nothing, if it is none.
bool sim_fault_parse(const char *text, struct sim_fault *fault);

#endif
