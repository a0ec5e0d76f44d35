// SPDX-License-Identifier: MIT
//
// A MAC in memory and the PHY behind its MDIO as one device; and what of the
// test face of a row (host.h) is the same for those with a PHY of their own.

#ifndef BOARDS_HOST_MAC_H
#define BOARDS_HOST_MAC_H

#include "boards/host/host.h"
#include "nif/mac.h"
#include "sim/bus/mdio_fault.h"

/// First member of a row's part, so that the functions below find it.
struct host_mac {
    struct sim_mdio_fault fault; // between MAC and PHY
    struct nif_phy phy;
    struct nif_macphy device;
};

/// Makes the PHY's driver of `phy`, but for its bus and clock, and the board's
/// device of both.
void host_mac_join(struct host_board *board, struct nif_mac *mac,
    struct nif_phy_cfg *phy);

/// A row of host_chip.
void host_mac_bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at);

/// The same, by a fault wrapper at any place.
void host_mdio_fault(struct sim_mdio_fault *wrap, enum host_fault kind,
    uint64_t at);

/// Makes the board's device of a MAC and a PHY.
void host_macphy(struct host_board *board, struct nif_macphy *device,
    struct nif_mac *mac, struct nif_phy *phy);

#endif
