// SPDX-License-Identifier: MIT
//
// A TCP peer by hand: says segments to the stack and expects its answers.

#ifndef TESTS_CORE_PEER_H
#define TESTS_CORE_PEER_H

#include "tests/core/pair.h"

enum {
    FIN = 1,
    SYN = 2,
    RST = 4,
    PSH = 8,
    ACK = 16,
};

#define PEER_PORT 5000
#define OUR_PORT  7

/// The peer's side of one connection.
struct peer {
    struct pair pair;
    struct nif_conn listener;
    struct nif_conn backlog[2];
    struct nif_conn client;
    struct nif_conn *conn; ///< the one that is talked to
    uint16_t port;         ///< the peer's
    uint16_t our_port;
    uint32_t seq; ///< what the peer sends next
    uint32_t ack; ///< what the peer expects next
    uint16_t wnd;
    const uint8_t *options; ///< of all that is said, if not NULL
    size_t options_len;
    struct pair_seg seg; ///< the last one that was heard
    struct nif_tcp_more more[3];
    uint8_t frame[NIF_ETH_FRAME_MAX];
    uint8_t rx[3][4096];
    uint8_t tx[3][4096];
};

/// A stack that listens on OUR_PORT with a backlog of two, and knows the
/// peer's Ethernet address.
void peer_init(struct peer *p);

/// The same, with rings of that size.
void peer_init_rings(struct peer *p, size_t cap);

/// The same over a pair that is there already, of a peer that is all zero
/// else.
void peer_begin(struct peer *p, size_t cap);

/// Gives our stack the optional parts of TCP, and its connections memory for
/// them. Before anything is said.
void peer_extend(struct peer *p, bool sack, bool stamps);

/// Says a segment; `seq` and `ack` relative to the peer's own. Moves the
/// peer's `seq` on if it was said in order (`seq` 0).
void peer_say(struct peer *p, uint8_t flags, int32_t seq, int32_t ack,
    const void *data, size_t len);

/// True if the stack has sent a segment: it is then in `p->seg`.
bool peer_hear(struct peer *p);

/// Expects a segment with exactly these flags (PSH apart), in order, with
/// `len` bytes; moves `ack` on.
void peer_expect(struct peer *p, uint8_t flags, size_t len);

/// Expects silence.
void peer_expect_nothing(struct peer *p);

/// Shakes hands as a client of the stack; accepts.
void peer_connect(struct peer *p);

/// Shakes hands as the stack's server.
void peer_serve(struct peer *p);

/// Lets time pass.
void peer_pass(struct peer *p, uint64_t us);

#endif
