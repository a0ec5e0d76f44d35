// SPDX-License-Identifier: MIT
//
// Model of a 10/100 PHY behind MDIO: the registers of IEEE 802.3 clause 22.2.4
// and those that the LAN8720A adds (DS00002165). What a register reads follows
// from straps, writes, the partner and time.
//
// Modelled: reset that takes time, auto-negotiation that takes time, parallel
// detection, forced modes, power-down, the latches of BMSR, ANER and of the
// interrupt source register, energy detection, the interrupt line.
//
// Not modelled: the data path (RMII), loopback, next pages, auto-MDIX, energy
// detect power-down, symbol errors. The low bits of register 27 vary in
// silicon for no reason that is known: do not compare them.
//
// It complains about: a management clock above 2.5 MHz, writes to registers
// that are read-only or do not exist, any write while it resets, a reset by
// register while it is powered down, nRST that is low for less than 100 us,
// writes that move it to another address or advertise another standard than
// 802.3.

#ifndef SIM_CHIPS_PHY_H
#define SIM_CHIPS_PHY_H

#include "sim/bus/mdio.h"
#include "sim/bus/pin.h"

/// How the board has strapped it, and what takes time. Zero is the default of
/// each field.
struct sim_phy_cfg {
    uint8_t addr;        ///< PHYAD
    uint8_t mode;        ///< MODE[2:0]; 0 stands for 7, the pull-ups
    uint32_t id;         ///< registers 2 and 3; 0: 0007C0F1
    uint64_t reset_ns;   ///< 0: 100 us
    uint64_t energy_ns;  ///< until a signal is noticed; 0: 250 ms
    uint64_t autoneg_ns; ///< until the two agree; 0: 1.6 s
    uint64_t forced_ns;  ///< link without negotiation; 0: 10 ms
};

/// What is at the other end of the cable.
struct sim_phy_partner {
    bool silent_about_it; ///< does not negotiate: one of the next two is true
    bool is_100;          ///< what it then sends
    /// Else its base page as sent (bit 15: it has next pages; 8 to 5: 100FD,
    /// 100HD, 10FD, 10HD); 0: 81E1, all of these.
    uint16_t page;
};

struct sim_phy {
    struct sim_mdio_chip mdio; ///< join this to a bus
    struct sim_phy_cfg cfg;
    // Read only.
    bool link;
    bool is_100; ///< valid while `link`
    bool full;   ///< valid while `link`
    // For a chip that it is a part of; set after sim_phy_init().
    void (*on_change)(void *arg); ///< link or negotiation are others; or NULL
    void *change_arg;
    // Private.
    struct sim_pin *int_pin;
    bool plugged;
    struct sim_phy_partner partner;
    struct sim_event reset_event;
    struct sim_event energy_event;
    struct sim_event link_event;
    bool resetting;
    bool energy;
    bool autoneg_done;
    uint16_t bmcr;
    uint16_t anar;
    uint16_t told;         // of it, since negotiation began
    uint16_t mode_control; // register 17
    uint16_t special;      // register 18
    uint16_t int_mask;
    uint16_t int_source;
    uint64_t nrst_ns;   // since when nRST is low
    bool link_failed;   // BMSR.2 latches low
    bool page_received; // ANER.1 latches high
};

/// Powered up, with no cable. It must not move.
void sim_phy_init(struct sim_phy *phy, struct sim_world *world,
    const struct sim_phy_cfg *cfg);

/// Its interrupt line, active low; NULL: not connected.
void sim_phy_pin(struct sim_phy *phy, struct sim_pin *interrupt);

/// nRST has changed its level: low, it is reset, and reads its straps again.
void sim_phy_nrst(struct sim_phy *phy, bool level);

/// Plugs the cable in (`partner` NULL: all zero) or pulls it.
void sim_phy_plug(struct sim_phy *phy, const struct sim_phy_partner *partner);
void sim_phy_unplug(struct sim_phy *phy);

/// Takes its events out of the world.
void sim_phy_done(struct sim_phy *phy);

#endif
