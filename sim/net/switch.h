// SPDX-License-Identifier: MIT
//
// A store-and-forward Ethernet switch that learns addresses: joins more than
// two ports.

#ifndef SIM_NET_SWITCH_H
#define SIM_NET_SWITCH_H

#include "sim/net/nic.h"

#define SIM_SWITCH_PORTS 8

struct sim_switch;

/// Private: one socket of a switch.
struct sim_switch_port {
    struct sim_nic nic;
    struct sim_switch *owner;
};

struct sim_switch {
    struct sim_world *world;
    unsigned count; ///< read only
    struct sim_switch_port port[SIM_SWITCH_PORTS];
    struct {
        uint8_t address[6];
        struct sim_switch_port *port;
    } learned[64];
    unsigned learned_next;
};

/// A switch with `count` sockets, 2 to SIM_SWITCH_PORTS. Join a cable to
/// `&sw->port[i].nic.port`.
void sim_switch_init(struct sim_switch *sw, struct sim_world *world,
    unsigned count);

void sim_switch_done(struct sim_switch *sw);

#endif
