// SPDX-License-Identifier: MIT
//
// Congestion control: slow start and avoidance (RFC 5681) by counting bytes
// (RFC 3465, so nothing is divided). What is done about duplicate ACKs is in
// tcp_recovery.c.

#include "tcp.h"

void nif__cc_init(struct nif__tcp *t)
{
    t->cwnd = 3u * t->mss; // RFC 5681 3.1
    t->cwnd_acked = 0;
    t->ssthresh = UINT32_MAX;
    t->dupacks = 0;
    nif__tcp_clear(t, TCP_RECOVERY | TCP_RECOVERED);
}

// What limited transmit sent is beyond cwnd and does not count (RFC 5681 3.2).
uint32_t nif__cc_half_flight(const struct nif__tcp *t)
{
    return nif__max(nif__min(t->snd_max - t->snd_una, t->cwnd) >> 1,
        2u * t->mss);
}

static void grow(struct nif__tcp *t, uint32_t acked)
{
    // More than is used would only be a burst kept for a bad moment (RFC 7661
    // 3): what was on the way bounds it, with a little to grow.
    if (t->cwnd > t->snd_max - t->snd_una + acked + 3u * t->mss) {
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

void nif__cc_ack(struct nif_conn *conn, uint32_t ack, uint32_t acked)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->flags & TCP_RECOVERY) {
        nif__conn_stack(conn)->cfg.parts->recovery->acked(conn, ack, acked);
    } else {
        grow(t, acked);
    }
}

void nif__cc_rest(struct nif__tcp *t)
{
    t->cwnd = nif__min(t->cwnd, 3u * t->mss);
}

void nif__cc_timeout(struct nif__tcp *t)
{
    // Only the first timeout of a segment halves (RFC 5681 3.1).
    if (t->backoff == 0) {
        t->ssthresh = nif__cc_half_flight(t);
    }
    t->cwnd = t->mss;
    t->cwnd_acked = 0;
    t->dupacks = 0;
    t->recover = t->snd_max;
    nif__tcp_clear(t, TCP_RECOVERY);
    nif__tcp_set(t, TCP_RECOVERED);
}
