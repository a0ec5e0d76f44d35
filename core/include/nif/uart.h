// SPDX-License-Identifier: MIT
//
// A serial line, as a driver sees it. Bytes only: lines and time-outs are
// the driver's.

#ifndef NIF_UART_H
#define NIF_UART_H

#include "nif/base.h"
#include "nif/err.h"

NIF_C_BEGIN

struct nif_uart;

/// Sticky receive errors, or-ed together.
enum nif_uart_error {
    NIF_UART_OVERRUN = 1 << 0, ///< bytes were lost before they were read
    NIF_UART_FRAMING = 1 << 1, ///< a stop bit was missing
    NIF_UART_PARITY = 1 << 2,  ///< a parity bit was wrong
    NIF_UART_BREAK = 1 << 3,   ///< the line was held low
};

/// What a board port or a simulated line implements.
struct nif_uart_ops {
    /// Takes up to `len` bytes for sending, without waiting.
    ///
    /// Returns how many it took, 0 if there is no room; NIF_EIO.
    int (*write)(struct nif_uart *uart, const uint8_t *data, size_t len);

    /// Gives up to `cap` bytes that have come, without waiting.
    ///
    /// Returns how many, 0 if none; NIF_EIO.
    int (*read)(struct nif_uart *uart, uint8_t *buf, size_t cap);

    /// True when the last bit of the last byte written has left the line.
    bool (*drained)(struct nif_uart *uart);

    /// The errors since the last call (enum nif_uart_error), and forgets
    /// them.
    unsigned (*errors)(struct nif_uart *uart);

    /// Sets rate in bits per second and RTS/CTS flow control.
    ///
    /// Returns 0; NIF_ENOTSUP if the port cannot.
    int (*configure)(struct nif_uart *uart, uint32_t baud, bool rts_cts);
};

struct nif_uart {
    const struct nif_uart_ops *ops;
};

NIF_C_END

#endif
