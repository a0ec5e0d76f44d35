// SPDX-License-Identifier: MIT
//
// TCP segments that come: RFC 9293 3.10.7, hardened after RFC 5961. Urgent
// data is taken as any other (RFC 6093).

#include "tcp.h"

// --------------------------------------------------------------- reading

// An option whose length is `len` and holds. What is not as it should be is as
// if it were not there.
static void read_option(struct nif__seg *seg, const uint8_t *opt, size_t len)
{
    if (opt[0] == TCP_OPT_STAMP && len == TCP_OPT_STAMP_LEN) {
        seg->stamp = opt + 2;
    } else if (opt[0] == TCP_OPT_SACK && len >= 10 && (len - 2) % 8 == 0) {
        seg->sack = opt + 2;
        seg->sack_len = (uint32_t)len - 2;
    } else if (!(seg->flags & TCP_FLAG_SYN)) {
        return;
    } else if (opt[0] == TCP_OPT_MSS && len == TCP_OPT_MSS_LEN) {
        seg->mss = nif__max(nif_load_be16(opt + 2), TCP_MSS_LEAST);
    } else if (opt[0] == TCP_OPT_SCALE && len == TCP_OPT_SCALE_LEN) {
        seg->flags |= TCP_HAS_SCALE;
        seg->shift = nif__min(opt[2], 14); // RFC 7323 2.3
    } else if (opt[0] == TCP_OPT_SACK_OK) {
        seg->flags |= TCP_HAS_SACK_OK;
    }
}

// An option that does not hold ends the reading; the segment itself may still
// be good.
static void read_options(struct nif__seg *seg, const uint8_t *opt, size_t len)
{
    size_t at = 0;

    while (at < len && opt[at] != TCP_OPT_END) {
        size_t step = 1;

        if (opt[at] != TCP_OPT_NOP) {
            if (len - at < 2 || opt[at + 1] < 2 || opt[at + 1] > len - at) {
                return;
            }
            step = opt[at + 1];
            read_option(seg, opt + at, step);
        }
        at += step;
    }
}

static bool read_segment(const struct nif__in *in, struct nif__seg *seg)
{
    const uint8_t *h = in->body;
    uint32_t word = nif_load_be32(h + TCP_OFFSET);
    size_t header = word >> 28 << 2;
    uint32_t sum = nif__raw_pseudo(in->src, in->dst, IPV4_PROTO_TCP, in->len);

    if (header < TCP_LEN || header > in->len ||
        nif__checksum(sum, h, in->len) != 0) {
        return false;
    }
    seg->seq = nif_load_be32(h + TCP_SEQ);
    seg->ack = nif_load_be32(h + TCP_ACK);
    seg->wnd = word & 0xFFFF;
    seg->data = h + header;
    seg->stamp = NULL;
    seg->sack = NULL;
    seg->len = (uint32_t)(in->len - header);
    seg->mss = TCP_MSS_DEFAULT;
    seg->flags = word >> 16 & 0xFF;
    seg->shift = 0;
    seg->sack_len = 0;
    read_options(seg, h + TCP_LEN, header - TCP_LEN);
    return true;
}

// True if `c` is between these two ends.
static bool joins(struct nif_conn *c, uint32_t peer_ip, uint32_t ports)
{
    const struct nif__tcp *t = nif__tcp_of(c);

    return t->flow.peer_ip == peer_ip && nif__flow_ports(&t->flow) == ports &&
        c->proto == NIF_TCP && t->state >= TCP_SYN_SENT;
}

// As a rule, it is the one that has spoken last.
struct nif_conn *nif__tcp_find(struct nif_tcpip *ip, uint32_t peer_ip,
    uint32_t ports)
{
    struct nif_conn *listener = NULL;

    if (ip->aimed != NULL && joins(ip->aimed, peer_ip, ports)) {
        return ip->aimed;
    }
    for (struct nif_conn *c = ip->conns; c != NULL; c = c->next) {
        if (joins(c, peer_ip, ports)) {
            return c;
        }
        if (c->state == NIF_CONN_LISTENING &&
            nif__flow_of(c)->port == (uint16_t)ports) {
            listener = c;
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
        nif__tcp_set(nif__tcp_of(conn), TCP_ACK_NOW);
    }
}

static void reset_by_peer(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    nif__conn_stack(conn)->stats.tcp_rst_rx++;
    // Both ends were said: all is well if nothing but our FIN was missing.
    if (t->state >= TCP_CLOSING && t->queued == 0) {
        nif__tcp_end(conn, 0);
    } else {
        nif__tcp_end(conn,
            t->state <= TCP_SYN_RCVD ? NIF_EREFUSED : NIF_ERESET);
    }
}

void nif__tcp_meet(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);

    t->rcv_nxt = seg->seq + 1;
    t->rcv_edge = t->rcv_nxt + nif__min((uint32_t)conn->cfg.rx_cap, 0xFFFF);
    t->aheads = 0;
    t->mss = (uint16_t)nif__min(t->mss, seg->mss);
    t->flow.snd_shift = seg->shift & 15;
    if (!(seg->flags & TCP_HAS_SCALE)) {
        nif__tcp_clear(t, TCP_SCALE);
        t->flow.rcv_shift = 0;
    }
    if (!(seg->flags & TCP_HAS_SACK_OK)) {
        nif__tcp_clear(t, TCP_SACK);
    }
    if (seg->stamp == NULL) {
        nif__tcp_clear(t, TCP_STAMP);
    } else if (t->flags & TCP_STAMP) {
        t->mss = (uint16_t)(t->mss - TCP_OPT_STAMP_LEN - 2);
        ip->cfg.stamps->heard(conn, seg, (seg->flags & TCP_FLAG_ACK) != 0);
    }
    nif__cc_init(t);
    if (t->backoff > 0) {
        t->cwnd = t->mss; // a SYN was lost: RFC 5681 3.1
    }
}

void nif__tcp_established(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->srtt8 == 0 && t->backoff > 0) {
        // The handshake needed a retransmission: begin with 3 s (RFC 6298
        // 5.7), until there is a measurement.
        t->srtt8 = 1;
        t->rttvar4 = NIF__TCP_S(3);
    }
    t->state = t->flags & TCP_FIN_QUEUED ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED;
    t->snd_una = seg->ack;
    t->snd_nxt = seg->ack;
    t->snd_max = seg->ack;
    t->snd_wnd =
        seg->flags & TCP_FLAG_SYN ? seg->wnd : seg->wnd << t->flow.snd_shift;
    t->snd_wnd_max = t->snd_wnd;
    t->snd_wl1 = seg->seq;
    t->rexmit_from = 0;
    t->backoff = 0;
    if (conn->state == NIF_CONN_OPENING) {
        conn->state = NIF_CONN_OPEN;
    }
    if (t->listener != NULL && !(t->flags & TCP_ACCEPTED)) {
        nif__conn_stack(conn)->cfg.parts->server->arrived(conn);
    }
    nif__tcp_moved(conn);
}

// The round trip of what was timed, if it was sent once (Karn: RFC 6298 3).
static void take_time(struct nif_conn *conn, struct nif__tcp *t)
{
    uint32_t now = nif__tcp_now(nif__conn_stack(conn));

    if ((t->flags & (TCP_TIMING | TCP_STAMP)) == TCP_TIMING) {
        nif__tcp_measure(t, (uint16_t)(now - t->rtt_at));
    }
    nif__tcp_clear(t, TCP_TIMING);
}

// Our SYN is acknowledged.
static void syn_acked(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->backoff == 0) {
        take_time(conn, t);
    }
    nif__tcp_clear(t, TCP_TIMING);
    nif__tcp_established(conn, seg);
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
    nif__tcp_meet(conn, seg);
    if (ack) {
        syn_acked(conn, seg);
        nif__tcp_set(t, TCP_ACK_NOW); // text on a SYN comes again
    } else {
        // Both began at once.
        t->state = TCP_SYN_RCVD;
        t->snd_nxt = t->snd_una;
        nif__tcp_moved(conn);
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
        nif__tcp_set(t, TCP_ACK_NOW);
    } else if (seg->len > 0 || (seg->flags & TCP_FLAG_FIN)) {
        nif__tcp_set(t, TCP_ACK_NOW);
        if (t->state == TCP_TIME_WAIT) {
            nif__tcp_moved(conn);
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

static void update_window(struct nif_conn *conn, const struct nif__seg *seg,
    bool acked)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t wnd = seg->wnd << t->flow.snd_shift;

    // Not by an old segment that was late, nor by one that acknowledges less
    // than is known (RFC 9293 3.10.7.4).
    if (!acked &&
        (seg->ack != t->snd_una || nif__before(seg->seq, t->snd_wl1))) {
        return;
    }
    t->snd_wnd = wnd;
    t->snd_wl1 = seg->seq;
    t->snd_wnd_max = nif__max(t->snd_wnd_max, wnd);
    if (!(t->flags & TCP_PERSIST)) {
        return;
    }
    t->dupacks = 0; // the peer lives
    if (wnd > 0 && wnd >= worthwhile(t)) {
        // The next segment begins with the byte of the probe.
        nif__tcp_clear(t, TCP_PERSIST | TCP_FORCE);
        t->rexmit_from = 0;
        t->snd_nxt = t->snd_una;
        t->backoff = 0;
        nif__tcp_moved(conn);
        if (t->snd_max != t->snd_una) {
            nif__tcp_arm(conn);
        }
    }
}

// The oldest `len` bytes that wait have arrived.
static void drop(struct nif_conn *conn, struct nif__tcp *t, uint32_t len)
{
    t->queued -= len;
    if (t->refs > 0) {
        nif__conn_stack(conn)->cfg.parts->refs->drop(conn, len);
        return;
    }
    t->tx.used -= len;
    len += t->tx.at;
    t->tx.at = len < conn->cfg.tx_cap ? len : len - (uint32_t)conn->cfg.tx_cap;
}

void nif__tcp_new_ack(struct nif_conn *conn, uint32_t ack)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t acked = ack - t->snd_una;
    // As long as its length is the same, the timer is only moved on.
    bool same = t->backoff == 0 && !(t->flags & TCP_STAMP);

    if ((t->flags & TCP_TIMING) && nif__before(t->rtt_seq, ack)) {
        take_time(conn, t);
        same = false;
    }
    t->snd_una = ack;
    if (nif__before(t->snd_nxt, ack)) {
        t->snd_nxt = ack;
    }
    drop(conn, t, nif__min(acked, t->queued));
    t->backoff = 0;
    if (t->flags & TCP_PERSIST) {
        // It took the probe: the window is open, or will be asked for anew.
        nif__tcp_clear(t, TCP_PERSIST);
        t->dupacks = 0;
    }
    if (ack == t->snd_max) {
        t->rexmit_from = 0;
    } else if (same) {
        nif__tcp_arm_again(nif__conn_stack(conn), t);
    } else {
        nif__tcp_arm(conn);
    }
    // Where it lets the whole of the largest window out, it need not grow.
    if ((t->flags & TCP_RECOVERY) || t->cwnd < t->snd_wnd_max) {
        nif__cc_ack(conn, ack, acked);
    }
    t->dupacks = 0;
    t->since = nif__tcp_now(nif__conn_stack(conn));
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

// Takes what the options say. True if the segment could tell of a loss: by
// what it says to have arrived (RFC 6675 2), else by being a duplicate (RFC
// 5681 2).
static bool take_options(struct nif_conn *conn, const struct nif__seg *seg)
{
    const struct nif_tcpip_cfg *cfg = &nif__conn_stack(conn)->cfg;
    const struct nif__tcp *t = nif__tcp_of(conn);

    if (t->flags & TCP_STAMP) {
        cfg->stamps->heard(conn, seg, nif__before(t->snd_una, seg->ack));
    }
    if (t->flags & TCP_SACK) {
        return cfg->sack->heard(conn, seg);
    }
    return seg->len == 0 && seg->wnd << t->flow.snd_shift == t->snd_wnd &&
        !(seg->flags & TCP_FLAG_FIN);
}

// Returns false if the segment is to be dropped.
static bool take_ack(struct nif_conn *conn, const struct nif__seg *seg)
{
    const struct nif_tcp_recovery *recovery =
        nif__conn_stack(conn)->cfg.parts->recovery;
    struct nif__tcp *t = nif__tcp_of(conn);
    bool fin_sent =
        (t->flags & TCP_FIN_QUEUED) != 0 && t->snd_max - t->snd_una > t->queued;
    bool duplicate;

    // RFC 5961 5: neither older than the largest window nor from the future.
    if (nif__before(t->snd_max, seg->ack) ||
        nif__before(seg->ack, t->snd_una - t->snd_wnd_max)) {
        challenge(conn);
        return false;
    }
    duplicate = take_options(conn, seg);
    if (nif__before(t->snd_una, seg->ack)) {
        nif__tcp_new_ack(conn, seg->ack);
        update_window(conn, seg, true);
        if (fin_sent && t->snd_una == t->snd_max) {
            fin_acked(conn, t);
        }
        nif__tcp_moved(conn);
        return true;
    }
    if (duplicate && recovery != NULL && seg->ack == t->snd_una &&
        t->snd_una != t->snd_max && !(t->flags & TCP_PERSIST)) {
        recovery->dupack(conn);
    }
    update_window(conn, seg, false);
    // Heard of: keepalive begins anew. How long a peer may take to close does
    // not: he could hold us for ever.
    if (nif__tcp_pending(t) == 0 && !(t->flags & TCP_APP_CLOSED)) {
        nif__tcp_moved(conn);
    }
    return true;
}

static void input_synchronised(struct nif_conn *conn, const struct nif__in *in,
    const struct nif__seg *seg)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);

    if ((t->flags & TCP_STAMP) && !(seg->flags & TCP_FLAG_RST) &&
        !ip->cfg.stamps->check(conn, seg)) {
        return;
    }
    if (!in_window(t, seg)) {
        outside(conn, seg);
        return;
    }
    if (unusual(conn, seg)) {
        return;
    }
    if (t->state == TCP_SYN_RCVD) {
        if (seg->ack != t->snd_una + 1) {
            nif__tcp_refuse(ip, in, seg);
            return;
        }
        (void)take_options(conn, seg);
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

void nif__tcp_input(struct nif_tcpip *ip, const struct nif__in *in)
{
    struct nif__seg seg;
    struct nif_conn *conn;
    uint32_t ports;

    if (in->len < TCP_LEN || in->group) {
        ip->stats.tcp_bad++;
        return;
    }
    ports = nif_load_be32(in->body + TCP_SRC);
    conn = nif__tcp_find(ip, in->src, ports);
    if (!read_segment(in, &seg)) {
        ip->stats.tcp_bad++;
        return;
    }
    ip->stats.tcp_rx++;
    if (conn != NULL && nif__tcp_of(conn)->state == TCP_TIME_WAIT &&
        nif__tcp_of(conn)->listener != NULL &&
        ip->cfg.parts->server->revives(conn, &seg)) {
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
    case TCP_LISTEN: ip->cfg.parts->server->welcome(conn, in, &seg); return;
    case TCP_SYN_SENT: input_syn_sent(conn, in, &seg); break;
    default: input_synchronised(conn, in, &seg); break;
    }
    nif__tcp_output(conn);
}
