// SPDX-License-Identifier: MIT
//
// As much of a board as an image needs that runs in QEMU: start-up, a line
// of text to the host and an exit code, both by semihosting.

#ifndef BENCH_STACK_TARGET_BOARD_H
#define BENCH_STACK_TARGET_BOARD_H

#include "nif/base.h"

/// Writes `text` to the host's standard output.
void board_print(const char *text);

/// Writes `value` in decimal.
void board_print_u32(uint32_t value);

/// Ends QEMU with this exit code.
NIF_NORETURN void board_exit(uint32_t code);

/// What a fault and nif_panic() end with.
#define BOARD_EXIT_FAULT 99
#define BOARD_EXIT_PANIC 98

/// Where the processor begins, and what it comes to.
void reset(void);
int main(void);

#endif
