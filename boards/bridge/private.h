// SPDX-License-Identifier: MIT
//
// What bridge.c and buses.c share: a request and its reply.

#ifndef BOARDS_BRIDGE_PRIVATE_H
#define BOARDS_BRIDGE_PRIVATE_H

#include "boards/bridge/bridge.h"

enum bridge_op {
    OP_HELLO = 0x01,
    OP_BYE = 0x02,
    OP_NOW = 0x10,
    OP_DELAY = 0x11,
    OP_WAIT = 0x12,
    OP_SPI_SELECT = 0x20,
    OP_SPI_EXCHANGE = 0x21,
    OP_SPI_RELEASE = 0x22,
    OP_UART_WRITE = 0x30,
    OP_UART_READ = 0x31,
    OP_UART_DRAINED = 0x32,
    OP_UART_ERRORS = 0x33,
    OP_UART_CONFIGURE = 0x34,
    OP_MDIO_READ = 0x40,
    OP_MDIO_WRITE = 0x41,
    OP_PIN_READ = 0x50,
    OP_PIN_WRITE = 0x51,
    OP_PIN_EDGE = 0x52,
};

enum bridge_bus { BUS_SPI = 1 << 0, BUS_UART = 1 << 1, BUS_MDIO = 1 << 2 };

/// Longest payload either way.
#define BRIDGE_PAYLOAD 65535u

/// Sends the head of a request and the first `len` bytes of its payload, of
/// `total`; the rest follows by bridge__send(). Returns 0, or NIF_EIO in a
/// handler, where nothing may be asked.
int bridge__begin(struct bridge *bridge, enum bridge_op op, const uint8_t *data,
    size_t len, size_t total);

void bridge__send(struct bridge *bridge, const uint8_t *data, size_t len);

/// Receives a reply but for its payload, whose length is in `*len`, and calls
/// the handlers of edges. Returns the result.
int32_t bridge__end(struct bridge *bridge, size_t *len);

void bridge__receive(struct bridge *bridge, uint8_t *buf, size_t len);

/// A request of `len` bytes whose reply has `cap` bytes of payload at most,
/// which go to `out`. Returns the result, or NIF_EIO in a handler.
int32_t bridge__ask(struct bridge *bridge, enum bridge_op op,
    const uint8_t *data, size_t len, uint8_t *out, size_t cap);

static inline uint64_t bridge__get64(const uint8_t *p)
{
    return nif_get_le32(p) | (uint64_t)nif_get_le32(p + 4) << 32;
}

/// Fills in the buses' operations.
void bridge__buses(struct bridge *bridge);

#endif
