// SPDX-License-Identifier: MIT
//
// IPv4 packets longer than a frame (RFC 791 2.3): put together when they come
// in fragments (struct nif_reassembly), and sent in fragments (struct
// nif_fragment). Each is a part of nif/tcpip.h that is linked only where its
// init function is called; a stack without them drops fragments, and sends
// nothing longer than a frame.
//
//     static uint8_t buf[2 * NIF_REASSEMBLY_BYTES(4096)];
//     static struct nif_reassembly_slot slots[2];
//
//     nif_reassembly_init(&r, &(struct nif_reassembly_cfg){ .slots = slots,
//         .count = 2, .buf = buf, .each = 4096 });
//     nif_fragment_init(&f);
//     nif_tcpip_init(&tcpip, &(struct nif_tcpip_cfg){ ...
//         .reassembly = &r, .fragment = &f });
//
// Fragments are what floods are made of. The quota is fixed: so many packets,
// of so many bytes, at a time. One source may hold half of them; beyond that
// its own oldest is given up, and when all are taken the oldest of all. What
// overlaps or contradicts itself is given up whole (RFC 1858, RFC 5722);
// an exact repetition is ignored.
//
// The unit is the IPv4 payload: a datagram and 8 bytes of UDP, an echo and 8
// bytes of ICMP.

#ifndef NIF_REASSEMBLY_H
#define NIF_REASSEMBLY_H

#include "nif/tcpip.h"

NIF_C_BEGIN

/// The longest payload that IPv4 can carry.
#define NIF_REASSEMBLY_MAX 65515u

/// Headers in front of a packet that is put together, with two bytes that
/// make the IPv4 header lie at a multiple of four.
#define NIF_REASSEMBLY_HEAD 36u

/// Bytes of buffer for one packet of up to `each` bytes of payload.
#define NIF_REASSEMBLY_BYTES(each) \
    (NIF_REASSEMBLY_HEAD + (((size_t)(each) + 7u) & ~(size_t)7))

/// A packet that is being put together. Private.
struct nif_reassembly_slot {
    uint32_t at; ///< tick when it is given up
    uint32_t src;
    uint32_t dst;
    uint16_t id;
    uint16_t hole; ///< the first one, in units of 8 bytes
    uint16_t end;  ///< its length, 0: not known yet
    uint8_t proto;
    uint8_t state; ///< free, filling, or lent to a reply
    bool group;
    uint32_t groups;
};

struct nif_reassembly_cfg {
    struct nif_reassembly_slot *slots; ///< `count` of them
    size_t count;                      ///< packets at a time, 1 at least
    uint8_t *buf; ///< count * NIF_REASSEMBLY_BYTES(each), at a multiple of 4
    size_t each;  ///< longest payload, up to NIF_REASSEMBLY_MAX
    uint8_t per_source; ///< packets of one source at a time; 0: half of them
    uint8_t timeout_s;  ///< seconds from the first fragment until it is given
                        ///< up. 0: 30, as Linux has it. RFC 1122 3.3.2 says 60
                        ///< to 120, for hosts that have the memory; a link
                        ///< slow enough to need them does not reach a board
};

struct nif__in;
struct nif__out;

/// What the stack calls. Private.
struct nif_reassembly_ops {
    void (*input)(struct nif_tcpip *ip, const struct nif__in *in);
    void (*timer)(struct nif_tcpip *ip);
};

/// The part that puts together. Of one stack.
struct nif_reassembly {
    const struct nif_reassembly_ops *ops;
    struct nif_reassembly_cfg cfg;
};

/// Fills memory only.
void nif_reassembly_init(struct nif_reassembly *r,
    const struct nif_reassembly_cfg *cfg);

/// What the stack calls. Private.
struct nif_fragment_ops {
    int (*send)(struct nif_tcpip *ip, struct nif__out *out, size_t len);
    void (*reply)(struct nif_tcpip *ip, const struct nif__in *in, size_t len);
    void (*output)(struct nif_tcpip *ip);
};

/// The part that sends fragments. Of one stack. With it the largest datagram
/// is 65,507 bytes; a connection that sends such needs a `tx` that holds one.
/// An echo reply goes out of the reassembly's memory, one at a time.
struct nif_fragment {
    const struct nif_fragment_ops *ops;

    // Private from here on: the reply that is on its way.
    const uint8_t *body; ///< NULL: none
    size_t len;
    uint8_t *lent;  ///< of the memory where it lies
    uint32_t until; ///< tick when it is given up
    uint32_t dst;
    uint16_t at; ///< how much of it is gone
    uint16_t id;
    uint8_t proto;
    struct nif_hwaddr hwaddr;
};

/// Fills memory only.
void nif_fragment_init(struct nif_fragment *f);

NIF_C_END

#endif
