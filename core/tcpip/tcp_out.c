// SPDX-License-Identifier: MIT
//
// TCP segments that go. A segment is its headers and a few stretches of the
// send queue.

#include "tcp.h"

#include "arch/words.h"

#include <string.h>

// ---------------------------------------------------------------- frames

_Static_assert(sizeof(((struct nif_tcpip_head *)0)->word) ==
        2 + ETH_LEN + IPV4_LEN + TCP_LEN_MAX,
    "not the longest headers");

// The options of a SYN, by words.
static uint32_t *put_syn_options(const struct nif__tcp *t, uint32_t *opt)
{
    *opt++ = nif__be32((uint32_t)(TCP_OPT_MSS << 24 | TCP_OPT_MSS_LEN << 16) |
        t->rcv_mss);
    if (t->flags & TCP_SCALE) {
        *opt++ = nif__be32((uint32_t)(TCP_OPT_NOP << 24 | TCP_OPT_SCALE << 16 |
            TCP_OPT_SCALE_LEN << 8 | t->flow.rcv_shift));
    }
    if (t->flags & TCP_SACK) {
        *opt++ = nif__be32(TCP_OPT_NOP << 24 | TCP_OPT_NOP << 16 |
            TCP_OPT_SACK_OK << 8 | TCP_OPT_SACK_OK_LEN);
    }
    return opt;
}

// Returns their length, bytes.
NIF_APART static size_t put_options(struct nif_conn *conn, uint32_t *opt,
    unsigned flags, uint32_t len)
{
    const struct nif_tcpip_cfg *cfg = &nif__conn_stack(conn)->cfg;
    const struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t *end = flags & TCP_FLAG_SYN ? put_syn_options(t, opt) : opt;

    if (t->flags & TCP_STAMP) {
        end += cfg->stamps->put(conn, (uint8_t *)end) / 4;
    }
    if ((t->flags & TCP_SACK) && t->aheads > 0 && len == 0) {
        end += cfg->sack->put(conn, (uint8_t *)end) / 4;
    }
    return (size_t)(end - opt) * 4;
}

// The part of `head` that IPv4 fills in.
static struct nif__head *ipv4_part(struct nif_tcpip_head *head)
{
    return (struct nif__head *)(void *)head->to;
}

_Static_assert(offsetof(struct nif_tcpip_head, word) -
            offsetof(struct nif_tcpip_head, to) ==
        offsetof(struct nif__head, word),
    "not a head that goes on");

// What all segments of a connection have in common, and whom they go to.
// Returns 0; NIF_EUNREACH; as nif__arp_resolve().
NIF_APART static int aim(struct nif_tcpip *ip, struct nif_conn *conn)
{
    const struct nif__tcp *t = nif__tcp_of(conn);
    struct nif__head *head = ipv4_part(&ip->head);
    uint32_t *h = head->word + NIF__HEAD_IP;
    uint32_t sum;
    // Never cut on the way (RFC 1191), until it seems that for this it never
    // arrives (RFC 2923 2.1). Before that, the identification means nothing
    // (RFC 6864 4.1), and tells nobody how much we send.
    bool whole = t->backoff < 3;
    int err;

    ip->aimed = NULL;
    head->dst = t->flow.peer_ip;
    head->proto = IPV4_PROTO_TCP;
    head->ttl = t->flow.ttl;
    head->tos = t->flow.tos;
    err = nif__ipv4_resolve(ip, head);
    if (err != 0) {
        return err;
    }
    sum = nif__ipv4_head(ip, head, 0,
        whole ? IPV4_DONT_FRAGMENT : (uint32_t)ip->ip_id++ << 16);
    h[5] = nif__be32((uint32_t)t->flow.port << 16 | t->flow.peer_port);
    sum = nif__carry_add(sum, h[5]);
    ip->head.tcp_sum = nif__carry_add(sum, nif__be32(IPV4_PROTO_TCP << 16));
    ip->head.ip_sum = (uint16_t)~nif__half((uint8_t *)h + IPV4_SUM);
    ip->aimed = whole ? conn : NULL;
    return 0;
}

// Small processors reach each word with one instruction.
uint32_t nif__tcp_put_headers(struct nif_tcpip_head *head,
    const struct nif__tcp *t, uint32_t seq, uint32_t last, uint32_t len)
{
    uint8_t *ip = (uint8_t *)(head->word + NIF__WORD_IP);
    uint32_t *tcp = head->word + NIF__WORD_TCP;
    uint32_t words = last >> 28;
    uint32_t sum = head->tcp_sum;

    tcp[1] = nif__be32(seq);
    sum = nif__carry_add(sum, tcp[1]);
    tcp[2] = 0;
    if (last & (uint32_t)TCP_FLAG_ACK << 16) {
        tcp[2] = nif__be32(t->rcv_nxt);
        sum = nif__carry_add(sum, tcp[2]);
    }
    tcp[3] = nif__be32(last);
    sum = nif__carry_add(sum, tcp[3]);
    tcp[4] = 0;
    if (words > TCP_LEN / 4) {
        sum = nif__raw_words(sum, tcp + TCP_LEN / 4, words - TCP_LEN / 4);
    }
    len += words * 4;
    sum = nif__carry_add(sum, nif__be32(len));
    len += IPV4_LEN;
    nif__put_half(ip + IPV4_TOTAL, nif__be16((uint16_t)len));
    nif__put_half(ip + IPV4_SUM, // it is no part of the sum of the other words
        nif__raw_end(nif__carry_add(head->ip_sum, nif__be32(len))));
    return sum;
}

// Sends a segment with `len` bytes of data, in `n` pieces from segs[1] on.
static int send_segment(struct nif_conn *conn, struct nif_seg *segs, size_t n,
    uint32_t seq, uint32_t last, uint32_t len)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    const struct nif_tcp_fast *fast = ip->cfg.parts->fast;
    uint8_t *head = (uint8_t *)ip->head.word + NIF__HEAD_AT;
    uint32_t head_len = ETH_LEN + IPV4_LEN + (last >> 28) * 4;
    uint32_t sum;
    size_t at = 0;

    segs[0] = (struct nif_seg){ head, head_len };
    sum = nif__tcp_put_headers(&ip->head, nif__tcp_of(conn), seq, last, len);
    if (fast != NULL && ip->iface->eth->lend != NULL) {
        return fast->build(ip, segs, 1 + n, head_len + len, sum);
    }
    for (size_t i = 1; i <= n; i++) {
        sum = nif__raw_join(sum, nif__copy_sum(NULL, segs[i].data, segs[i].len),
            at);
        at += segs[i].len;
    }
    nif__put_half(head + ETH_LEN + IPV4_LEN + TCP_SUM, nif__raw_end(sum));
    return nif__ether_send(ip, segs, 1 + n, head_len + len);
}

// The ACK that went with a segment, and its `window`, settle what was owed; but
// what is ahead of a hole is told only by an ACK without data.
static void acked(struct nif__tcp *t, uint32_t window, uint32_t len)
{
    nif__tcp_told(t, window);
    if (len == 0 || t->aheads == 0) {
        nif__tcp_clear(t, TCP_ACK_NOW | TCP_ACK_SOON);
    }
}

int nif__tcp_emit(struct nif_conn *conn, uint32_t seq, unsigned flags,
    uint32_t len)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);
    struct nif_seg segs[1 + NIF__TCP_PIECES];
    uint32_t window = nif__tcp_window(conn);
    unsigned shift = t->flow.rcv_shift;
    uint32_t last = (uint32_t)TCP_LEN << 26 | (uint32_t)flags << 16;
    size_t n = 0;
    int err;

    if (ip->aimed != conn || t->backoff >= 3) {
        err = aim(ip, conn);
        if (err != 0) {
            return err;
        }
    }
    if ((flags & TCP_FLAG_SYN) || (t->flags & (TCP_SACK | TCP_STAMP))) {
        last += (uint32_t)put_options(conn,
                    ip->head.word + NIF__WORD_TCP + TCP_LEN / 4, flags, len)
            << 26;
        if (flags & TCP_FLAG_SYN) { // never scaled: RFC 7323 2.2
            window = nif__min((uint32_t)conn->cfg.rx_cap, 0xFFFF);
            shift = 0;
        }
    }
    window >>= shift;
    if (len > 0) {
        uint32_t got =
            nif__queue_find(conn, seq - t->snd_una, len, segs + 1, &n);

        if (got < len) {
            last &= ~((uint32_t)(TCP_FLAG_FIN | TCP_FLAG_PSH) << 16);
            len = got;
        }
    }
    err = send_segment(conn, segs, n, seq, last | window, len);
    if (err != 0) {
        return err;
    }
    ip->stats.tcp_tx++;
    if (last & (uint32_t)TCP_FLAG_ACK << 16) {
        acked(t, window << shift, len);
    }
    return (int)len;
}

// Where a segment without text stands: at the end of what was sent, but not
// beyond the peer's window, where it would be thrown away: a probe is.
static uint32_t seq_of_bare(const struct nif__tcp *t)
{
    return t->flags & TCP_PERSIST ? t->snd_una : t->snd_max;
}

void nif__tcp_send_reset(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->state < TCP_SYN_RCVD || t->state == TCP_TIME_WAIT) {
        return;
    }
    // Lost if there is no room: the peer's next segment brings another.
    if (nif__tcp_emit(conn, seq_of_bare(t), TCP_FLAG_RST | TCP_FLAG_ACK, 0) ==
        0) {
        nif__conn_stack(conn)->stats.tcp_rst_tx++;
    }
}

// ---------------------------------------------------------------- answers

void nif__tcp_answer(struct nif_tcpip *ip, const struct nif__in *in,
    uint32_t seq, uint32_t ack, uint32_t flags_window)
{
    uint32_t ports = nif_load_be32(in->body + TCP_SRC);
    uint32_t sum = nif__raw_pseudo(in->src, in->dst, IPV4_PROTO_TCP, TCP_LEN);
    uint32_t h[TCP_LEN / 4];

    h[0] = nif__be32(ports << 16 | ports >> 16);
    h[1] = nif__be32(seq);
    h[2] = nif__be32(ack);
    h[3] = nif__be32((uint32_t)TCP_LEN << 26 | flags_window);
    h[4] = 0;
    nif__put_half((uint8_t *)h + TCP_SUM,
        nif__raw_end(nif__raw_words(sum, h, TCP_LEN / 4)));
    memcpy(in->body, h, TCP_LEN);
    nif_put_be16(in->ip + IPV4_FRAGMENT, IPV4_DONT_FRAGMENT);
    ip->stats.tcp_tx++;
    nif__ipv4_reply(ip, in, TCP_LEN);
}

void nif__tcp_refuse(struct nif_tcpip *ip, const struct nif__in *in,
    const struct nif__seg *seg)
{
    uint32_t end = seg->seq + seg->len + ((seg->flags & TCP_FLAG_SYN) != 0) +
        ((seg->flags & TCP_FLAG_FIN) != 0);

    if (seg->flags & TCP_FLAG_RST) {
        return;
    }
    ip->stats.tcp_rst_tx++;
    if (seg->flags & TCP_FLAG_ACK) {
        nif__tcp_answer(ip, in, seg->ack, 0, TCP_FLAG_RST << 16);
    } else {
        nif__tcp_answer(ip, in, 0, end, (TCP_FLAG_RST | TCP_FLAG_ACK) << 16);
    }
}

// ---------------------------------------------------------------- output

uint32_t nif__tcp_pending(const struct nif__tcp *t)
{
    if (t->state < TCP_ESTABLISHED) {
        return t->state >= TCP_SYN_SENT;
    }
    if (t->state == TCP_FIN_WAIT_2 || t->state == TCP_TIME_WAIT) {
        return 0;
    }
    return t->queued + ((t->flags & TCP_FIN_QUEUED) != 0);
}

void nif__tcp_advance(struct nif_conn *conn, uint32_t units)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    // A probe is sent again and again: no measure (Karn: RFC 6298 3).
    if (t->snd_nxt == t->snd_max && !(t->flags & (TCP_TIMING | TCP_PERSIST))) {
        nif__tcp_set(t, TCP_TIMING);
        t->rtt_seq = t->snd_nxt;
        t->rtt_at = (uint16_t)nif__tcp_now(nif__conn_stack(conn));
    }
    t->snd_nxt += units;
    if (nif__before(t->snd_max, t->snd_nxt)) {
        t->snd_max = t->snd_nxt;
    }
    nif__tcp_clear(t, TCP_FORCE);
    if (t->rexmit_from == 0) {
        nif__tcp_arm(conn);
    }
}

// A segment of `len` bytes, less than a full one, is worth sending (RFC 9293
// 3.8.6.2.1, and Nagle, 3.7.4). A full ring is sent as it is: the application
// cannot add to it.
static bool worth_sending(const struct nif_conn *conn, const struct nif__tcp *t,
    uint32_t len, bool all)
{
    if (nif__before(t->snd_nxt, t->snd_max) || (t->flags & TCP_FORCE)) {
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
    if (t->snd_una != t->snd_max || t->rexmit_from != 0 ||
        (t->flags & TCP_PERSIST)) {
        return;
    }
    nif__tcp_set(t, TCP_PERSIST);
    t->dupacks = 0;
    nif__tcp_arm(conn);
    nif__tcp_moved(conn);
}

// How far from snd_una the output may go.
static uint32_t send_limit(const struct nif_conn *conn,
    const struct nif__tcp *t)
{
    uint32_t cwnd = t->cwnd;

    if (t->flags & (TCP_RECOVERY | TCP_PERSIST)) {
        if ((t->flags & (TCP_RECOVERY | TCP_SACK)) ==
            (TCP_RECOVERY | TCP_SACK)) {
            cwnd += nif__conn_stack(conn)->cfg.sack->gone(conn);
        }
    } else if (t->dupacks != 0) { // limited transmit: RFC 3042
        cwnd += (t->dupacks == 1 ? 1u : 2u) * t->mss;
    }
    return nif__min(cwnd, t->snd_wnd);
}

// Sends the next segment of data, FIN or both. False if that was all, or
// nothing went.
static bool send_next(struct nif_conn *conn, struct nif__tcp *t)
{
    uint32_t offset = t->snd_nxt - t->snd_una;
    uint32_t rest = t->queued - offset; // -1 if the FIN is out
    unsigned state = t->flags;
    unsigned flags = TCP_FLAG_ACK;
    uint32_t usable;
    uint32_t len;
    int sent;
    bool fin;

    if ((int32_t)rest <= 0 &&
        (!(state & TCP_FIN_QUEUED) || offset >= nif__tcp_pending(t))) {
        return false;
    }
    usable = send_limit(conn, t) - offset;
    if ((int32_t)usable <= 0) {
        usable = (state & TCP_FORCE) != 0;
    }
    len = nif__min(nif__min(rest, usable), t->mss);
    fin = (state & TCP_FIN_QUEUED) && len == rest &&
        (usable > len || (state & TCP_FORCE));
    if (len != t->mss &&
        ((len == 0 && !fin) || !worth_sending(conn, t, len, len == rest))) {
        persist(conn, t);
        return false;
    }
    if (len == rest) {
        flags |= fin ? TCP_FLAG_PSH | TCP_FLAG_FIN : TCP_FLAG_PSH;
    }
    sent = nif__tcp_emit(conn, t->snd_nxt, flags, len);
    if (sent == NIF_EAGAIN) {
        return false;
    }
    if (sent >= 0 && (uint32_t)sent < len) { // in too many pieces
        len = (uint32_t)sent;
        fin = false;
    }
    nif__tcp_advance(conn, len + fin);
    return len != rest || (state & TCP_FIN_QUEUED) != 0;
}

static void send_syn(struct nif_conn *conn, struct nif__tcp *t)
{
    unsigned flags =
        t->state == TCP_SYN_RCVD ? TCP_FLAG_SYN | TCP_FLAG_ACK : TCP_FLAG_SYN;
    int err;

    if (t->snd_nxt != t->snd_una) {
        return;
    }
    err = nif__tcp_emit(conn, t->snd_una, flags, 0);
    if (err == NIF_EUNREACH && t->state == TCP_SYN_SENT) {
        nif__tcp_end(conn, err);
    } else if (err != NIF_EAGAIN) {
        nif__tcp_advance(conn, 1);
    }
}

int nif__tcp_resend(struct nif_conn *conn, uint32_t seq, uint32_t end)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t rest = t->queued - (seq - t->snd_una);
    uint32_t len = nif__min(nif__min(rest, t->mss), end - seq);
    unsigned flags = TCP_FLAG_ACK;
    int sent;

    // What was never sent is not sent again.
    if (len == rest && nif__before(seq + len, t->snd_max)) {
        flags |= TCP_FLAG_FIN;
    }
    nif__tcp_clear(t, TCP_TIMING);
    sent = nif__tcp_emit(conn, seq, flags, len);
    if (sent == NIF_EAGAIN && !(t->flags & TCP_SACK)) {
        // No room for it now: let the output begin there again.
        t->snd_nxt = seq;
    }
    return sent;
}

// Fills the next hole, if there is SACK to say where.
static bool mend(struct nif_conn *conn, const struct nif__tcp *t)
{
    return (t->flags & (TCP_RECOVERY | TCP_SACK)) ==
        (TCP_RECOVERY | TCP_SACK) &&
        nif__conn_stack(conn)->cfg.sack->resend(conn);
}

// Looks at all that there could be to send.
NIF_APART static void output(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->state <= TCP_SYN_RCVD) {
        if (t->state < TCP_SYN_SENT) {
            return;
        }
        send_syn(conn, t);
        if (t->state != TCP_SYN_RCVD) {
            return;
        }
    } else if (!(t->flags & TCP_PERSIST) || (t->flags & TCP_FORCE)) {
        // Bounded by what one poll() may send.
        while (nif__ether_room(conn) && (mend(conn, t) || send_next(conn, t))) {
        }
    }
    if ((t->flags & TCP_ACK_NOW) &&
        nif__tcp_emit(conn, seq_of_bare(t), TCP_FLAG_ACK, 0) != NIF_EAGAIN) {
        nif__tcp_clear(t, TCP_ACK_NOW);
    }
}

static NIF_WITHIN void output_any(struct nif_conn *conn)
{
    const struct nif_tcp_fast *fast = nif__conn_stack(conn)->cfg.parts->fast;

    if (fast == NULL || !fast->push(conn)) {
        output(conn);
    }
}

void nif__tcp_output(struct nif_conn *conn)
{
    output_any(conn);
}

void nif__tcp_flush(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->flags & TCP_ACK_SOON) {
        nif__tcp_clear(t, TCP_ACK_SOON);
        nif__tcp_set(t, TCP_ACK_NOW);
    }
    output_any(conn);
}
