// SPDX-License-Identifier: MIT
//
// The processor's side of the bridge: buses, pins and a clock whose other end
// is the world of a chip model in another process, which `nif chip` serves.
// docs/reference/bridge.md is the protocol.
//
// Each call is a request and its reply, and costs the world's time what it
// costs a simulated board; the world stands still in between. So a driver does
// here what it does in the simulator, at the same times, however slow or fast
// this processor is. All that a board needs is a link that moves bytes both
// ways:
//
//     bridge_init(&bridge, &(struct bridge_cfg){ .link = &link });
//     err = bridge_start(&bridge);
//     chip.spi = bridge_spi(&bridge);
//     chip.interrupt = bridge_pin(&bridge, "enc28j60.int");
//     chip.clock = &bridge.clock;
//
// Handlers of edges run when the reply comes in which the edge is told, that
// is within the call during which it happened. In a handler the time is the
// edge's; it may read pins and wake the clock, and nothing else.
//
// There is no going on without the other end: ended() is then called, and must
// not return.

#ifndef BOARDS_BRIDGE_BRIDGE_H
#define BOARDS_BRIDGE_BRIDGE_H

#include "nif/clock.h"
#include "nif/mdio.h"
#include "nif/pin.h"
#include "nif/spi.h"
#include "nif/uart.h"

NIF_C_BEGIN

#define BRIDGE_VERSION 1

/// How many pins are known here, and the longest name or password.
#define BRIDGE_PINS 4
#define BRIDGE_NAME 32
#define BRIDGE_PASS 64

/// Room for why we are turned away; what does not fit is cut.
#define BRIDGE_WHY 64

struct bridge;

/// What moves the bytes.
struct bridge_link {
    /// Sends all of it, in order; may wait. Returns 0, or NIF_EIO.
    int (*write)(struct bridge_link *link, const uint8_t *data, size_t len);

    /// Waits for all of it. Returns 0, or NIF_EIO: the other end is gone.
    int (*read)(struct bridge_link *link, uint8_t *buf, size_t len);
};

struct bridge_cfg {
    struct bridge_link *link; ///< must outlive the bridge

    /// The run is over (`lost` false), or the link is broken. Must not return.
    /// NULL: nif_panic().
    void (*ended)(struct bridge *bridge, bool lost);
};

/// What the other end said of the board. An address is four bytes.
struct bridge_board {
    char chip[BRIDGE_NAME];
    bool half_duplex;
    bool polling;    ///< no interrupt pin is wired
    bool no_rts_cts; ///< RTS and CTS are not wired
    bool use_dhcp;   ///< no address is set
    uint8_t hwaddr[6];
    uint64_t seed;
    uint32_t baud; ///< of a serial line; 0: as the driver likes
    uint8_t ip[4];
    uint8_t prefix_len;
    uint8_t gateway[4];
    char ssid[BRIDGE_NAME + 1]; ///< "": a wired chip
    char passphrase[BRIDGE_PASS];
};

/// Private.
struct bridge_pin {
    struct nif_pin pin;
    struct bridge *bridge;
    nif_pin_edge_fn *edge_fn;
    void *edge_arg;
    char name[BRIDGE_NAME];
};

struct bridge {
    struct nif_clock clock;    ///< give this to drivers and stacks
    struct bridge_board board; ///< read only; after bridge_start()
    char why[BRIDGE_WHY];      ///< what bridge_start() was told; "": nothing
    // Private.
    struct bridge_cfg cfg;
    struct nif_spi spi;
    struct nif_uart uart;
    struct nif_mdio mdio;
    struct bridge_pin pins[BRIDGE_PINS];
    uint64_t now_ns; // as last told
    uint32_t levels;
    uint8_t buses; // enum bridge_bus, or-ed
    uint8_t pin_count;
    bool woken;
    bool in_handler;
};

/// Fills memory only.
void bridge_init(struct bridge *bridge, const struct bridge_cfg *cfg);

/// Meets the other end.
///
/// Returns 0; NIF_EPROTO if it does not speak this version, or serves another
/// program: then `bridge->why` has its words.
NIF_NODISCARD int bridge_start(struct bridge *bridge);

/// Says good-bye: the other end is told that this was no accident.
void bridge_stop(struct bridge *bridge);

// ---- what there is; NULL where there is none

struct nif_spi *bridge_spi(struct bridge *bridge);
struct nif_uart *bridge_uart(struct bridge *bridge);
struct nif_mdio *bridge_mdio(struct bridge *bridge);

/// A pin by its name.
struct nif_pin *bridge_pin(struct bridge *bridge, const char *name);

NIF_C_END

#endif
