// SPDX-License-Identifier: MIT
//
// RMII between the model of a MAC and a sim_phy.

#include "sim/chips/rmii.h"

#define FAST 100000000u
#define SLOW 10000000u

bool sim_rmii_has_link(const struct sim_nic *nic, const struct sim_phy *phy)
{
    return phy && phy->link && nic->port.cable;
}

bool sim_rmii_same_speed(struct sim_nic *nic, const struct sim_phy *phy,
    bool is_100)
{
    sim_cable_set_rate(nic->port.cable, phy->is_100 ? FAST : SLOW);
    return is_100 == phy->is_100;
}

bool sim_rmii_send_noise(struct sim_nic *nic, bool is_100, size_t len)
{
    uint8_t noise[SIM_FRAME_MAX];
    size_t new_len = is_100 ? len / 10 + 1 : len * 10;

    if (new_len > sizeof(noise)) {
        new_len = sizeof(noise);
    }
    for (size_t i = 0; i < new_len; i++) {
        noise[i] = sim_noise(nic->world, nic->world->now_ns << 12 | i);
    }
    return sim_nic_send_raw(nic, noise, new_len);
}
