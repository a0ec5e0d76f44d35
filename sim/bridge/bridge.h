// SPDX-License-Identifier: MIT
//
// The world's side of the bridge: carries out what a program elsewhere asks
// of a board's buses, pins and clock. docs/reference/bridge.md is the
// protocol.
//
// It is the board's application: it runs on the board's fiber and makes each
// call as a driver there would have made it. So a call costs the world what it
// costs a driver in the simulator, and nothing else does: while the other side
// computes, the world stands still.
//
// Whatever comes is checked. What makes no sense is refused, and nothing
// happens; only if it cannot be told where the next request begins, or who
// speaks, does the bridge end.

#ifndef SIM_BRIDGE_BRIDGE_H
#define SIM_BRIDGE_BRIDGE_H

#include "nif/mdio.h"
#include "nif/spi.h"
#include "nif/uart.h"
#include "sim/bus/pin.h"

#define SIM_BRIDGE_VERSION 1

/// How many of each; edges that happened during one request.
#define SIM_BRIDGE_PINS  8
#define SIM_BRIDGE_EDGES 255

/// Payload of a request and of a reply: 16 bits of length.
#define SIM_BRIDGE_PAYLOAD 65535

struct sim_bridge;

/// How requests come and replies go.
struct sim_bridge_link {
    /// Fills `buf`; waits. Returns 0, or -1: no more will come.
    int (*read)(struct sim_bridge_link *link, uint8_t *buf, size_t len);

    /// Returns 0, or -1: nobody listens.
    int (*write)(struct sim_bridge_link *link, const uint8_t *data, size_t len);
};

/// How the board is set up, as its driver and its stack would be told.
struct sim_bridge_board {
    const char *chip;
    bool half_duplex;
    bool polling;    ///< no interrupt pin is wired
    bool no_rts_cts; ///< RTS and CTS are not wired
    bool use_dhcp;   ///< no address is set
    uint8_t hwaddr[6];
    uint64_t seed;
    uint32_t baud; ///< of a serial line; 0: its driver knows
    uint8_t ip[4];
    uint8_t prefix_len;
    uint8_t gateway[4];
    const char *ssid; ///< NULL: a wired chip, like the next one
    const char *passphrase;
};

/// What is served. NULL where there is none. All of it is borrowed.
struct sim_bridge_cfg {
    struct sim_cpu *cpu;
    struct sim_bridge_link *link;
    struct nif_spi *spi;
    struct nif_uart *uart;
    struct nif_mdio *mdio;
    struct sim_pin *pins[SIM_BRIDGE_PINS]; ///< up to the first NULL
    struct sim_bridge_board board;
};

/// One that happened.
struct sim_bridge_edge {
    uint8_t pin;
    bool level;
    uint64_t at_ns;
};

/// Private: an interrupt line of the other side.
struct sim_bridge_pin {
    struct sim_bridge *bridge;
    uint8_t index;
    bool rising;
};

struct sim_bridge {
    struct sim_bridge_cfg cfg;
    uint64_t requests; ///< read only
    uint64_t refused;  ///< read only: of these
    const char *error; ///< why it has ended, if that is somebody's fault
    // Private.
    bool greeted;
    bool done;     // the other side has said good-bye
    bool selected; // the SPI device
    uint8_t pin_count;
    uint8_t op;
    uint8_t flags;
    int32_t result;
    const char *why; // a request is refused
    size_t request_len;
    size_t reply_len;
    size_t edge_count;
    struct sim_bridge_pin pins[SIM_BRIDGE_PINS];
    struct sim_bridge_edge edges[SIM_BRIDGE_EDGES];
    uint8_t request[SIM_BRIDGE_PAYLOAD];
    uint8_t reply[SIM_BRIDGE_PAYLOAD];
};

/// Fills memory only. `bridge` must not move.
void sim_bridge_init(struct sim_bridge *bridge,
    const struct sim_bridge_cfg *cfg);

/// Serves until the other side says good-bye or is gone. Call it on the
/// board's fiber, or as the maker of the world.
///
/// Returns 0, or -1 with `error`.
int sim_bridge_serve(struct sim_bridge *bridge);

/// Room for a refusal.
#define SIM_BRIDGE_REFUSAL 120

/// Writes the answer to the HELLO of a program that cannot be served, and why
/// that is. Returns its length.
size_t sim_bridge_refusal(uint8_t out[SIM_BRIDGE_REFUSAL], const char *why);

/// Tells the other side that the run is over, whether or not it waits for an
/// answer; and leaves the board's pins alone.
void sim_bridge_over(struct sim_bridge *bridge);

#endif
