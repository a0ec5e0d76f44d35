// SPDX-License-Identifier: MIT
//
// ARM's serial port PL011, as in the Stellaris, the RP2040 and the RP2350.

#ifndef BOARDS_TARGET_PL011_H
#define BOARDS_TARGET_PL011_H

#include "nif/base.h"

/// Sets `baud` at a clock of `hz`, 8 data bits, FIFOs on.
void pl011_init(uintptr_t base, uint32_t hz, uint32_t baud);

/// Waits for room.
void pl011_putc(uintptr_t base, char c);

#endif
