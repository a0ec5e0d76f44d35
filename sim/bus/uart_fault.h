// SPDX-License-Identifier: MIT
//
// Faults of a serial line: a `nif_uart` around another one. Faults are those
// of sim/bus/fault.h that say so, counted from 0 in bytes of one direction as
// the driver writes and as the port receives them.
//
// A byte that is silent is one that is dropped: SIM_FAULT_RX_DROP with count
// UINT64_MAX is a line that says nothing more. One that is stuck or noisy
// gives bytes as fast as its rate allows, counted too, and what the chip says
// meanwhile is lost. Stuck at 00 is a line held low: a break with each byte.

#ifndef SIM_BUS_UART_FAULT_H
#define SIM_BUS_UART_FAULT_H

#include "nif/uart.h"
#include "sim/bus/fault.h"
#include "sim/cpu.h"

struct sim_uart_fault {
    struct nif_uart uart; ///< give this to a driver
    struct nif_uart *lower;
    struct sim_cpu *cpu;
    uint64_t tx_count; ///< bytes written so far
    uint64_t rx_count; ///< bytes received so far
    uint64_t writes;   ///< calls so far
    uint64_t reads;
    uint64_t hits; ///< bytes and calls that a fault has touched
    struct sim_fault fault[SIM_FAULTS_MAX];
    size_t fault_count;
    // Private.
    uint32_t baud;
    uint64_t stuck_ns; // when the next byte of a stuck line is over; 0: well
    unsigned errors;
    bool tx_inserted; // before the byte that is next
    bool rx_inserted;
    bool rx_held; // one was read and comes behind what was inserted
    uint8_t rx_byte;
};

/// A wrapper without faults around `lower`, a port of `cpu`, at 115200.
void sim_uart_fault_init(struct sim_uart_fault *wrap, struct sim_cpu *cpu,
    struct nif_uart *lower);

/// Adds a fault; there is room for SIM_FAULTS_MAX (asserted).
void sim_uart_fault_add(struct sim_uart_fault *wrap,
    const struct sim_fault *fault);

/// The line is well again.
void sim_uart_fault_clear(struct sim_uart_fault *wrap);

#endif
