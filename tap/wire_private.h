// SPDX-License-Identifier: MIT
//
// What the files of the shared wire know of each other.

#ifndef TAP_WIRE_PRIVATE_H
#define TAP_WIRE_PRIVATE_H

#include "tap/wire.h"

#include <sys/un.h>

/// Longest frame that is passed on: with a VLAN's tag.
#define WIRE_FRAME_MAX 1518

/// Longest that QEMU sends: more is a stream that is out of step.
#define WIRE_QEMU_MAX 69632u

/// One who is at the wire: all others, if it is held here; else who holds it.
struct wire_peer {
    int fd; // -1: none
    uint8_t head[4];
    size_t head_len;
    size_t frame_len; // once the head is there
    size_t got;       // of the frame; what is too long is not kept
    uint8_t frame[WIRE_FRAME_MAX];
    size_t out_at; // what is left of a frame that was begun
    size_t out_len;
    uint8_t out[4 + WIRE_FRAME_MAX];
};

struct tap_wire {
    struct tap_wire_cfg cfg;
    bool is_dgram;
    struct sockaddr_un own;   // PATH, or OWN
    struct sockaddr_un other; // of datagrams
    int dgram_fd;
    int listen_fd; // -1: not held here
    struct wire_peer peer[TAP_WIRE_PEERS];
    int polled[TAP_WIRE_PEERS + 1]; // the peer of each descriptor; -1: none
    uint64_t lost;
};

/// Joins the wire at `own`, or holds it. Returns 0; -1 and says why; -2 if it
/// cannot be told now: whoever holds it is busy.
int wire__find(struct tap_wire *wire, char why[TAP_WHY]);

/// Makes the datagram socket `own`. Returns 0, or -1 and says why.
int wire__bind(struct tap_wire *wire, char why[TAP_WHY]);

#endif
