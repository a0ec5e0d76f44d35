// SPDX-License-Identifier: MIT
//
// A stack with both parts of nif/reassembly.h, and fragments by hand for it.

#ifndef TESTS_CORE_PIECES_H
#define TESTS_CORE_PIECES_H

#include "tests/core/pair.h"

#include "nif/reassembly.h"

#define SECOND 1000000ull
#define SLOTS  4
#define EACH   NIF_REASSEMBLY_MAX
#define MOST   65507u // the longest datagram

/// A fragment of what is in pieces.whole.
struct frag {
    uint32_t src; ///< 0: PAIR_IP1
    uint16_t id;
    uint8_t proto; ///< 0: UDP
    bool more;
    size_t at;
    size_t len;
};

/// The bench: a connection of port 7 in `pair`, its rings, and room for
/// packets.
struct pieces {
    struct pair pair;
    struct nif_reassembly reassembly;
    struct nif_reassembly_slot slots[SLOTS];
    struct nif_fragment fragment;
    _Alignas(4) uint8_t memory[SLOTS * NIF_REASSEMBLY_BYTES(EACH)];
    struct nif_conn c;
    uint8_t rx[70000];
    uint8_t tx[70000];
    uint8_t got[70000];
    uint8_t whole[68000]; ///< an IPv4 payload
    uint8_t in[NIF_ETH_FRAME_MAX];
    uint8_t out[NIF_ETH_FRAME_MAX];
};

/// With room for `count` packets of `each` bytes.
void pieces_start(struct pieces *s, size_t count, size_t each);

/// The ones' complement sum of `len` bytes and `start`.
uint16_t pieces_sum(uint32_t start, const uint8_t *bytes, size_t len);

/// A datagram of `len` bytes for port 7, sum and all, in s->whole. Returns its
/// length as an IPv4 payload.
size_t pieces_udp(struct pieces *s, size_t len);

/// The same, an echo request.
size_t pieces_echo(struct pieces *s, size_t len);

/// Gives one fragment to the stack.
void pieces_say(struct pieces *s, const struct frag *f);

/// All of s->whole, in fragments of 1480, in an order by `step`.
void pieces_say_all(struct pieces *s, uint8_t proto, uint16_t id, size_t len,
    size_t step);

/// What recv() gives, into s->got.
int pieces_recv(struct pieces *s);

#endif
