// SPDX-License-Identifier: MIT
//
// What duplicate ACKs tell: fast retransmit and NewReno recovery (RFC 6582),
// early retransmit for the few segments that a small ring holds (RFC 5827);
// with selective acknowledgements, recovery is that of RFC 6675. Limited
// transmit (RFC 3042) is the output's.

#include "tcp.h"

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
static void recovery_acked(struct nif_conn *conn, uint32_t ack, uint32_t acked)
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

static void recovery_dupack(struct nif_conn *conn)
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
    t->ssthresh = nif__cc_half_flight(t);
    t->recover = t->snd_max;
    nif__tcp_set(t, TCP_RECOVERY | TCP_RECOVERED);
    t->cwnd = t->ssthresh + (t->flags & TCP_SACK ? 0 : 3u * t->mss);
    nif__conn_stack(conn)->stats.tcp_fast++;
    resend_first(conn, t->snd_una);
    nif__tcp_arm(conn);
}

const struct nif_tcp_recovery nif_tcp_recovery = {
    .dupack = recovery_dupack,
    .acked = recovery_acked,
};
