// SPDX-License-Identifier: MIT
//
// A bench for the LAN8720 driver and for what joins MACs and PHYs: nif_macphy
// - driver - fault wrapper - MDIO - model of the PHY, a plain MAC beside it,
// cable, network card, and a main loop such as a board has.

#ifndef TESTS_LAN8720_BENCH_H
#define TESTS_LAN8720_BENCH_H

#include "lan8720/lan8720.h"
#include "nif/mac.h"
#include "sim/bus/mdio_fault.h"
#include "sim/chips/mac.h"
#include "tests/support/check.h"

/// All zero: address 0, nINT not connected, a partner that can all.
struct bench_cfg {
    struct sim_phy_cfg model;
    struct sim_phy_partner partner;
    bool interrupt; ///< nINT is connected
    bool reset_pin; ///< nRST is
    bool absent;    ///< there is no PHY
    bool unplugged; ///< no cable at first
    uint16_t check_ms;
    uint32_t mdc_hz;
    struct lan8720_cfg driver; ///< but for what the bench joins
};

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_mac mac;
    struct sim_phy phy;
    struct sim_mdio_fault fault;
    struct sim_pin int_pin;
    struct sim_pin reset_pin;
    uint64_t reset_low_ns; // how long nRST was low, and when it was over
    uint64_t reset_end_ns;
    struct sim_cable cable;
    struct sim_nic nic;
    struct lan8720 chip;
    struct nif_macphy dev;
    struct nif_iface *iface;
    // What the driver has told.
    enum nif_event events[64];
    size_t event_count;
    uint64_t event_ns;   // of the last
    int poll_err;        // last error of poll(), recv()
    uint64_t slowest_ns; // of all calls but start()
    // Frames that reached the board, and the card.
    unsigned board_count;
    unsigned board_bad; // not what bench_frame() makes
    unsigned card_count;
    unsigned card_bad;
};

/// The addresses of the board and of the card.
extern const struct nif_hwaddr bench_board;
extern const struct nif_hwaddr bench_card;

/// Everything joined, nothing started. `cfg` NULL: all zero.
void bench_open(struct bench *b, const struct bench_cfg *cfg);

/// Starts it and waits for the link; fails the test if it does not come
/// within 3 seconds.
void bench_up(struct bench *b);

/// Gives everything back. Fails if a model complained, a frame was bent, or a
/// call took longer than 2 ms.
void bench_close(struct bench *b);

/// The board's main loop for `us` microseconds.
void bench_run(struct bench *b, uint64_t us);

/// The same, until there is a link, or none, for at most `us`. Returns whether
/// that came.
bool bench_run_to_link(struct bench *b, bool up, uint64_t us);

/// The board sends one frame to the card. Returns what send() does.
int bench_send(struct bench *b, unsigned number, size_t len);

/// The card sends one to the board.
void bench_card_send(struct bench *b, unsigned number, size_t len);

/// True if frames pass in both directions, within `us`.
bool bench_traffic(struct bench *b, uint64_t us);

/// How often an event was told since open.
unsigned bench_told(const struct bench *b, enum nif_event event);

/// A register of the PHY as the bus would read it, without the bus.
uint16_t bench_reg(struct bench *b, uint8_t reg);

/// Writes one behind the driver's back.
void bench_poke(struct bench *b, uint8_t reg, uint16_t value);

#endif
