// SPDX-License-Identifier: MIT
//
// Somebody to talk to: our stack over a plain simulated network card, with a
// processor that costs next to nothing. What a transfer to or from it takes
// is the board's doing.

#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "nif/tcpip.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"

struct peer_frame;

struct peer {
    struct nif_iface iface;
    struct sim_nic nic; ///< join this to the board's cable
    struct sim_cpu cpu;
    struct nif_tcpip tcpip;
    uint8_t rx[NIF_ETH_FRAME_MAX];
    struct peer_frame *head;
    struct peer_frame *tail;
};

/// A peer at 192.0.2.1/24.
void peer_init(struct peer *peer, struct sim_world *world);
void peer_done(struct peer *peer);

#endif
