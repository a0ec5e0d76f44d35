// SPDX-License-Identifier: MIT
//
// TCP timestamps (RFC 7323): round trips, and protection against old segments
// whose sequence numbers fit again.

#include "tcp.h"

// A clock that has not moved for so long may have gone round (RFC 7323 5.5).
#define STALE NIF__TCP_S(24u * 24 * 3600)

static struct nif_tcp_more *more(const struct nif_conn *conn)
{
    return nif__tcp_view(conn)->more;
}

static uint32_t clock(const struct nif_conn *conn)
{
    return nif__tcp_now(nif__of(conn->stack)) + more(conn)->ts_offset;
}

// Where it begins tells nothing of how long we run (RFC 7323 7.1).
static void stamp_begin(struct nif_conn *conn)
{
    struct nif_tcp_more *m = more(conn);

    m->ts_recent = 0;
    m->ts_at = 0;
    m->ts_acked = 0;
    m->ts_offset = nif__random(nif__conn_stack(conn));
    nif__tcp_set(nif__tcp_of(conn), TCP_STAMP);
}

static size_t stamp_put(struct nif_conn *conn, uint8_t *opt)
{
    struct nif_tcp_more *m = more(conn);

    nif_put_be32(opt,
        TCP_OPT_NOP << 24 | TCP_OPT_NOP << 16 | TCP_OPT_STAMP << 8 |
            TCP_OPT_STAMP_LEN);
    nif_put_be32(opt + 4, clock(conn));
    nif_put_be32(opt + 8, m->ts_recent);
    m->ts_acked = nif__tcp_view(conn)->rcv_nxt;
    return TCP_OPT_STAMP_LEN + 2;
}

static bool stamp_check(struct nif_conn *conn, const struct nif__seg *seg)
{
    const struct nif_tcp_more *m = more(conn);
    struct nif_tcpip *ip = nif__conn_stack(conn);
    bool old;

    if (seg->stamp == NULL) {
        ip->stats.tcp_paws++;
        return false; // RFC 7323 3.2
    }
    old = nif__before(nif_get_be32(seg->stamp), m->ts_recent) &&
        nif__tcp_now(ip) - m->ts_at < STALE;
    if (old) {
        ip->stats.tcp_paws++;
        nif__tcp_set(nif__tcp_of(conn), TCP_ACK_NOW);
    }
    return !old;
}

static void stamp_heard(struct nif_conn *conn, const struct nif__seg *seg,
    bool acks)
{
    struct nif_tcp_more *m = more(conn);
    uint32_t now = nif__tcp_now(nif__conn_stack(conn));
    uint32_t val = nif_get_be32(seg->stamp);

    // RFC 7323 4.3: of the segment that the last ACK waited for.
    if ((seg->flags & TCP_FLAG_SYN) ||
        (!nif__before(val, m->ts_recent) &&
            !nif__before(m->ts_acked, seg->seq))) {
        m->ts_recent = val;
        m->ts_at = now;
    }
    if (acks) {
        uint32_t rtt = clock(conn) - nif_get_be32(seg->stamp + 4);

        // What comes back is the peer's word: nobody waits a minute.
        if (rtt < NIF__TCP_S(60)) {
            nif__tcp_measure(nif__tcp_of(conn), rtt);
        }
    }
}

const struct nif_tcp_stamps nif_tcp_stamps = {
    .begin = stamp_begin,
    .put = stamp_put,
    .check = stamp_check,
    .heard = stamp_heard,
};
