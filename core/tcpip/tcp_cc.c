// SPDX-License-Identifier: MIT
//
// Congestion control: slow start and avoidance (RFC 5681) by counting bytes
// (RFC 3465, so nothing is divided), limited transmit (RFC 3042), fast
// retransmit and NewReno recovery (RFC 6582), early retransmit for the few
// segments that a small ring holds (RFC 5827). With selective
// acknowledgements, recovery is that of RFC 6675.

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
static uint32_t half_flight(const struct nif__tcp *t)
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

// `una` is the first that is missing.
static void resend_first(struct nif_conn *conn, uint32_t una)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    bool sack = (t->flags & TCP_SACK) != 0;
    uint32_t end =
        sack && t->more->count > 0 ? t->more->sacked[0].from : t->recover;
    int sent = nif__tcp_resend(conn, una, end);

    if (sack && sent > 0) {
        t->more->resent = una + (uint32_t)sent;
    }
}

// RFC 6582 3.2, step 3: all or a part of what was on the way has arrived.
static void recover(struct nif_conn *conn, uint32_t ack, uint32_t acked)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (!nif__before(ack, t->recover)) {
        t->cwnd =
            nif__min(t->ssthresh, nif__max(t->snd_max - ack, t->mss) + t->mss);
        nif__tcp_clear(t, TCP_RECOVERY);
        return;
    }
    if (t->flags & TCP_SACK) {
        // The output fills what the scoreboard says is lost. This one is,
        // whatever it says.
        if (!nif__before(ack, t->more->resent)) {
            resend_first(conn, ack);
        }
        return;
    }
    t->cwnd = t->cwnd > acked + t->mss ? t->cwnd - acked : t->mss;
    if (acked >= t->mss) {
        t->cwnd += t->mss;
    }
    resend_first(conn, ack);
}

void nif__cc_ack(struct nif_conn *conn, uint32_t ack, uint32_t acked)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    t->dupacks = 0;
    if (t->flags & TCP_RECOVERY) {
        recover(conn, ack, acked);
    } else {
        grow(t, acked);
    }
}

// Three, or fewer if fewer than four segments are on the way and no more can
// follow (RFC 5827 3.2).
static unsigned dupack_threshold(const struct nif__tcp *t)
{
    uint32_t flight = t->snd_max - t->snd_una;

    if (flight > 3u * t->mss || t->queued > flight) {
        return 3;
    }
    return flight > 2u * t->mss ? 2 : 1;
}

static bool first_is_lost(const struct nif_conn *conn, const struct nif__tcp *t)
{
    return t->dupacks >= dupack_threshold(t) ||
        ((t->flags & TCP_SACK) && nif__conn_stack(conn)->cfg.sack->lost(conn));
}

void nif__cc_dupack(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->flags & TCP_RECOVERY) {
        if (!(t->flags & TCP_SACK)) {
            t->cwnd += t->mss;
        }
        return;
    }
    if (t->dupacks < UINT8_MAX) {
        t->dupacks++;
    }
    if (!first_is_lost(conn, t) ||
        ((t->flags & TCP_RECOVERED) && !nif__before(t->recover, t->snd_una))) {
        return;
    }
    t->ssthresh = half_flight(t);
    t->recover = t->snd_max;
    nif__tcp_set(t, TCP_RECOVERY | TCP_RECOVERED);
    t->cwnd = t->ssthresh + (t->flags & TCP_SACK ? 0 : 3u * t->mss);
    nif__conn_stack(conn)->stats.tcp_fast++;
    resend_first(conn, t->snd_una);
    nif__tcp_arm(conn);
}

void nif__cc_rest(struct nif__tcp *t)
{
    t->cwnd = nif__min(t->cwnd, 3u * t->mss);
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
    nif__tcp_clear(t, TCP_RECOVERY);
    nif__tcp_set(t, TCP_RECOVERED);
}
