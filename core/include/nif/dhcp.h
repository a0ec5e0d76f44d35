// SPDX-License-Identifier: MIT
//
// DHCP client (RFC 2131): gets an address and keeps it. Runs on any stack
// with UDP and an address setter, ours or a chip's own.
//
//     nif_dhcp_init(&dhcp, &(struct nif_dhcp_cfg){ .stack = stack,
//         .seed = seed });
//     nif_dhcp_start(&dhcp);
//     ... in the main loop, next to nif_stack_poll():
//     again = min(again, nif_dhcp_poll(&dhcp));
//
// When the lease runs out, or the server takes it back, the stack's address
// is removed, which ends its connections, and the search begins anew.

#ifndef NIF_DHCP_H
#define NIF_DHCP_H

#include "nif/stack.h"

NIF_C_BEGIN

enum nif_dhcp_state {
    NIF_DHCP_OFF,
    NIF_DHCP_SELECTING,  ///< has called out, waits for an offer
    NIF_DHCP_REQUESTING, ///< has chosen an offer, waits for the promise
    NIF_DHCP_REBOOTING,  ///< asks whether its lease still holds
    NIF_DHCP_BOUND,
    NIF_DHCP_RENEWING,  ///< asks the server for more time
    NIF_DHCP_REBINDING, ///< asks any server for more time
};

/// The longest DHCP message that every client must take (RFC 2131 2), as
/// UDP payload.
#define NIF_DHCP_MESSAGE_MAX 548

struct nif_dhcp_cfg {
    struct nif_stack *stack; ///< must outlive the client
    uint64_t seed;           ///< differs from board to board
};

/// The client. Must not move while it is on.
struct nif_dhcp {
    uint8_t state;        ///< enum nif_dhcp_state; may be read
    uint32_t lease_count; ///< leases got and renewed; may be read
    uint32_t nak_count;   ///< refusals by servers; may be read

    // Private from here on.
    struct nif_dhcp_cfg cfg;
    struct nif_conn conn;
    bool open;
    bool unsent; ///< a message waits for the stack to take it
    uint8_t tries;
    uint32_t random;
    uint32_t xid;
    uint64_t begun_us; ///< of this search or renewal
    uint64_t at_us;    ///< next message
    uint64_t t1_us;
    uint64_t t2_us;
    uint64_t end_us;
    struct nif_net offer; ///< what was offered, then what is leased
    struct nif_ip server;
    uint8_t msg[NIF_DHCP_MESSAGE_MAX];
    uint8_t rx[NIF_DHCP_MESSAGE_MAX + 8];
};

/// Fills memory only.
void nif_dhcp_init(struct nif_dhcp *dhcp, const struct nif_dhcp_cfg *cfg);

/// Begins to look for an address. To be called again when the link has come
/// back: the board may be on another network. A lease that has not run out is
/// then asked about first, and its address stays while no server objects.
///
/// Returns 0; NIF_EADDRINUSE if port 68 is taken; NIF_ENOBUFS.
NIF_NODISCARD int nif_dhcp_start(struct nif_dhcp *dhcp);

/// Stops; the stack keeps its address, the server is not told.
void nif_dhcp_stop(struct nif_dhcp *dhcp);

/// Does what is due. Call it after each nif_stack_poll().
///
/// Returns when to call again, absolute, in microseconds; NIF_NEVER if off.
uint64_t nif_dhcp_poll(struct nif_dhcp *dhcp);

NIF_C_END

#endif
