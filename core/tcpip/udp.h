// SPDX-License-Identifier: MIT
//
// UDP (RFC 768) inside.

#ifndef CORE_TCPIP_UDP_H
#define CORE_TCPIP_UDP_H

#include "internal.h"
#include "tcp_parts.h"

/// UDP's part of a connection.
struct nif__udp {
    struct nif__flow flow;
    struct nif__ring rx;
    struct nif__ring tx;
    uint32_t groups;       ///< joined, bits as in nif/igmp.h
    struct nif__frag frag; ///< of the oldest in `tx`
    int error;             ///< what the network said, told once
    bool reuse;            ///< NIF_OPT_REUSE
};

static inline struct nif__udp *nif__udp_of(struct nif_conn *conn)
{
    return (struct nif__udp *)(void *)conn->impl.bytes;
}

_Static_assert(sizeof(struct nif__udp) <= NIF_CONN_IMPL, "does not fit");

void nif__udp_input(struct nif_tcpip *ip, const struct nif__in *in);
void nif__udp_output(struct nif_conn *conn);
NIF_NODISCARD int nif__udp_option(struct nif_conn *conn, enum nif_option option,
    int value);
NIF_NODISCARD int nif__udp_connect(struct nif_conn *conn,
    const struct nif_endpoint *peer);
NIF_NODISCARD int nif__udp_send(struct nif_conn *conn, const void *data,
    size_t len, const struct nif_endpoint *to);
NIF_NODISCARD int nif__udp_recv(struct nif_conn *conn, void *buf, size_t cap,
    struct nif_endpoint *from);
void nif__udp_close(struct nif_conn *conn);
unsigned nif__udp_ready(struct nif_conn *conn);

#endif
