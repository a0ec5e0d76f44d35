// SPDX-License-Identifier: MIT
//
// Congestion control: slow start and avoidance (RFC 5681) by counting bytes
// (RFC 3465, so nothing is divided), fast retransmit and NewReno recovery
// (RFC 6582), early retransmit for the few segments that a small ring holds
// (RFC 5827).

#include "tcp.h"

void nif__cc_init(struct nif__tcp *t)
{
    t->cwnd = 3u * t->mss; // RFC 5681 3.1
    t->cwnd_acked = 0;
    t->ssthresh = UINT32_MAX;
    t->dupacks = 0;
    t->flags &= (uint16_t) ~(TCP_RECOVERY | TCP_RECOVERED);
}

static uint32_t half_flight(const struct nif__tcp *t)
{
    return nif__max((t->snd_max - t->snd_una) >> 1, 2u * t->mss);
}

static void grow(struct nif_conn *conn, struct nif__tcp *t, uint32_t acked)
{
    // The ring bounds what can be on the way: more would only be a burst
    // kept for a bad moment.
    if (t->cwnd > (uint32_t)conn->cfg.tx_cap + 3u * t->mss) {
        return;
    }
    if (t->cwnd < t->ssthresh) {
        t->cwnd += nif__min(acked, 2u * t->mss);
        return;
    }
    t->cwnd_acked += acked;
    if (t->cwnd_acked >= t->cwnd) {
        t->cwnd_acked -= t->cwnd;
        t->cwnd += t->mss;
    }
}

// RFC 6582 3.2, step 3: all or a part of what was on the way has arrived.
static void recover(struct nif_conn *conn, struct nif__tcp *t, uint32_t ack,
    uint32_t acked)
{
    if (!nif__before(ack, t->recover)) {
        t->cwnd =
            nif__min(t->ssthresh, nif__max(t->snd_max - ack, t->mss) + t->mss);
        t->flags &= (uint16_t)~TCP_RECOVERY;
        return;
    }
    t->cwnd = t->cwnd > acked + t->mss ? t->cwnd - acked : t->mss;
    if (acked >= t->mss) {
        t->cwnd += t->mss;
    }
    nif__tcp_resend(conn);
}

void nif__cc_ack(struct nif_conn *conn, uint32_t ack, uint32_t acked)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    t->dupacks = 0;
    if (t->flags & TCP_RECOVERY) {
        recover(conn, t, ack, acked);
    } else {
        grow(conn, t, acked);
    }
}

// Three, or fewer if fewer than four segments are on the way and no more can
// follow (RFC 5827 3.2).
static unsigned dupack_threshold(const struct nif__tcp *t)
{
    uint32_t flight = t->snd_max - t->snd_una;

    if (flight > 3u * t->mss || t->tx.used > flight) {
        return 3;
    }
    return flight > 2u * t->mss ? 2 : 1;
}

void nif__cc_dupack(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->flags & TCP_RECOVERY) {
        t->cwnd += t->mss;
        return;
    }
    if (t->dupacks < UINT8_MAX) {
        t->dupacks++;
    }
    if (t->dupacks < dupack_threshold(t) ||
        ((t->flags & TCP_RECOVERED) && !nif__before(t->recover, t->snd_una))) {
        return;
    }
    t->ssthresh = half_flight(t);
    t->recover = t->snd_max;
    t->flags |= TCP_RECOVERY | TCP_RECOVERED;
    t->cwnd = t->ssthresh + 3u * t->mss;
    nif__conn_stack(conn)->stats.tcp_fast++;
    nif__tcp_resend(conn);
    nif__tcp_arm(conn);
}

void nif__cc_timeout(struct nif__tcp *t)
{
    // Only the first timeout of a segment halves (RFC 5681 3.1).
    if (t->backoff == 0) {
        t->ssthresh = half_flight(t);
    }
    t->cwnd = t->mss;
    t->cwnd_acked = 0;
    t->dupacks = 0;
    t->recover = t->snd_max;
    t->flags &= (uint16_t)~TCP_RECOVERY;
    t->flags |= TCP_RECOVERED;
}
