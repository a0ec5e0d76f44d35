// SPDX-License-Identifier: MIT
//
// RMII between the model of a MAC and a sim_phy, with the cable behind it: who
// has a link, and what becomes of frames when the two do not agree on a speed.

#ifndef SIM_CHIPS_RMII_H
#define SIM_CHIPS_RMII_H

#include "sim/chips/phy.h"
#include "sim/net/nic.h"

/// True if frames can pass: the PHY has a link, and there is a cable.
bool sim_rmii_has_link(const struct sim_nic *nic, const struct sim_phy *phy);

/// True if what MAC (`is_100`) and PHY have for a bit is the same. Sets the
/// cable's rate. With a link only.
bool sim_rmii_same_speed(struct sim_nic *nic, const struct sim_phy *phy,
    bool is_100);

/// Sends what a frame of `len` bytes is at the wrong speed: each tenth di-bit,
/// or each ten times.
bool sim_rmii_send_noise(struct sim_nic *nic, bool is_100, size_t len);

#endif
