// SPDX-License-Identifier: MIT
//
// DHCP server (RFC 2131) for a board that is the access point, or the one
// fixed end of a cable: gives addresses to those who join. Runs on any stack
// with UDP, whose own address must be set.
//
//     static struct nif_dhcp_lease leases[8];
//     nif_dhcp_server_init(&server, &(struct nif_dhcp_server_cfg){
//         .stack = stack, .leases = leases, .count = 8 });
//     nif_dhcp_server_start(&server);
//     ... in the main loop, next to nif_stack_poll():
//     nif_again_by(&again_us, nif_dhcp_server_poll(&server));
//
// A client is known by its identifier (option 61), else by its hardware
// address. It gets the address again that it had; if the board has forgotten,
// the one that it asks for; else one chosen by its identifier, so that it is
// the same after each start. What was declined is left alone for ten minutes,
// unless there is nothing else.
//
// It takes itself for the only server of its link. It therefore answers a
// client who asks for an address that is free, though it does not remember
// it, where RFC 2131 4.3.2 wants silence from one server of several.
//
// Not here: relays (what comes through one is dropped), a check whether an
// address is in use before it is offered; clients do that (RFC 5227).

#ifndef NIF_DHCP_SERVER_H
#define NIF_DHCP_SERVER_H

#include "nif/dhcp.h"

NIF_C_BEGIN

enum nif_dhcp_lease_state {
    NIF_DHCP_LEASE_FREE, ///< was never given
    NIF_DHCP_LEASE_OFFERED,
    NIF_DHCP_LEASE_GIVEN,
    NIF_DHCP_LEASE_DECLINED, ///< somebody else uses the address
};

/// One address of the pool: the first plus the index of the entry.
struct nif_dhcp_lease {
    uint64_t until_us;        ///< when that ends; may be read
    struct nif_hwaddr hwaddr; ///< whose it is; may be read
    uint8_t state;            ///< enum nif_dhcp_lease_state; may be read
    uint32_t id[2];           // a hash of the client's identifier; private
};

struct nif_dhcp_server_cfg {
    struct nif_stack *stack;       ///< must outlive the server
    struct nif_dhcp_lease *leases; ///< the pool; must outlive the server
    size_t count;                  ///< of addresses in it

    /// The first address of the pool. "None": the one after the stack's own.
    /// Those that are not in its subnet, its own and the router's are skipped.
    struct nif_ip first;

    uint32_t lease_s;     ///< how long they are given; 0: 3600
    struct nif_ip router; ///< to be told to clients. "None": there is none
    struct nif_ip dns[2]; ///< the same
};

/// The server. Must not move while it is on.
struct nif_dhcp_server {
    uint32_t offer_count; ///< may be read, as the others
    uint32_t ack_count;
    uint32_t nak_count;
    uint32_t full_count; ///< clients sent away, no address left

    // Private from here on.
    bool open;
    uint32_t own; // address and mask of the stack, as of the message at hand
    uint32_t mask;
    uint32_t first;
    struct nif_dhcp_server_cfg cfg;
    struct nif_conn conn;
    uint8_t in[NIF_DHCP_MESSAGE_MAX];
    uint8_t out[NIF_DHCP_MESSAGE_MAX];
    uint8_t rx[2 * (NIF_DHCP_MESSAGE_MAX + 8)];
    uint8_t tx[NIF_DHCP_MESSAGE_MAX + 8];
};

/// Fills memory only; the table of leases is emptied.
void nif_dhcp_server_init(struct nif_dhcp_server *server,
    const struct nif_dhcp_server_cfg *cfg);

/// Begins to serve. Leases from before a stop are still known.
///
/// Returns 0; NIF_EADDRINUSE if port 67 is taken; NIF_ENOBUFS.
NIF_NODISCARD int nif_dhcp_server_start(struct nif_dhcp_server *server);

/// Stops; clients keep their addresses.
void nif_dhcp_server_stop(struct nif_dhcp_server *server);

/// Answers at most four messages. Call it after each nif_stack_poll().
///
/// Returns when to call again, absolute, in microseconds: now if there may be
/// more, else NIF_NEVER, as only a message can bring work.
uint64_t nif_dhcp_server_poll(struct nif_dhcp_server *server);

NIF_C_END

#endif
