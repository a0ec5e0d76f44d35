// SPDX-License-Identifier: MIT
//
// A plain MAC inside a simulated microcontroller: it implements struct nif_mac
// itself, without registers, so that PHYs and what joins them to MACs can be
// tested alone. Its other side is RMII to a sim_phy, and a socket behind that.
//
//     driver - nif_macphy - sim_mac - MDIO - sim_phy (registers)
//                             |                  |
//                             +---- frames ------+- port - cable
//
// Plugging the cable plugs the PHY; the rate on the cable is what the PHY has
// agreed on. The MAC believes what it is told: where speed or duplex are not
// those of the PHY's link, that is not forgiven. At the wrong speed each frame
// is noise, in both directions. In half duplex on a full-duplex link what
// comes collides with what goes, late, and then the frame is lost. In full
// duplex on a half-duplex one, the partner has the collisions.
//
// Each call costs the processor a step, and is a strike point; frames cost it
// by their length.

#ifndef SIM_CHIPS_MAC_H
#define SIM_CHIPS_MAC_H

#include "nif/mac.h"
#include "sim/bus/mdio.h"
#include "sim/chips/phy.h"
#include "sim/net/nic.h"

/// Frames that wait to be received, and groups that are told apart.
#define SIM_MAC_RING   16
#define SIM_MAC_GROUPS 16

/// Zero is the default of each field but the address.
struct sim_mac_cfg {
    struct nif_hwaddr hwaddr;
    uint32_t mdc_hz;  ///< 0: 2.5 MHz
    const char *name; ///< in traces; NULL: "mac"
};

struct sim_mac_slot {
    size_t len;
    uint8_t data[NIF_ETH_FRAME_MAX];
};

struct sim_mac {
    struct nif_mac mac;   ///< give this to nif_macphy_init()
    struct sim_mdio mdio; ///< what mac.mdio is
    struct sim_nic nic;   ///< join its port to a cable
    // Read only.
    uint64_t calls;    ///< of its functions
    unsigned starts;   ///< of start()
    unsigned told;     ///< of link()
    uint64_t rx;       ///< frames received
    uint64_t rx_noise; ///< came at the wrong speed
    uint64_t rx_full;  ///< found no room
    uint64_t tx;       ///< frames taken
    uint64_t tx_noise; ///< left at the wrong speed
    uint64_t tx_void;  ///< left while the PHY had no link
    bool running;      ///< link() said up
    bool is_100;       ///< as it was told
    // Private.
    struct sim_cpu *cpu;
    struct sim_phy *phy;
    struct sim_phy_partner partner;
    struct sim_mac_cfg cfg;
    uint64_t fail_at;
    uint64_t fail_count;
    int fail_err;
    bool started;
    bool full; // a frame found no room in the queue
    bool lent; // the head was given out by recv()
    size_t head;
    size_t count;
    bool promiscuous;
    bool all_groups;
    size_t group_count;
    struct nif_hwaddr groups[SIM_MAC_GROUPS];
    struct sim_mac_slot ring[SIM_MAC_RING];
};

/// A MAC of `cpu` without a PHY. It must not move.
void sim_mac_init(struct sim_mac *mac, struct sim_cpu *cpu,
    const struct sim_mac_cfg *cfg);

/// Joins a PHY, at its address, to MDIO and to the socket. Once, and before
/// the cable is joined.
void sim_mac_join(struct sim_mac *mac, struct sim_phy *phy);

/// Who is at the other end of the cable from now on: one who is there is
/// unplugged for it. NULL: one who can all and negotiates, as at first.
void sim_mac_partner(struct sim_mac *mac,
    const struct sim_phy_partner *partner);

/// Its functions return `err` in `count` calls, the `at`-th from now on being
/// the first, counted from 0, and do nothing.
void sim_mac_fail(struct sim_mac *mac, int err, uint64_t at, uint64_t count);

/// Gives memory back.
void sim_mac_done(struct sim_mac *mac);

#endif
