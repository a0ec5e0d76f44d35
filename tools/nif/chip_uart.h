// SPDX-License-Identifier: MIT
//
// A chip with a serial line, whose line is a socket: bytes as they are, in real
// time. For who has a serial port and no bridge.

#ifndef TOOLS_NIF_CHIP_UART_H
#define TOOLS_NIF_CHIP_UART_H

#include "boards/host/host.h"
#include "tools/nif/listen.h"

/// Moves bytes between the program at `door` and the chip's serial line until
/// the program goes. What the program sends waits in the socket while the line,
/// which is as fast as its rate, is busy. Call it on the board's fiber. Returns
/// 0; NIF_ENODEV without such a line; NIF_ENOTSUP: not at that rate.
int nif_chip_uart(struct host_board *board, struct nif_listen *door);

#endif
