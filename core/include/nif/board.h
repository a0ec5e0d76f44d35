// SPDX-License-Identifier: MIT
//
// What an application is given: the board it runs on. A board file (or the
// simulator) fills this in and calls nif_app().

#ifndef NIF_BOARD_H
#define NIF_BOARD_H

#include "nif/clock.h"
#include "nif/stack.h"

NIF_C_BEGIN

struct nif_board {
    const char *name;
    struct nif_clock *clock;
    struct nif_iface *iface; ///< the device, not yet started
    struct nif_stack *stack; ///< over `iface`
    uint64_t seed;           ///< differs from board to board and boot to boot
    bool use_dhcp;           ///< the board has no address set: ask for one
    volatile bool stop;      ///< set from outside: nif_app() comes to an end
};

/// The application. Runs until `board->stop`, or for ever.
///
/// Returns 0, or the error that made it give up.
int nif_app(struct nif_board *board);

NIF_C_END

#endif
