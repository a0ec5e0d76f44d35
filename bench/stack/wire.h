// SPDX-License-Identifier: MIT
//
// A wire with two ends in memory, and the time on it. Each end is a frame
// device of the best kind: it gathers what it sends, lends memory to build a
// frame in, and hands over what it received where it lies, with the IPv4
// header at a word's border. What it does itself is not measured.

#ifndef BENCH_STACK_WIRE_H
#define BENCH_STACK_WIRE_H

#include "nif/clock.h"
#include "nif/iface.h"

/// Frames on the way or with a stack, in both directions together.
#define WIRE_SLOTS 10

struct wire_slot {
    struct wire_slot *next;
    uint16_t len;
    uint16_t pad; ///< puts the IPv4 header at a word's border
    uint8_t shift[2];
    uint8_t data[NIF_ETH_FRAME_MAX];
};

struct wire_queue {
    struct wire_slot *head;
    struct wire_slot *tail;
};

struct wire {
    struct wire_slot slots[WIRE_SLOTS];
    struct wire_queue idle;
    uint64_t now_us;
};

struct wire_end {
    struct nif_iface iface;
    struct nif_clock clock;
    struct wire *wire;
    struct wire_end *far;
    struct wire_queue came;  ///< for this end
    struct wire_slot *shown; ///< received, the stack may still look at it
    struct wire_slot *lent;  ///< being built
    uint8_t address;         ///< last byte of its hardware address
    unsigned lends;          ///< how many frames were built in place
};

/// Which functions an end calls its own: those below, or the same with the
/// meter off in them.
struct wire_ops {
    const struct nif_iface_ops *iface;
    const struct nif_eth_ops *gather; ///< sends what it is given
    const struct nif_eth_ops *lend;   ///< lends, too
    const struct nif_clock_ops *clock;
};

extern const struct wire_ops wire_plain;
extern const struct wire_ops wire_outside;

/// Joins `a` and `b`. The time begins with 1 s.
void wire_init(struct wire *wire, struct wire_end *a, struct wire_end *b);

/// Makes `end` a device with these functions; `lends`: to build in place.
void wire_dress(struct wire_end *end, const struct wire_ops *ops, bool lends);

/// Puts a frame on the way to `to`.
void wire_inject(struct wire_end *to, const uint8_t *frame, size_t len);

/// Takes the oldest frame on the way to `end` away; it can be looked at until
/// the next call. NULL: there is none.
const struct wire_slot *wire_take(struct wire_end *end);

// The device and the clock.
int wire_start(struct nif_iface *iface);
int wire_poll(struct nif_iface *iface, uint64_t *again_us);
void wire_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out);
unsigned wire_flags(struct nif_iface *iface);
size_t wire_mtu(struct nif_iface *iface);
void wire_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg);
int wire_send(struct nif_iface *iface, const struct nif_seg *segs, size_t n);
int wire_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame);
int wire_lend(struct nif_iface *iface, size_t len, uint8_t **buf);
int wire_commit(struct nif_iface *iface, size_t len);
uint64_t wire_now_us(struct nif_clock *clock);
void wire_wake(struct nif_clock *clock);

#endif
