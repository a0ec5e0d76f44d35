// SPDX-License-Identifier: MIT
//
// TCP segments that come: RFC 9293 3.10.7, hardened after RFC 5961. Urgent
// data is taken as any other (RFC 6093).

#include "tcp.h"

// --------------------------------------------------------------- reading

// The MSS option, or the default. An option that does not hold ends the
// reading; the segment itself may still be good.
static uint16_t read_mss(const uint8_t *opt, size_t len)
{
    size_t at = 0;

    while (at < len && opt[at] != TCP_OPT_END) {
        if (opt[at] == TCP_OPT_NOP) {
            at++;
            continue;
        }
        if (len - at < 2 || opt[at + 1] < 2 || opt[at + 1] > len - at) {
            break;
        }
        if (opt[at] == TCP_OPT_MSS && opt[at + 1] == TCP_OPT_MSS_LEN) {
            uint16_t mss = nif_get_be16(opt + at + 2);

            return mss < TCP_MSS_LEAST ? TCP_MSS_LEAST : mss;
        }
        at += opt[at + 1];
    }
    return TCP_MSS_DEFAULT;
}

static bool read_segment(const struct nif__in *in, struct nif__seg *seg)
{
    const uint8_t *h = in->body;
    size_t header;
    uint32_t sum;

    if (in->len < TCP_LEN) {
        return false;
    }
    header = (size_t)(h[TCP_OFFSET] >> 4) * 4;
    sum = nif__sum_pseudo(in->src, in->dst, IPV4_PROTO_TCP, in->len);
    if (header < TCP_LEN || header > in->len || in->group ||
        nif__sum_end(nif__sum(sum, h, in->len)) != 0) {
        return false;
    }
    *seg = (struct nif__seg){
        .seq = nif_get_be32(h + TCP_SEQ),
        .ack = nif_get_be32(h + TCP_ACK),
        .wnd = nif_get_be16(h + TCP_WINDOW),
        .data = h + header,
        .len = (uint32_t)(in->len - header),
        .flags = h[TCP_FLAGS],
    };
    if (seg->flags & TCP_FLAG_SYN) {
        seg->mss = read_mss(h + TCP_LEN, header - TCP_LEN);
    }
    return true;
}

static struct nif_conn *find(struct nif_tcpip *ip, const struct nif__in *in)
{
    uint16_t port = nif_get_be16(in->body + TCP_DST);
    uint16_t peer_port = nif_get_be16(in->body + TCP_SRC);
    struct nif_conn *listener = NULL;

    for (struct nif_conn *c = ip->conns; c != NULL; c = c->next) {
        const struct nif__tcp *t = nif__tcp_of(c);

        if (c->proto != NIF_TCP || t->flow.port != port) {
            continue;
        }
        if (t->state == TCP_LISTEN) {
            listener = c;
        } else if (t->state >= TCP_SYN_SENT && t->flow.peer_ip == in->src &&
            t->flow.peer_port == peer_port) {
            return c;
        }
    }
    return listener;
}

// ---------------------------------------------------------------- states

// RFC 5961: an ACK that makes an honest peer say it again, and tells an
// attacker nothing.
static void challenge(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);

    nif__rate_renew(ip);
    if (ip->challenges > 0) {
        ip->challenges--;
        ip->stats.tcp_challenge++;
        nif__tcp_of(conn)->flags |= TCP_ACK_NOW;
    }
}

static void reset_by_peer(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    nif__conn_stack(conn)->stats.tcp_rst_rx++;
    if (t->state == TCP_TIME_WAIT || t->state == TCP_LAST_ACK ||
        t->state == TCP_CLOSING) {
        nif__tcp_end(conn, 0);
    } else {
        nif__tcp_end(conn,
            t->state <= TCP_SYN_RCVD ? NIF_EREFUSED : NIF_ERESET);
    }
}

static void established(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->srtt8 == 0 && t->backoff > 0) {
        // The handshake needed a retransmission: begin with 3 s (RFC 6298
        // 5.7), until there is a measurement.
        t->srtt8 = 1;
        t->rttvar4 = 3 * NIF__SECOND_US;
    }
    t->state = t->flags & TCP_FIN_QUEUED ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED;
    t->snd_wnd = seg->wnd;
    t->snd_wnd_max = seg->wnd;
    t->snd_wl1 = seg->seq;
    t->snd_wl2 = seg->ack;
    if (conn->state == NIF_CONN_OPENING) {
        conn->state = NIF_CONN_OPEN;
    }
    if (t->listener != NULL && !(t->flags & TCP_ACCEPTED)) {
        // accept() gives the oldest first: the order of the list.
        struct nif_tcpip *ip = nif__conn_stack(conn);

        nif__conn_unlink(conn);
        conn->state = NIF_CONN_OPEN;
        nif__conn_append(ip, conn);
    }
}

// Our SYN is acknowledged.
static void syn_acked(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);

    t->snd_una = seg->ack;
    t->snd_nxt = seg->ack;
    t->rexmit_us = NIF_NEVER;
    if ((t->flags & TCP_TIMING) && t->backoff == 0) {
        nif__tcp_measure(t, (uint32_t)ip->now_us - t->rtt_us);
    }
    t->flags &= (uint16_t)~TCP_TIMING;
    established(conn, seg);
    t->backoff = 0;
    nif__tcp_watch(conn, true);
}

static void limit_mss(struct nif_conn *conn, uint16_t mss)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (mss < t->mss) {
        t->mss = mss;
    }
    nif__cc_init(t);
}

// RFC 9293 3.10.7.3. The segment is for us if its ACK, if it has one, is for
// our SYN.
static void input_syn_sent(struct nif_conn *conn, const struct nif__in *in,
    const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    bool ack = (seg->flags & TCP_FLAG_ACK) != 0;

    if (ack && seg->ack != t->snd_una + 1) {
        nif__tcp_refuse(nif__conn_stack(conn), in, seg);
        return;
    }
    if (seg->flags & TCP_FLAG_RST) {
        if (ack) {
            reset_by_peer(conn);
        }
        return;
    }
    if (!(seg->flags & TCP_FLAG_SYN)) {
        return;
    }
    t->rcv_nxt = seg->seq + 1;
    t->rcv_edge = t->rcv_nxt + nif__min((uint32_t)conn->cfg.rx_cap, 0xFFFF);
    t->ahead = t->ahead_end;
    limit_mss(conn, seg->mss);
    if (ack) {
        syn_acked(conn, seg);
        t->flags |= TCP_ACK_NOW; // text on a SYN comes again
    } else {
        // Both began at once.
        t->state = TCP_SYN_RCVD;
        t->snd_nxt = t->snd_una;
    }
}

// ------------------------------------------------------ synchronised states

// RFC 9293 3.10.7.4, first: is any of it in the window?
static bool in_window(const struct nif__tcp *t, const struct nif__seg *seg)
{
    uint32_t len = seg->len + ((seg->flags & TCP_FLAG_SYN) != 0) +
        ((seg->flags & TCP_FLAG_FIN) != 0);
    uint32_t wnd = t->rcv_edge - t->rcv_nxt;
    uint32_t first = seg->seq - t->rcv_nxt;
    uint32_t last = first + len - 1;

    if (nif__before(t->rcv_edge, t->rcv_nxt)) {
        wnd = 0;
    }
    // A shut window takes no text, but hears the rest of a segment that
    // begins at its edge (RFC 9293 3.10.7.4).
    return first == 0 || first < wnd || (len > 0 && last < wnd);
}

static void outside(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    nif__conn_stack(conn)->stats.tcp_outside++;
    if (seg->flags & TCP_FLAG_RST) {
        return;
    }
    if (t->state == TCP_SYN_RCVD && (seg->flags & TCP_FLAG_SYN) &&
        seg->seq + 1 == t->rcv_nxt) {
        if (!(seg->flags & TCP_FLAG_ACK)) {
            t->snd_nxt = t->snd_una; // our SYN was lost: say it again
            return;
        }
        t->flags |= TCP_ACK_NOW;
    } else if (seg->len > 0 || (seg->flags & TCP_FLAG_FIN)) {
        t->flags |= TCP_ACK_NOW;
        if (t->state == TCP_TIME_WAIT) {
            nif__tcp_watch(conn, true);
        }
    } else {
        challenge(conn); // also what answers a keepalive probe
    }
}

// RST and SYN inside the window. True if the segment is used up.
static bool unusual(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (seg->flags & TCP_FLAG_RST) {
        if (seg->seq == t->rcv_nxt) {
            reset_by_peer(conn);
        } else {
            challenge(conn);
        }
        return true;
    }
    if (seg->flags & TCP_FLAG_SYN) {
        challenge(conn);
        return true;
    }
    return (seg->flags & TCP_FLAG_ACK) == 0;
}

// A window that is worth leaving the probes for. Less than that is used by
// the probes themselves.
static uint32_t worthwhile(const struct nif__tcp *t)
{
    return nif__min(nif__min(t->mss, t->snd_wnd_max >> 1), nif__tcp_pending(t));
}

static void update_window(struct nif_conn *conn, struct nif__tcp *t,
    const struct nif__seg *seg)
{
    if (!nif__before(t->snd_wl1, seg->seq) &&
        (t->snd_wl1 != seg->seq || nif__before(seg->ack, t->snd_wl2))) {
        return;
    }
    t->snd_wnd = seg->wnd;
    t->snd_wl1 = seg->seq;
    t->snd_wl2 = seg->ack;
    t->snd_wnd_max = nif__max(t->snd_wnd_max, seg->wnd);
    if (!(t->flags & TCP_PERSIST)) {
        return;
    }
    t->dupacks = 0; // the peer lives
    if (seg->wnd > 0 && seg->wnd >= worthwhile(t)) {
        // The next segment begins with the byte of the probe.
        t->flags &= (uint16_t) ~(TCP_PERSIST | TCP_FORCE | TCP_BUSY);
        t->rexmit_us = NIF_NEVER;
        t->snd_nxt = t->snd_una;
        t->backoff = 0;
        nif__tcp_watch(conn, true);
        if (t->snd_max != t->snd_una) {
            nif__tcp_arm(conn);
        }
    }
}

// Something new of ours has arrived.
static void new_ack(struct nif_conn *conn, struct nif__tcp *t, uint32_t ack)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    uint32_t acked = ack - t->snd_una;

    if ((t->flags & TCP_TIMING) && nif__before(t->rtt_seq, ack)) {
        t->flags &= (uint16_t)~TCP_TIMING;
        nif__tcp_measure(t, (uint32_t)ip->now_us - t->rtt_us);
    }
    t->snd_una = ack;
    if (nif__before(t->snd_nxt, ack)) {
        t->snd_nxt = ack;
    }
    nif__ring_drop(&t->tx, conn->cfg.tx_cap, nif__min(acked, t->tx.used));
    t->backoff = 0;
    t->rexmit_us = NIF_NEVER;
    if (t->snd_una != t->snd_max) {
        nif__tcp_arm(conn);
    }
    if (t->flags & TCP_PERSIST) {
        // It took the probe: the window is open, or will be asked for anew.
        t->flags &= (uint16_t) ~(TCP_PERSIST | TCP_BUSY);
        t->dupacks = 0;
    }
    nif__cc_ack(conn, ack, acked);
}

// All is acknowledged, and our FIN was a part of it.
static void fin_acked(struct nif_conn *conn, struct nif__tcp *t)
{
    if (t->state == TCP_FIN_WAIT_1) {
        t->state = TCP_FIN_WAIT_2;
    } else if (t->state == TCP_CLOSING) {
        t->state = TCP_TIME_WAIT;
    } else if (t->state == TCP_LAST_ACK) {
        nif__tcp_end(conn, 0);
    }
}

// Returns false if the segment is to be dropped.
static bool take_ack(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    bool fin_sent = (t->flags & TCP_FIN_QUEUED) != 0 &&
        t->snd_max - t->snd_una > t->tx.used;

    // RFC 5961 5: neither older than the largest window nor from the future.
    if (nif__before(t->snd_max, seg->ack) ||
        nif__before(seg->ack, t->snd_una - t->snd_wnd_max)) {
        challenge(conn);
        return false;
    }
    if (nif__before(t->snd_una, seg->ack)) {
        new_ack(conn, t, seg->ack);
        update_window(conn, t, seg);
        if (fin_sent && t->snd_una == t->snd_max) {
            fin_acked(conn, t);
        }
        if (t->state != TCP_CLOSED) {
            nif__tcp_watch(conn, true);
        }
        return true;
    }
    // A duplicate by the rule of RFC 5681 2.
    if (seg->ack == t->snd_una && seg->len == 0 && seg->wnd == t->snd_wnd &&
        t->snd_una != t->snd_max && !(seg->flags & TCP_FLAG_FIN) &&
        !(t->flags & TCP_PERSIST)) {
        nif__cc_dupack(conn);
    }
    update_window(conn, t, seg);
    if (!(t->flags & TCP_BUSY)) {
        nif__tcp_watch(conn, false); // heard of: keepalive begins anew
    }
    return true;
}

static void input_synchronised(struct nif_conn *conn, const struct nif__in *in,
    const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (!in_window(t, seg)) {
        outside(conn, seg);
        return;
    }
    if (unusual(conn, seg)) {
        return;
    }
    if (t->state == TCP_SYN_RCVD) {
        if (seg->ack != t->snd_una + 1) {
            nif__tcp_refuse(nif__conn_stack(conn), in, seg);
            return;
        }
        syn_acked(conn, seg);
    } else if (!take_ack(conn, seg)) {
        return;
    }
    // Nobody will read it (RFC 1122 4.2.2.13).
    if ((t->flags & TCP_APP_CLOSED) && seg->len > 0 &&
        nif__before(t->rcv_nxt, seg->seq + seg->len)) {
        nif__tcp_kill(conn, 0);
        return;
    }
    nif__tcp_take(conn, seg);
}

// A new connection may take the place of one in TIME-WAIT if its SYN is
// newer than all that the old one has seen (RFC 9293 3.6.1).
static bool revives(const struct nif__tcp *t, const struct nif__seg *seg)
{
    return t->state == TCP_TIME_WAIT && t->listener != NULL &&
        (seg->flags & (TCP_FLAG_SYN | TCP_FLAG_ACK | TCP_FLAG_RST)) ==
        TCP_FLAG_SYN &&
        nif__before(t->rcv_nxt, seg->seq);
}

void nif__tcp_input(struct nif_tcpip *ip, const struct nif__in *in)
{
    struct nif__seg seg;
    struct nif_conn *conn;

    if (!read_segment(in, &seg)) {
        ip->stats.tcp_bad++;
        return;
    }
    ip->stats.tcp_rx++;
    conn = find(ip, in);
    if (conn != NULL && revives(nif__tcp_of(conn), &seg)) {
        struct nif_conn *listener = nif__tcp_of(conn)->listener;

        nif__tcp_end(conn, 0);
        conn = listener;
    }
    if (conn == NULL) {
        ip->stats.tcp_closed++;
        nif__tcp_refuse(ip, in, &seg);
        return;
    }
    switch (nif__tcp_of(conn)->state) {
    case TCP_LISTEN: nif__tcp_welcome(conn, in, &seg); return;
    case TCP_SYN_SENT: input_syn_sent(conn, in, &seg); break;
    default: input_synchronised(conn, in, &seg); break;
    }
    nif__tcp_output(conn);
}
