// SPDX-License-Identifier: MIT
//
// The numbers of the bridge's protocol, and its byte order. Private to
// sim/bridge; docs/reference/bridge.md is the page they are from.

#ifndef SIM_BRIDGE_BYTES_H
#define SIM_BRIDGE_BYTES_H

#include "sim/bridge/bridge.h"

enum sim_bridge_op {
    BRIDGE_HELLO = 0x01,
    BRIDGE_BYE = 0x02,
    BRIDGE_NOW = 0x10,
    BRIDGE_DELAY = 0x11,
    BRIDGE_WAIT = 0x12,
    BRIDGE_SPI_SELECT = 0x20,
    BRIDGE_SPI_EXCHANGE = 0x21,
    BRIDGE_SPI_RELEASE = 0x22,
    BRIDGE_SPI_TRANSACT = 0x23,
    BRIDGE_UART_WRITE = 0x30,
    BRIDGE_UART_READ = 0x31,
    BRIDGE_UART_DRAINED = 0x32,
    BRIDGE_UART_ERRORS = 0x33,
    BRIDGE_UART_CONFIGURE = 0x34,
    BRIDGE_MDIO_READ = 0x40,
    BRIDGE_MDIO_WRITE = 0x41,
    BRIDGE_PIN_READ = 0x50,
    BRIDGE_PIN_WRITE = 0x51,
    BRIDGE_PIN_EDGE = 0x52,
};

#define BRIDGE_REQUEST_HEAD 4
#define BRIDGE_REPLY_HEAD   24
#define BRIDGE_EDGE_LEN     12

#define BRIDGE_REFUSED (1u << 0)
#define BRIDGE_OVER    (1u << 1)

#define BRIDGE_HALF_DUPLEX (1u << 0)
#define BRIDGE_POLLING     (1u << 1)
#define BRIDGE_NO_RTS_CTS  (1u << 2)
#define BRIDGE_USE_DHCP    (1u << 3)

#define BRIDGE_SEG_TX (1u << 0)
#define BRIDGE_SEG_RX (1u << 1)

// Segments of one transaction.
#define BRIDGE_SEGS 16

static inline uint64_t bridge_get64(const uint8_t *p)
{
    return nif_get_le32(p) | (uint64_t)nif_get_le32(p + 4) << 32;
}

static inline void bridge_put64(uint8_t *p, uint64_t v)
{
    nif_put_le32(p, (uint32_t)v);
    nif_put_le32(p + 4, (uint32_t)(v >> 32));
}

/// Describes the board in bridge->reply.
void sim__bridge_hello(struct sim_bridge *bridge);

#endif
