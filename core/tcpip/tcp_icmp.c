// SPDX-License-Identifier: MIT
//
// What ICMP says about our segments (RFC 9293 3.9.2.2). Anybody can write such
// a message, so it is believed as far as RFC 5927 advises: it must quote what
// is on the way, it cannot end a connection that stands, and it cannot make
// segments smaller than every network can carry.

#include "tcp.h"

#define MTU_LEAST 576u // RFC 791 3.1, RFC 5927 7.2

// A segment was too big for a link on its way (RFC 1191).
static void shrink(struct nif_conn *conn, uint16_t mtu)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t mss = nif__max(mtu, MTU_LEAST) - IPV4_LEN - TCP_LEN -
        (t->flags & TCP_STAMP ? TCP_OPT_STAMP_LEN + 2u : 0);

    if (mss >= t->mss) {
        return;
    }
    t->mss = (uint16_t)mss;
    // Not lost for want of room: again at once, and no slower.
    t->snd_nxt = t->snd_una;
    nif__tcp_clear(t, TCP_TIMING);
    nif__kick_conn(conn);
}

void nif__tcp_icmp(struct nif_tcpip *ip, const struct nif__icmp_error *error)
{
    const uint8_t *tcp = error->body;
    uint32_t ports = nif_load_be32(tcp + TCP_SRC); // of ours: the other way
    struct nif_conn *conn =
        nif__tcp_find(ip, error->dst, ports << 16 | ports >> 16);
    const struct nif__tcp *t;

    if (conn == NULL || nif__tcp_of(conn)->state < TCP_SYN_SENT) {
        return;
    }
    t = nif__tcp_of(conn);
    // RFC 5927 4.1: only of what is on the way.
    if (nif_load_be32(tcp + TCP_SEQ) - t->snd_una >= t->snd_max - t->snd_una) {
        return;
    }
    if (error->type == ICMP_UNREACHABLE && error->code == ICMP_CODE_TOO_BIG) {
        if (t->state >= TCP_ESTABLISHED) {
            shrink(conn, error->mtu);
        }
    } else if (t->state == TCP_SYN_SENT && error->type == ICMP_UNREACHABLE &&
        (error->code == ICMP_CODE_PROTOCOL || error->code == ICMP_CODE_PORT)) {
        nif__tcp_end(conn, NIF_EREFUSED);
    } else {
        conn->err = NIF_EUNREACH; // a hint, and the reason to give up
    }
}
