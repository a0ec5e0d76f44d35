// SPDX-License-Identifier: MIT
//
// What ICMP says about our datagrams.

#include "udp.h"

// What a report says to the application; 0: nothing (RFC 1122 4.1.3.3). We
// never forbid fragmentation, so nobody can find a datagram too big.
static int meaning(const struct nif__icmp_error *error)
{
    if (error->type == ICMP_PARAMETER) {
        return NIF_EPROTO;
    }
    if (error->type == ICMP_TIME_EXCEEDED) {
        return NIF_EUNREACH;
    }
    if (error->code == ICMP_CODE_PROTOCOL || error->code == ICMP_CODE_PORT) {
        return NIF_EREFUSED;
    }
    return error->code == ICMP_CODE_TOO_BIG ? 0 : NIF_EUNREACH;
}

void nif__udp_icmp(struct nif_tcpip *ip, const struct nif__icmp_error *error)
{
    int err = meaning(error);
    uint32_t ports = nif_load_be32(error->body + UDP_SRC);

    for (struct nif_conn *c = ip->conns; c != NULL; c = c->next) {
        struct nif__udp *udp = nif__udp_of(c);

        if (err != 0 && c->proto == NIF_UDP &&
            udp->flow.peer_ip == error->dst && udp->flow.peer_port != 0 &&
            udp->flow.peer_port == (ports & 0xFFFF) &&
            udp->flow.port == ports >> 16) {
            udp->error = err;
        }
    }
}
