// SPDX-License-Identifier: MIT
//
// The driver of an image whose chip is at the bridge; there is one file for
// each chip.

#ifndef BOARDS_BRIDGE_CHIP_H
#define BOARDS_BRIDGE_CHIP_H

#include "boards/bridge/bridge.h"
#include "nif/iface.h"

/// The names of host boards that this driver is for, and the board's name.
extern const char bridge_chip[];

/// Its chip asks for an address by itself while none is set.
extern const bool bridge_chip_dhcp;

/// Joins the driver to the bridge, as the board in the simulator does. NULL
/// if what it needs is not there.
struct nif_iface *bridge_chip_make(struct bridge *bridge);

#endif
