// SPDX-License-Identifier: MIT
//
// A LAN8720A as boards have it behind one MAC or another: model, nINT, nRST,
// what is between its registers and the driver, the driver; and what of the
// test face of a row (host.h) is the same for all of them.

#ifndef BOARDS_HOST_PHY_H
#define BOARDS_HOST_PHY_H

#include "boards/host/host.h"
#include "lan8720/lan8720.h"
#include "sim/bus/mdio_fault.h"
#include "sim/chips/phy.h"

/// Where it answers, as on most modules.
#define HOST_PHY_ADDR 1

/// A base page of IEEE 802.3 with 100BASE-TX half duplex only.
#define HOST_PHY_HALF_ONLY 0x8081

/// Until a PHY that was set up anew and its partner have agreed on a link, in
/// microseconds; and if that has to be noticed before.
#define HOST_PHY_AGREE_US 2100000
#define HOST_PHY_REST_US  (HOST_PHY_AGREE_US + 1200000)

/// First member of a row's part, so that the functions below find it.
struct host_phy {
    struct sim_phy model;
    struct sim_pin interrupt;
    struct sim_pin reset;
    struct sim_event alarm;    // a false one ends
    struct sim_mdio_chip **at; // its place at the MAC's MDIO; NULL: absent
    struct sim_mdio_recorder recorder;
    struct sim_mdio_fault fault;
    struct lan8720 driver;
};

/// Makes model and pins, of a board whose `part` begins with it. `interrupt`
/// and `reset` name the pins: string constants. `at` is HOST_PHY_ADDR's place
/// at the MAC's MDIO, to which the caller joins it unless the board has no
/// chip.
void host_phy_init(struct host_board *board, const char *interrupt,
    const char *reset, struct sim_mdio_chip **at);

/// Makes the driver, which has the PHY by `mdio` at `hz` (0: the MAC makes
/// the clock), with a recorder if one is wanted. `name`: of the row.
void host_phy_drive(struct host_board *board, const char *name,
    struct nif_mdio *mdio, uint32_t hz);

void host_phy_done(struct host_board *board);

/// Who is at the other end of the cable: the `i`-th kind, round and round.
/// `*full` as host_chip.partner has it.
const struct sim_phy_partner *host_phy_partner(unsigned i, bool *full);

/// True if it is in power down.
bool host_phy_sleeps(const struct host_board *board);

/// Rows of host_chip.
void host_phy_reset(struct host_board *board);
void host_phy_bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at);

/// The first stimuli of a row: an edge of nINT is lost; nINT is low for a
/// moment, and nobody says why; the PHY forgets to negotiate; it sends nothing
/// and answers nothing any more, until nRST wakes it.
#define HOST_PHY_STIMULI                                             \
    { .name = "lost-edge", .fn = host_phy_lose_edge, .late = true }, \
        { .name = "false-alarm", .fn = host_phy_alarm },             \
        HOST_PHY_ANEW("forced", host_phy_force, HOST_PHY_REST_US),   \
        HOST_PHY_ANEW("phy-hangs", host_phy_hang, HOST_PHY_REST_US)

/// One by which the device is set up anew, and has no link meanwhile.
#define HOST_PHY_ANEW(name_, fn_, rest_us_)                        \
    {                                                              \
        .name = name_, .fn = fn_, .loses = true, .restarts = true, \
        .rest_us = rest_us_                                        \
    }

void host_phy_lose_edge(struct host_board *board);
void host_phy_alarm(struct host_board *board);
void host_phy_force(struct host_board *board);
void host_phy_hang(struct host_board *board);

#endif
