// SPDX-License-Identifier: MIT
//
// A wire that several programs share: simulated boards, machines in QEMU. It
// has a path in the file system, and frames pass as QEMU passes them, so that
// a QEMU which nobody here has started can be at it, too.
//
//     PATH             a unix stream socket: each frame has its length before
//                      it, 32 bits, big-endian. Who comes first holds the
//                      wire: what one sends, all others get. When it leaves,
//                      another holds it. QEMU joins by -netdev
//                      stream,server=off,addr.type=unix,addr.path=PATH
//     dgram:OWN:OTHER  two unix datagram sockets, a frame a datagram, for two
//                      programs. QEMU is the other by -netdev dgram,
//                      local.type=unix,local.path=OTHER,
//                      remote.type=unix,remote.path=OWN
//
// Frames have no FCS. As on a real wire, what somebody does not take in time is
// lost, and nobody waits for him.

#ifndef TAP_WIRE_H
#define TAP_WIRE_H

#include "tap/end.h"

#include <stdbool.h>

/// How many others can be at a wire that is held here.
#define TAP_WIRE_PEERS 16

struct tap_wire;

struct tap_wire_cfg {
    const char *where; ///< PATH or dgram:OWN:OTHER; borrowed

    /// A frame has come. Called from tap_wire_ready().
    void (*frame)(void *arg, const uint8_t *frame, size_t len);

    /// Told, in a line without its end, when somebody is turned away, and when
    /// the wire changes hands. May be called before open() has returned.
    void (*say)(void *arg, const char *text);
    void *arg; ///< of both
};

/// Joins the wire, or holds it if nobody does. Returns NULL and says why: the
/// path is something else, or too long, or may not be made.
struct tap_wire *tap_wire_open(const struct tap_wire_cfg *cfg,
    char why[TAP_WHY]);

/// Writes the descriptors it waits for into `fds`, at most `cap`, and lowers
/// `*timeout_ns` if it wants its turn earlier. Returns how many.
size_t tap_wire_fds(struct tap_wire *wire, struct pollfd *fds, size_t cap,
    int64_t *timeout_ns);

/// poll() has filled in `revents` of those.
void tap_wire_ready(struct tap_wire *wire, const struct pollfd *fds, size_t n);

/// Sends a frame without FCS to all others.
void tap_wire_send(struct tap_wire *wire, const uint8_t *frame, size_t len);

/// True if it is held here, and others come to us.
bool tap_wire_is_held(const struct tap_wire *wire);

/// Frames that somebody did not take, or that were none.
uint64_t tap_wire_lost(const struct tap_wire *wire);

/// Leaves it, and takes the path away if it was held here.
void tap_wire_close(struct tap_wire *wire);

/// The same as an end for a loop; `cfg->frame` is not used. Returns NULL and
/// says why.
struct tap_end *tap_wire_end(const struct tap_wire_cfg *cfg, char why[TAP_WHY]);

/// As tap_wire_is_held(), of such an end.
bool tap_wire_end_is_held(const struct tap_end *end);

#endif
