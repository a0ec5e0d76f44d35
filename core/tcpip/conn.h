// SPDX-License-Identifier: MIT
//
// What UDP and TCP share: connections, their ends and their ports.

#ifndef CORE_TCPIP_CONN_H
#define CORE_TCPIP_CONN_H

#include "internal.h"

/// What UDP's and TCP's part of a connection have in common, NIF__FLOW_AT bytes
/// behind their begin.
struct nif__flow {
    uint8_t snd_shift : 4; ///< TCP: of the windows that the peer says
    uint8_t rcv_shift : 4; ///< TCP: of those that we say
    uint8_t ttl;
    uint8_t tos;      ///< NIF_OPT_TOS
    bool bound_ip;    ///< bound to our address, not to all
    uint32_t peer_ip; ///< 0: any
    uint16_t port;    ///< 0: not bound
    uint16_t peer_port;
};

#define NIF__FLOW_AT 4

static inline struct nif__flow *nif__flow_of(struct nif_conn *conn)
{
    return (struct nif__flow *)(void *)(conn->impl.bytes + NIF__FLOW_AT);
}

/// Both ports as they are in a segment that comes, the peer's first: one load
/// where the low half lies first.
static inline uint32_t nif__flow_ports(const struct nif__flow *flow)
{
    return (uint32_t)flow->peer_port << 16 | flow->port;
}

static inline struct nif_tcpip *nif__conn_stack(const struct nif_conn *conn)
{
    return nif__of(conn->stack);
}

/// Makes `out` the IPv4 address `addr`, as it lies in packets, and `port`.
void nif__endpoint_set(struct nif_endpoint *out, uint32_t addr, uint16_t port);

/// Takes `conn` out of the stack; its state is then NIF_CONN_CLOSED.
void nif__conn_unlink(struct nif_conn *conn);

/// Makes `conn` the last of the list.
void nif__conn_append(struct nif_tcpip *ip, struct nif_conn *conn);

/// Returns 0; NIF_EADDRINUSE if another connection of this protocol has
/// `port`; NIF_EINVAL, NIF_EADDR for the address.
NIF_NODISCARD int nif__conn_bind(struct nif_conn *conn,
    const struct nif_endpoint *local);

/// Binds `conn` to any free port if it has none.
NIF_NODISCARD int nif__conn_bind_any(struct nif_conn *conn);

#endif
