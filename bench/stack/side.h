// SPDX-License-Identifier: MIT
//
// A stack at one end of the wire, with an application that does what the
// figures ask for: ours (nif.c) or, on the host, lwIP (host/lwip.c). The one
// at 192.0.2.1 is measured: its calls switch the meter on and off. The other,
// 192.0.2.2, is only there to talk to.

#ifndef BENCH_STACK_SIDE_H
#define BENCH_STACK_SIDE_H

#include "bench/stack/wire.h"

/// Bytes of a full segment.
#define SIDE_MSS 1460

/// Bytes of a buffer for bulk data: eight segments, as the stacks had that
/// docs/benchmarks.md compares with. And of one for what goes the other way.
#define SIDE_BULK  (8 * SIDE_MSS)
#define SIDE_SMALL (2 * SIDE_MSS)

#define SIDE_TCP_PORT  5000
#define SIDE_ECHO_PORT 7

struct side;

/// What the application does. Nothing waits.
struct side_ops {
    void (*poll)(struct side *side);

    /// Waits for the other side, or asks it for a connection.
    void (*listen)(struct side *side);
    void (*connect)(struct side *side);

    /// True once the application has its connection.
    bool (*open)(struct side *side);

    /// Gives data to the connection, copied or lent until acknowledged.
    /// Returns the count taken, maybe 0, or NIF_ENOTSUP.
    int (*send)(struct side *side, const uint8_t *data, size_t len);
    int (*send_ref)(struct side *side, const uint8_t *data, size_t len);

    /// Takes all that came: copies it out, or looks at it where it lies.
    /// Returns the count, maybe 0, or NIF_ENOTSUP.
    int (*copy)(struct side *side);
    int (*look)(struct side *side);

    /// True if the other side has closed the connection.
    bool (*ended)(struct side *side);
    void (*close)(struct side *side);

    /// Sends the datagram back that came to SIDE_ECHO_PORT, if one did.
    void (*echo)(struct side *side);
};

struct side {
    const struct side_ops *ops;
    struct wire_end *end;
    bool counted; ///< it is this one that is measured
};

/// Makes `*out` a fresh stack at `end`; its device and `counted` are set.
/// `sends`: its bulk buffer is for what it sends, else for what it receives.
typedef void side_init_fn(struct side **out, struct wire_end *end, bool counted,
    bool sends);

side_init_fn side_nif_init;

#endif
