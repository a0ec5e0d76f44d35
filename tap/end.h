// SPDX-License-Identifier: MIT
//
// One end of the wire in the real world: a TAP device, libslirp, a capture
// interface. It takes frames that leave the world and brings in others; the
// loop (tap/loop.h) calls it, at moments that it can repeat later.

#ifndef TAP_END_H
#define TAP_END_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct tap_end;
struct tap_loop;

/// Room for a message that says why an end cannot be had, and what helps.
#define TAP_WHY 400

struct tap_end_ops {
    /// Writes the descriptors it waits for into `fds` (at most `cap`), and
    /// lowers end->timeout_ns if it wants to be called earlier even so.
    /// Returns how many.
    size_t (*fds)(struct tap_end *end, struct pollfd *fds, size_t cap);

    /// poll() has filled in `revents`. Frames that have come go to
    /// tap_loop_in().
    void (*ready)(struct tap_end *end, const struct pollfd *fds, size_t n);

    /// Sends a frame without FCS. May call tap_loop_in() with an answer.
    void (*send)(struct tap_end *end, const uint8_t *frame, size_t len);

    /// Gives everything back, memory included.
    void (*close)(struct tap_end *end);
};

/// First member of an end's own struct.
struct tap_end {
    const struct tap_end_ops *ops;
    const char *name;      ///< for messages
    struct tap_loop *loop; ///< set when it is joined to one
    int64_t timeout_ns;    ///< how long the loop will wait; see fds()
    uint64_t lost;         ///< frames that the outside did not take
};

#endif
