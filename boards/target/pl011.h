// SPDX-License-Identifier: MIT
//
// ARM's serial port PL011 (DDI 0183), as in the Stellaris, the RP2040 and the
// RP2350: a console that waits, and a nif_uart that does not.
//
// The console is two functions; it needs no interrupt and receives nothing.
//
// The nif_uart. What comes in is moved to a ring by the interrupt, which wakes
// the clock: when the FIFO is half full, or has something in it and the line
// was idle for 32 bits. At 921600 baud a FIFO of 32 bytes leaves the interrupt
// 170 us. A ring that is full leaves bytes in the FIFO: with RTS the peer then
// stops, without it bytes are lost, which errors() tells. What goes out is
// written to the FIFO; when that was full, its interrupt wakes the clock as
// soon as it is half empty.

#ifndef BOARDS_TARGET_PL011_H
#define BOARDS_TARGET_PL011_H

#include "nif/clock.h"
#include "nif/mmio.h"
#include "nif/uart.h"

/// Sets `baud` at a clock of `hz`, 8 data bits, FIFOs on.
void pl011_init(struct nif_mmio *mmio, uint32_t hz, uint32_t baud);

/// Waits for room.
void pl011_putc(struct nif_mmio *mmio, char c);

/// What is where. Zero is the default of each field but the first five.
struct pl011_cfg {
    struct nif_mmio mmio;
    uint32_t hz; ///< of its clock
    struct nif_clock *clock;
    uint8_t *ring;
    uint16_t ring_len; ///< a power of two, at most 32768
    bool rts_cts;      ///< RTS and CTS are connected
    bool loopback;     ///< it hears itself (LBE): for tests
};

/// Caller-allocated. Must not move after pl011_uart_init(). All is private but
/// `uart`.
struct pl011 {
    struct nif_uart uart; ///< give this to drivers
    struct pl011_cfg cfg;
    volatile uint16_t put; // written by the interrupt, count of bytes
    volatile uint16_t got; // written by read()
    volatile uint8_t errors;
};

/// Fills memory only: the port is off until configure() is called.
void pl011_uart_init(struct pl011 *port, const struct pl011_cfg *cfg);

/// To be called by the port's handler. Context: interrupt.
void pl011_interrupt(struct pl011 *port);

#endif
