// SPDX-License-Identifier: MIT
//
// ARM's synchronous port PL022 (DDI 0194), as in the Stellaris, the RP2040 and
// the RP2350, as the master of one SPI device in mode 0: a nif_spi.
//
// It is polled: both ways at once, with as many bytes on the way as its FIFO of
// 8 holds, so that none can be lost however late the program is. A byte takes
// 0.25 us at 31 MHz; an interrupt for each would take longer.

#ifndef BOARDS_TARGET_PL022_H
#define BOARDS_TARGET_PL022_H

#include "nif/mmio.h"
#include "nif/pin.h"
#include "nif/spi.h"

/// What is where. Zero is the default of each field but the first four.
struct pl022_cfg {
    struct nif_mmio mmio;
    uint32_t hz;             ///< of its clock
    uint32_t cpu_hz;         ///< of the processor: short waits are counted
    uint32_t baud;           ///< the device's most; at most half of `hz` is had
    struct nif_pin *cs;      ///< chip select, active low; NULL: none
    uint16_t cs_setup_ns;    ///< from chip select to the first bit
    uint16_t cs_recovery_ns; ///< how long it is inactive at least
    bool loopback;           ///< it hears itself (LBM): for tests
};

/// Caller-allocated. Must not move after pl022_init(). All is private but
/// `spi`.
struct pl022 {
    struct nif_spi spi; ///< give this to drivers
    struct pl022_cfg cfg;
    uint32_t patience; // turns in which a byte must have come
};

/// Sets the port up, chip select inactive.
void pl022_init(struct pl022 *port, const struct pl022_cfg *cfg);

/// The rate that it has, bits per second.
uint32_t pl022_baud(const struct pl022_cfg *cfg);

#endif
