// SPDX-License-Identifier: MIT
//
// A peer for the W5500 model's sockets: the core's stack over the bench's
// network card, 192.0.2.1. It is polled by events, so that it goes on while a
// test lets time pass.

#ifndef TESTS_W5500_MODEL_PEER_H
#define TESTS_W5500_MODEL_PEER_H

#include "nif/tcpip.h"
#include "tests/w5500/model_frames.h"

#define PEER_RING 64

struct peer {
    struct bench *b;
    struct nif_tcpip stack;
    struct nif_iface iface;
    struct nif_clock clock;
    struct sim_event event;
    uint8_t rx[NIF_ETH_FRAME_MAX];
    uint8_t ring[PEER_RING][NIF_ETH_FRAME_MAX];
    size_t ring_len[PEER_RING];
    unsigned head;
    unsigned count;
    struct nif_conn conn;
    struct nif_conn backlog;
    uint8_t conn_rx[8192];
    uint8_t conn_tx[8192];
};

/// Takes the bench's card, until peer_end().
void peer_begin(struct peer *peer, struct bench *b);
void peer_end(struct peer *peer);

/// Lets it do what is due: after each call of its stack.
void peer_poll(struct peer *peer);

/// Opens `conn` and waits on this port with it.
void peer_listen(struct peer *peer, uint16_t port);

/// Opens `conn` and calls the chip.
void peer_connect(struct peer *peer, uint16_t port);

/// The connection: `conn`, or what was accepted.
struct nif_conn *peer_conn(struct peer *peer);

#endif
