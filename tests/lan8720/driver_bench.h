// SPDX-License-Identifier: MIT
//
// A bench for the LAN8720 driver and for what joins MACs and PHYs: nif_macphy
// - driver - fault wrapper - MDIO - model of the PHY, a plain MAC beside it,
// and what each frame device has (frame_bench.h).

#ifndef TESTS_LAN8720_DRIVER_BENCH_H
#define TESTS_LAN8720_DRIVER_BENCH_H

#include "lan8720/lan8720.h"
#include "nif/mac.h"
#include "sim/bus/mdio_fault.h"
#include "sim/chips/mac.h"

#define FRAME_BENCH_PARTS                                                    \
    struct sim_mac mac;                                                      \
    struct sim_phy phy;                                                      \
    struct sim_mdio_fault fault;                                             \
    struct sim_pin int_pin;                                                  \
    struct sim_pin reset_pin;                                                \
    uint64_t reset_low_ns; /* how long nRST was low, and when it was over */ \
    uint64_t reset_end_ns;                                                   \
    struct lan8720 chip;                                                     \
    struct nif_macphy dev;

#include "tests/support/frame_bench.h"

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

/// Everything joined, nothing started. `cfg` NULL: all zero.
void bench_open(struct bench *b, const struct bench_cfg *cfg);

/// Starts it and waits for the link; fails the test if it does not come
/// within 3 seconds.
void bench_up(struct bench *b);

/// Gives everything back. Fails if a model complained, a frame was bent, or a
/// call took longer than 2 ms.
void bench_close(struct bench *b);

/// The main loop until there is a link, or none, for at most `us`. Returns
/// whether that came.
bool bench_run_to_link(struct bench *b, bool up, uint64_t us);

/// A register of the PHY as the bus would read it, without the bus.
uint16_t bench_reg(struct bench *b, uint8_t reg);

/// Writes one behind the driver's back.
void bench_poke(struct bench *b, uint8_t reg, uint16_t value);

#endif
