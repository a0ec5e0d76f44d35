// SPDX-License-Identifier: MIT
//
// TCP's clocks: round trips and retransmission (RFC 6298), window probes,
// delayed ACKs, and the long times: giving up, keepalive, FIN-WAIT-2 or
// TIME-WAIT, of which a connection has one at a time.

#include "tcp.h"

#define RTO_MIN    NIF__TCP_MS(NIF_TCP_RTO_MIN_MS)
#define RTO_MAX    NIF__TCP_MS(NIF_TCP_RTO_MAX_MS)
#define RTO_FIRST  NIF__TCP_S(1) // RFC 6298 2.1
#define RTT_MAX    8191u         // what fits srtt8
#define PROBES_MAX 10            // without any answer
#define R1         3u            // retransmissions until the way is doubted

#define BACKOFF_MAX 10 // from a quarter of a second to beyond a minute

void nif__tcp_measure(struct nif__tcp *t, uint32_t rtt)
{
    int32_t delta;

    rtt = nif__max(nif__min(rtt, RTT_MAX), 1); // 0 would mean "no value"
    // Nothing was measured yet.
    if (t->srtt8 < 8) {
        t->srtt8 = (uint16_t)(rtt << 3);
        t->rttvar4 = (uint16_t)(rtt << 1);
        return;
    }
    delta = (int32_t)rtt - (t->srtt8 >> 3);
    t->srtt8 = (uint16_t)(t->srtt8 + delta);
    t->rttvar4 = (uint16_t)(t->rttvar4 + (delta < 0 ? -delta : delta) -
        (t->rttvar4 >> 2));
}

uint32_t nif__tcp_rto(const struct nif__tcp *t)
{
    uint32_t time = RTO_FIRST;

    if (t->srtt8 != 0) {
        time = nif__max((uint32_t)(t->srtt8 >> 3) + t->rttvar4, RTO_MIN);
    }
    return nif__min(time << t->backoff, RTO_MAX);
}

void nif__tcp_arm(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);

    nif__tcp_arm_again(ip, t);
    nif__due(ip, t->rexmit_from + nif__tcp_rto(t));
}

// How long what waits to be acknowledged may do so, seconds.
static uint32_t patience_with(const struct nif__tcp *t)
{
    if (t->state == TCP_SYN_RCVD) {
        return NIF_TCP_SYN_RCVD_S;
    }
    if (t->user_timeout_s != 0) {
        return t->user_timeout_s;
    }
    if (t->state == TCP_SYN_SENT) {
        return NIF_TCP_R2_SYN_S;
    }
    return t->snd_wnd == 0 || (t->flags & TCP_PERSIST) ? NIF_TCP_STALL_S
                                                       : NIF_TCP_R2_S;
}

// How long it may stay as it is, ticks; 0: for ever, as it may as a rule.
static uint32_t patience(const struct nif__tcp *t)
{
    uint32_t s = 0;

    if (t->state == TCP_ESTABLISHED && (t->queued | t->keepalive_s) == 0) {
        return 0;
    }
    if (t->state < TCP_SYN_SENT) {
        return 0;
    }
    if (nif__tcp_pending(t) > 0) {
        s = patience_with(t);
    } else if (t->state == TCP_FIN_WAIT_2 && (t->flags & TCP_APP_CLOSED)) {
        s = NIF_TCP_FIN_WAIT_S;
    } else if (t->keepalive_s != 0) {
        s = t->keepalive_s + (uint32_t)t->backoff * NIF_TCP_KEEP_INTERVAL_S;
    }
    if (t->state == TCP_TIME_WAIT) {
        s = NIF_TCP_TIME_WAIT_S;
    }
    return NIF__TCP_S(s);
}

static void due_long(struct nif_conn *conn, const struct nif__tcp *t)
{
    uint32_t limit = patience(t);

    if (limit != 0) {
        nif__due(nif__conn_stack(conn), t->since + limit);
    }
}

void nif__tcp_moved(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    t->since = nif__tcp_now(nif__conn_stack(conn));
    if (nif__tcp_pending(t) == 0) {
        t->backoff = 0;
    }
    due_long(conn, t);
}

void nif__tcp_give_up(struct nif_conn *conn)
{
    nif__tcp_kill(conn, conn->err != 0 ? conn->err : NIF_ETIMEDOUT);
}

// What was sent last is lost, or the next window probe is due.
static void retransmit(struct nif_conn *conn, struct nif__tcp *t)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);

    if (t->flags & TCP_PERSIST) {
        if (t->dupacks >= PROBES_MAX) {
            nif__tcp_give_up(conn);
            return;
        }
        t->dupacks++;
        ip->stats.tcp_probe++;
        nif__tcp_set(t, TCP_FORCE);
    } else {
        ip->stats.tcp_timeout++;
        nif__cc_timeout(t);
        nif__tcp_clear(t, TCP_TIMING); // Karn: RFC 6298 3
        if (t->snd_wnd == 0) {
            nif__tcp_set(t, TCP_FORCE); // it shut over what was on the way
        }
        if (t->flags & TCP_SACK) {
            ip->cfg.sack->forget(conn);
        }
        if (t->backoff == R1 - 1) {
            nif__arp_doubt(ip, t->flow.peer_ip); // RFC 9293 3.8.3 (b)
        }
    }
    if (t->backoff < BACKOFF_MAX) {
        t->backoff++;
    }
    t->snd_nxt = t->snd_una;
    nif__tcp_arm(conn);
    nif__tcp_output(conn);
}

static void long_timer(struct nif_conn *conn, struct nif__tcp *t)
{
    if (nif__tcp_pending(t) > 0) {
        nif__tcp_give_up(conn);
    } else if (t->state == TCP_TIME_WAIT ||
        (t->state == TCP_FIN_WAIT_2 && (t->flags & TCP_APP_CLOSED))) {
        nif__tcp_end(conn, 0);
    } else {
        nif__conn_stack(conn)->cfg.parts->keep->probe(conn);
    }
}

void nif__tcp_timer(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t now = nif__tcp_now(ip);
    int32_t ack_in = (int16_t)(t->ack_at - now);
    uint32_t limit;

    if (t->state < TCP_SYN_SENT) {
        return; // it has none
    }
    if (t->ack_at != 0 && ack_in <= 0) {
        t->ack_at = 0;
        nif__tcp_set(t, TCP_ACK_NOW);
        nif__tcp_output(conn);
    }
    if (t->rexmit_from != 0) {
        uint32_t at = t->rexmit_from + nif__tcp_rto(t);

        if (nif__before(now, at)) {
            nif__due(ip, at);
        } else {
            t->rexmit_from = 0;
            retransmit(conn, t); // which sets it anew
        }
    }
    limit = patience(t);
    if (limit != 0 && now - t->since >= limit) {
        long_timer(conn, t);
        limit = patience(t);
    }
    if (limit != 0) {
        nif__due(ip, t->since + limit);
    }
    if (t->ack_at != 0) {
        nif__due(ip, now + (uint32_t)ack_in);
    }
}
