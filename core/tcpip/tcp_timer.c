// SPDX-License-Identifier: MIT
//
// TCP's clocks: round trips and retransmission (RFC 6298), window probes,
// delayed ACKs, and the one long timer: giving up, keepalive, FIN-WAIT-2 or
// TIME-WAIT, of which a connection needs one at a time.

#include "tcp.h"

#define RTO_MIN_US   (NIF_TCP_RTO_MIN_MS * 1000u)
#define RTO_MAX_US   (NIF_TCP_RTO_MAX_MS * 1000u)
#define RTO_FIRST_US (1u * NIF__SECOND_US) // RFC 6298 2.1
#define PROBES_MAX   10                    // without any answer

static uint64_t seconds(uint16_t s)
{
    // 10^6 is 15625 * 2^6: no 64-bit product for 32-bit processors.
    return (uint64_t)(s * 15625u) << 6;
}

void nif__tcp_measure(struct nif__tcp *t, uint32_t rtt_us)
{
    int32_t delta;

    rtt_us = nif__min(rtt_us, RTO_MAX_US) | 1; // 0 would mean "no value"
    if (t->srtt8 == 0) {
        t->srtt8 = rtt_us << 3;
        t->rttvar4 = rtt_us << 1;
        return;
    }
    delta = (int32_t)(rtt_us - (t->srtt8 >> 3));
    t->srtt8 += (uint32_t)delta;
    t->rttvar4 += (uint32_t)(delta < 0 ? -delta : delta) - (t->rttvar4 >> 2);
}

uint32_t nif__tcp_rto_us(const struct nif__tcp *t)
{
    uint32_t rto = RTO_FIRST_US;

    if (t->srtt8 != 0) {
        rto = nif__max((t->srtt8 >> 3) + t->rttvar4, RTO_MIN_US);
    }
    for (unsigned i = 0; i < t->backoff && rto < RTO_MAX_US; i++) {
        rto <<= 1;
    }
    return nif__min(rto, RTO_MAX_US);
}

void nif__tcp_arm(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);

    t->rexmit_us = ip->now_us + nif__tcp_rto_us(t);
    nif__due(ip, t->rexmit_us);
}

// The time to give up when something of ours has no answer.
static uint16_t patience_s(const struct nif__tcp *t)
{
    if (t->state == TCP_SYN_RCVD) {
        return NIF_TCP_SYN_RCVD_S;
    }
    return t->flags & TCP_PERSIST ? NIF_TCP_STALL_S : NIF_TCP_R2_S;
}

void nif__tcp_watch(struct nif_conn *conn, bool progress)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);
    uint16_t wait_s = 0;

    if (t->state == TCP_TIME_WAIT) {
        wait_s = NIF_TCP_TIME_WAIT_S;
    } else if (nif__tcp_pending(t) > 0) {
        if ((t->flags & TCP_BUSY) && !progress) {
            return;
        }
        if (!(t->flags & TCP_BUSY)) {
            t->backoff = 0; // it counted keepalive probes
        }
        t->flags |= TCP_BUSY;
        wait_s = patience_s(t);
    } else {
        t->flags &= (uint16_t)~TCP_BUSY;
        t->backoff = 0;
        wait_s = t->keepalive_s;
        if (t->state == TCP_FIN_WAIT_2 && (t->flags & TCP_APP_CLOSED)) {
            wait_s = NIF_TCP_FIN_WAIT_S;
        }
    }
    t->long_us = wait_s != 0 ? ip->now_us + seconds(wait_s) : NIF_NEVER;
    nif__due(ip, t->long_us);
}

static void back_off(struct nif__tcp *t)
{
    if (t->backoff < 16) {
        t->backoff++;
    }
}

static void probe_window(struct nif_conn *conn, struct nif__tcp *t)
{
    if (t->dupacks >= PROBES_MAX) {
        nif__tcp_kill(conn, NIF_ETIMEDOUT);
        return;
    }
    t->dupacks++;
    t->snd_nxt = t->snd_una;
    t->flags |= TCP_FORCE;
    back_off(t);
    nif__conn_stack(conn)->stats.tcp_probe++;
    nif__tcp_arm(conn);
    nif__tcp_output(conn);
}

static void retransmit(struct nif_conn *conn, struct nif__tcp *t)
{
    if (t->flags & TCP_PERSIST) {
        probe_window(conn, t);
        return;
    }
    nif__conn_stack(conn)->stats.tcp_timeout++;
    nif__cc_timeout(t);
    back_off(t);
    t->flags &= (uint16_t)~TCP_TIMING; // Karn: RFC 6298 3
    t->snd_nxt = t->snd_una;
    if (t->snd_wnd == 0) {
        t->flags |= TCP_FORCE; // the window shut over what was on the way
    }
    nif__tcp_arm(conn);
    nif__tcp_output(conn);
}

static void keepalive(struct nif_conn *conn, struct nif__tcp *t)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);

    if (t->backoff >= NIF_TCP_KEEP_PROBES) {
        nif__tcp_kill(conn, NIF_ETIMEDOUT);
        return;
    }
    // One before the window: whoever gets it must answer (RFC 9293 3.8.4).
    if (nif__tcp_emit(conn, t->snd_una - 1, TCP_FLAG_ACK, 0) != NIF_EAGAIN) {
        t->backoff++;
        ip->stats.tcp_probe++;
    }
    t->long_us = ip->now_us + seconds(NIF_TCP_KEEP_INTERVAL_S);
}

static void long_timer(struct nif_conn *conn, struct nif__tcp *t)
{
    if (t->state == TCP_TIME_WAIT ||
        (t->state == TCP_FIN_WAIT_2 && (t->flags & TCP_APP_CLOSED))) {
        nif__tcp_end(conn, 0);
    } else if (t->flags & TCP_BUSY) {
        nif__tcp_kill(conn, NIF_ETIMEDOUT);
    } else {
        keepalive(conn, t);
    }
}

void nif__tcp_timer(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->ack_us <= ip->now_us) {
        t->ack_us = NIF_NEVER;
        t->flags |= TCP_ACK_NOW;
        nif__tcp_output(conn);
    }
    if (t->rexmit_us <= ip->now_us) {
        t->rexmit_us = NIF_NEVER;
        retransmit(conn, t);
    }
    if (t->long_us <= ip->now_us) {
        t->long_us = NIF_NEVER;
        long_timer(conn, t);
    }
    nif__due(ip, t->rexmit_us);
    nif__due(ip, t->ack_us);
    nif__due(ip, t->long_us);
}
