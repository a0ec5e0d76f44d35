// SPDX-License-Identifier: MIT
//
// IPv4 link-local addresses (RFC 3927): one of 169.254.1.0 to 169.254.254.255
// that nobody else on the cable has, without a server. It is drawn from the
// Ethernet address, so that a board tends to get the same one each time.
//
//     nif_acd_init(&acd, &(struct nif_acd_cfg){ .tcpip = &tcpip });
//     nif_linklocal_init(&ll, &(struct nif_linklocal_cfg){
//         .stack = &tcpip.stack, .acd = &acd });
//     nif_linklocal_start(&ll);
//     ... in the main loop, after nif_stack_poll():
//     nif_again_by(&again_us, nif_linklocal_poll(&ll));
//
// It only acts while the stack has no address, or its own. If DHCP, or the
// application, gives the stack another, it stands back (RFC 3927 1.9), and
// comes again when that is taken away.

#ifndef NIF_LINKLOCAL_H
#define NIF_LINKLOCAL_H

#include "nif/acd.h"

NIF_C_BEGIN

enum nif_linklocal_state {
    NIF_LINKLOCAL_OFF,
    NIF_LINKLOCAL_WAITING, ///< for another source of addresses to come first
    NIF_LINKLOCAL_PROBING, ///< asks whether somebody has its candidate
    NIF_LINKLOCAL_BOUND,   ///< the stack uses its address
    NIF_LINKLOCAL_YIELDED, ///< the stack has another address
};

struct nif_linklocal_cfg {
    struct nif_stack *stack; ///< must outlive it
    struct nif_acd *acd;     ///< over the same stack; for this use alone
    uint32_t wait_s; ///< seconds without an address before it begins: leaves
                     ///< DHCP the time to succeed. 0: at once
};

/// Must not move while it is on.
struct nif_linklocal {
    uint8_t state;    ///< enum nif_linklocal_state; may be read
    struct nif_ip ip; ///< the candidate, or what is bound; may be read

    // Private from here on.
    struct nif_linklocal_cfg cfg;
    uint32_t random;
    uint64_t at_us; ///< when the waiting ends
};

/// Fills memory only.
void nif_linklocal_init(struct nif_linklocal *ll,
    const struct nif_linklocal_cfg *cfg);

/// Begins.
void nif_linklocal_start(struct nif_linklocal *ll);

/// Stops, and takes its address from the stack if it is there.
void nif_linklocal_stop(struct nif_linklocal *ll);

/// Does what is due. Call it after each nif_stack_poll().
///
/// Returns when to call again, absolute, in microseconds; NIF_NEVER if only
/// something that the stack does can bring more.
uint64_t nif_linklocal_poll(struct nif_linklocal *ll);

NIF_C_END

#endif
