// SPDX-License-Identifier: MIT
//
// TCP segments that go. Nothing is copied: a segment is a header on the C
// stack and one or two stretches of the send ring.

#include "tcp.h"

// -------------------------------------------------------------- segments

static size_t put_mss(struct nif_conn *conn, uint8_t *opt)
{
    opt[0] = TCP_OPT_MSS;
    opt[1] = TCP_OPT_MSS_LEN;
    nif_put_be16(opt + 2, nif__tcp_mss_in(conn));
    return TCP_OPT_MSS_LEN;
}

// Builds the header; returns its length.
static size_t put_header(struct nif_conn *conn, uint8_t *h, uint32_t seq,
    uint8_t flags)
{
    const struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t window = flags & TCP_FLAG_ACK
        ? nif__tcp_window(conn)
        : nif__min((uint32_t)conn->cfg.rx_cap, 0xFFFF);
    size_t len = TCP_LEN;

    if (flags & TCP_FLAG_SYN) {
        len += put_mss(conn, h + len);
    }
    nif_put_be16(h + TCP_SRC, t->flow.port);
    nif_put_be16(h + TCP_DST, t->flow.peer_port);
    nif_put_be32(h + TCP_SEQ, seq);
    nif_put_be32(h + TCP_ACK, flags & TCP_FLAG_ACK ? t->rcv_nxt : 0);
    h[TCP_OFFSET] = (uint8_t)(len << 2);
    h[TCP_FLAGS] = flags;
    nif_put_be16(h + TCP_WINDOW, (uint16_t)window);
    nif_put_be16(h + TCP_SUM, 0);
    nif_put_be16(h + TCP_URGENT, 0);
    return len;
}

// The ACK that went with a segment settles what was owed.
static void acked(struct nif_conn *conn, struct nif__tcp *t)
{
    t->rcv_edge = t->rcv_nxt + nif__tcp_window(conn);
    t->flags &= (uint16_t)~TCP_ACK_NOW;
    t->ack_us = NIF_NEVER;
}

int nif__tcp_emit(struct nif_conn *conn, uint32_t seq, uint8_t flags,
    size_t len)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);
    struct nif__out out = {
        .dst = t->flow.peer_ip,
        .proto = IPV4_PROTO_TCP,
        .ttl = t->flow.ttl,
    };
    int err;

    out.body_len = (uint8_t)put_header(conn, nif__out_body(&out), seq, flags);
    if (len > 0) {
        nif__ring_segs(&t->tx, conn->cfg.tx, conn->cfg.tx_cap, seq - t->snd_una,
            len, out.data);
    }
    err = nif__ipv4_send(ip, &out);
    if (err == 0) {
        ip->stats.tcp_tx++;
        if (flags & TCP_FLAG_ACK) {
            acked(conn, t);
        }
    }
    return err;
}

void nif__tcp_send_reset(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->state < TCP_SYN_RCVD || t->state == TCP_TIME_WAIT) {
        return;
    }
    // Lost if there is no room: the peer's next segment brings another.
    if (nif__tcp_emit(conn, t->snd_max, TCP_FLAG_RST | TCP_FLAG_ACK, 0) == 0) {
        nif__conn_stack(conn)->stats.tcp_rst_tx++;
    }
}

void nif__tcp_refuse(struct nif_tcpip *ip, const struct nif__in *in,
    const struct nif__seg *seg)
{
    uint8_t *h = in->body;
    uint32_t sum = nif__sum_pseudo(in->src, in->dst, IPV4_PROTO_TCP, TCP_LEN);
    uint16_t port = nif_get_be16(h + TCP_SRC);
    uint32_t end = seg->seq + seg->len + ((seg->flags & TCP_FLAG_SYN) != 0) +
        ((seg->flags & TCP_FLAG_FIN) != 0);
    bool had_ack = (seg->flags & TCP_FLAG_ACK) != 0;

    if (seg->flags & TCP_FLAG_RST) {
        return;
    }
    nif_put_be16(h + TCP_SRC, nif_get_be16(h + TCP_DST));
    nif_put_be16(h + TCP_DST, port);
    nif_put_be32(h + TCP_SEQ, had_ack ? seg->ack : 0);
    nif_put_be32(h + TCP_ACK, had_ack ? 0 : end);
    h[TCP_OFFSET] = TCP_LEN << 2;
    h[TCP_FLAGS] = had_ack ? TCP_FLAG_RST : TCP_FLAG_RST | TCP_FLAG_ACK;
    nif_put_be32(h + TCP_WINDOW, 0); // and the checksum
    nif_put_be16(h + TCP_URGENT, 0);
    nif_put_be16(h + TCP_SUM, nif__sum_end(nif__sum(sum, h, TCP_LEN)));
    ip->stats.tcp_rst_tx++;
    ip->stats.tcp_tx++;
    nif__ipv4_reply(ip, in, TCP_LEN);
}

// ---------------------------------------------------------------- output

uint32_t nif__tcp_pending(const struct nif__tcp *t)
{
    if (t->state == TCP_SYN_SENT || t->state == TCP_SYN_RCVD) {
        return 1;
    }
    if (t->state < TCP_ESTABLISHED || t->state == TCP_FIN_WAIT_2 ||
        t->state == TCP_TIME_WAIT) {
        return 0;
    }
    return t->tx.used + ((t->flags & TCP_FIN_QUEUED) != 0);
}

static void advance(struct nif_conn *conn, struct nif__tcp *t, uint32_t units)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);

    if (t->snd_nxt == t->snd_max && !(t->flags & TCP_TIMING)) {
        t->flags |= TCP_TIMING;
        t->rtt_seq = t->snd_nxt;
        t->rtt_us = (uint32_t)ip->now_us;
    }
    t->snd_nxt += units;
    if (nif__before(t->snd_max, t->snd_nxt)) {
        t->snd_max = t->snd_nxt;
    }
    t->flags &= (uint16_t)~TCP_FORCE;
    if (t->rexmit_us == NIF_NEVER) {
        nif__tcp_arm(conn);
    }
    nif__tcp_watch(conn, false);
}

// A segment of `len` bytes is worth sending (RFC 9293 3.8.6.2.1, and Nagle,
// 3.7.4). A full ring is sent as it is: the application cannot add to it.
static bool worth_sending(const struct nif_conn *conn, const struct nif__tcp *t,
    uint32_t len, bool all)
{
    if (len == t->mss || nif__before(t->snd_nxt, t->snd_max) ||
        (t->flags & TCP_FORCE)) {
        return true;
    }
    if (all &&
        (t->snd_nxt == t->snd_una || t->tx.used == conn->cfg.tx_cap ||
            (t->flags & (TCP_NODELAY | TCP_FIN_QUEUED)))) {
        return true;
    }
    return len > 0 && len >= t->snd_wnd_max >> 1;
}

// Nothing is on the way, something waits, and it may not go: only a probe
// finds out when the window opens again.
static void persist(struct nif_conn *conn, struct nif__tcp *t)
{
    if (t->snd_una != t->snd_max || t->rexmit_us != NIF_NEVER ||
        (t->flags & TCP_PERSIST)) {
        return;
    }
    t->flags |= TCP_PERSIST;
    t->flags &= (uint16_t)~TCP_BUSY;
    t->dupacks = 0;
    nif__tcp_arm(conn);
    nif__tcp_watch(conn, false);
}

// Sends the next segment of data, FIN or both. False if nothing went.
static bool send_next(struct nif_conn *conn, struct nif__tcp *t)
{
    uint32_t offset = t->snd_nxt - t->snd_una;
    uint32_t window = nif__min(t->cwnd, t->snd_wnd);
    uint32_t usable = window > offset ? window - offset : 0;
    uint8_t flags = TCP_FLAG_ACK;
    uint32_t rest;
    uint32_t len;
    bool fin;

    if (offset >= nif__tcp_pending(t)) {
        return false;
    }
    rest = t->tx.used - offset;
    if ((t->flags & TCP_FORCE) && usable == 0) {
        usable = 1;
    }
    len = nif__min(nif__min(rest, usable), t->mss);
    fin = (t->flags & TCP_FIN_QUEUED) && len == rest &&
        (usable > len || (t->flags & TCP_FORCE));
    if ((len == 0 && !fin) || !worth_sending(conn, t, len, len == rest)) {
        persist(conn, t);
        return false;
    }
    if (len == rest) {
        flags |= TCP_FLAG_PSH;
    }
    if (fin) {
        flags |= TCP_FLAG_FIN;
    }
    if (!nif__ether_room(nif__conn_stack(conn)) ||
        nif__tcp_emit(conn, t->snd_nxt, flags, len) == NIF_EAGAIN) {
        return false;
    }
    advance(conn, t, len + fin);
    return true;
}

static void send_syn(struct nif_conn *conn, struct nif__tcp *t)
{
    uint8_t flags =
        t->state == TCP_SYN_RCVD ? TCP_FLAG_SYN | TCP_FLAG_ACK : TCP_FLAG_SYN;
    int err;

    if (t->snd_nxt != t->snd_una) {
        return;
    }
    err = nif__tcp_emit(conn, t->snd_una, flags, 0);
    if (err == NIF_EUNREACH && t->state == TCP_SYN_SENT) {
        nif__tcp_end(conn, err);
    } else if (err != NIF_EAGAIN) {
        advance(conn, t, 1);
    }
}

void nif__tcp_resend(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t len = nif__min(t->tx.used, t->mss);
    uint8_t flags = TCP_FLAG_ACK;

    if ((t->flags & TCP_FIN_QUEUED) && len == t->tx.used) {
        flags |= TCP_FLAG_FIN;
    }
    t->flags &= (uint16_t)~TCP_TIMING;
    if (nif__tcp_emit(conn, t->snd_una, flags, len) == NIF_EAGAIN) {
        // No room for it now: let the output begin there again.
        t->snd_nxt = t->snd_una;
    }
}

void nif__tcp_output(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t seq;

    if (t->state < TCP_SYN_SENT) {
        return;
    }
    if (t->state <= TCP_SYN_RCVD) {
        send_syn(conn, t);
        if (t->state != TCP_SYN_RCVD) {
            return;
        }
    } else if (!(t->flags & TCP_PERSIST) || (t->flags & TCP_FORCE)) {
        // Bounded by what one poll() may send.
        while (send_next(conn, t)) {
        }
    }
    // A pure ACK stands at the end of what was sent, but not beyond the
    // peer's window, where it would be thrown away: a probe is.
    seq = t->flags & TCP_PERSIST ? t->snd_una : t->snd_max;
    if ((t->flags & TCP_ACK_NOW) &&
        nif__tcp_emit(conn, seq, TCP_FLAG_ACK, 0) != NIF_EAGAIN) {
        t->flags &= (uint16_t)~TCP_ACK_NOW;
    }
}
