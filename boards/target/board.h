// SPDX-License-Identifier: MIT
//
// What a board file gives, and what all boards share: start-up, a clock, the
// main program. There is no library of a vendor below this.

#ifndef BOARDS_TARGET_BOARD_H
#define BOARDS_TARGET_BOARD_H

#include "nif/board.h"

/// Exit codes of an image that ended by itself, where somebody can see them.
#define BOARD_EXIT_PANIC 98
#define BOARD_EXIT_FAULT 99

/// Longest command line, bytes.
#define BOARD_ARGS 160

/// What the main program wants to know of a board.
struct board_port {
    const char *name;
    struct nif_clock *clock;
    struct nif_iface *iface; ///< has a stack of its own, or gets ours
    uint64_t seed;           ///< as random as the board can
    // For boards that know more.
    struct nif_net net;                 ///< the command line comes first
    const struct nif_wifi_params *wifi; ///< nif_board.wifi
    bool own_dhcp;                      ///< the chip asks for an address itself
    void (*leave)(void);                ///< the application has ended; or NULL
};

// ---- each board has these

/// Called first: clocks, pins, console. Interrupts are off.
void board_init(void);

/// Makes the board's device, with the address `hwaddr` or, if that is all
/// zero, its own.
void board_make(struct board_port *port, const struct nif_hwaddr *hwaddr);

/// The words of the command line, as main.c reads them.
const char *board_args(char buf[BOARD_ARGS]);

/// Sends a character to the console; waits for room.
void board_putc(char c);

/// Ends the program.
NIF_NORETURN void board_exit(int code);

// ---- all have these

/// Shows a text on the console, its lines ended by \r\n.
void board_print(const char *text);

/// The main program: never returns. Called by the start-up code when data is
/// in its place.
NIF_NORETURN void board_main(void);

/// A fault of the processor: says so and ends.
NIF_NORETURN void board_fault(void);

#endif
