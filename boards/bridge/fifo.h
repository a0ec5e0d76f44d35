// SPDX-License-Identifier: MIT
//
// A link over two FIFOs of the host, by semihosting: for firmware in QEMU, or
// on a board whose debugger opens files.

#ifndef BOARDS_BRIDGE_FIFO_H
#define BOARDS_BRIDGE_FIFO_H

#include "boards/bridge/bridge.h"

/// Longest path of the pair, bytes.
#define BRIDGE_FIFO_PATH 100

struct bridge_fifo {
    struct bridge_link link; ///< give this to a bridge
    uintptr_t out;           // private: semihosting's handles
    uintptr_t in;
};

/// Opens PATH.out for writing and PATH.in for reading, which waits for the
/// other end.
///
/// Returns 0; NIF_EINVAL if the path is too long; NIF_ENODEV if one of them
/// cannot be opened.
NIF_NODISCARD int bridge_fifo_open(struct bridge_fifo *fifo, const char *path);

#endif
