// SPDX-License-Identifier: MIT
//
// Listeners. A backlog is connections of the caller's, each with buffers of
// its own; a SYN takes one that is free, and when it is through it is free
// again. If none is, the answer is a cookie.

#include "tcp.h"

#include "arch/words.h"

static bool mine(const struct nif_conn *listener, struct nif_conn *conn)
{
    return conn->proto == NIF_TCP && nif__tcp_of(conn)->listener == listener;
}

// Of the backlog: a free one; if there is none, the one that has waited
// longest in TIME-WAIT; with `proven`, the one that has waited longest for
// its handshake.
static struct nif_conn *take(struct nif_conn *listener, bool proven)
{
    struct nif_conn *oldest = NULL;

    for (struct nif_conn *c = nif__conn_stack(listener)->conns; c != NULL;
         c = c->next) {
        const struct nif__tcp *t = nif__tcp_of(c);

        if (!mine(listener, c)) {
            continue;
        }
        if (t->state == TCP_CLOSED && c->state == NIF_CONN_IDLE) {
            return c;
        }
        if (((t->state == TCP_TIME_WAIT && (t->flags & TCP_APP_CLOSED)) ||
                (t->state == TCP_SYN_RCVD && proven)) &&
            (oldest == NULL ||
                nif__before(t->since, nif__tcp_of(oldest)->since))) {
            oldest = c;
        }
    }
    if (oldest != NULL) {
        nif__tcp_end(oldest, NIF_ETIMEDOUT);
    }
    return oldest;
}

// A connection of the backlog that has received `seg`, or NULL.
static struct nif_conn *begin(struct nif_conn *listener,
    const struct nif__in *in, const struct nif__seg *seg, bool proven)
{
    struct nif_conn *conn = take(listener, proven);
    struct nif__tcp *t;

    if (conn == NULL) {
        return NULL;
    }
    t = nif__tcp_of(conn);
    t->flow = nif__tcp_of(listener)->flow;
    t->flow.peer_ip = in->src;
    t->flow.peer_port = nif_load_be16(in->body + TCP_SRC);
    t->keepalive_s = nif__tcp_of(listener)->keepalive_s;
    t->user_timeout_s = nif__tcp_of(listener)->user_timeout_s;
    t->flags = nif__tcp_of(listener)->flags & TCP_NODELAY;
    conn->state = NIF_CONN_OPENING;
    nif__tcp_begin(conn, TCP_SYN_RCVD);
    nif__tcp_meet(conn, seg);
    return conn;
}

// ---------------------------------------------------------------- cookies

// A full backlog answers all the same, and remembers nothing: what it would
// have to remember is in the sequence number of the answer, which comes back
// with the peer's ACK (RFC 4987 3.6). Bits 0 and 1 say the MSS; the options
// of the SYN are lost.
static const uint16_t cookie_mss[4] = { TCP_MSS_DEFAULT, 1220, 1440, 1460 };

#define COOKIE_TICKS NIF__TCP_S(64) // of one secret; the last is good too

static uint32_t cookie(const struct nif_tcpip *ip, const struct nif__in *in,
    uint32_t irs, uint32_t age)
{
    const uint32_t words[4] = {
        in->src, nif_load_be32(in->body + TCP_SRC), irs,
        (nif__tcp_now(ip) >> 16) - age, // 67 s a step
    };

    return nif__hash(ip, words, nif_countof(words)) & ~(uint32_t)3;
}

static void send_cookie(struct nif_conn *listener, const struct nif__in *in,
    const struct nif__seg *seg)
{
    struct nif_tcpip *ip = nif__conn_stack(listener);
    uint32_t mss = 0;

    while (mss < 3 && cookie_mss[mss + 1] <= seg->mss) {
        mss++;
    }
    ip->cookie_at = nif__tcp_at(nif__tcp_now(ip));
    nif__tcp_answer(ip, in, cookie(ip, in, seg->seq, 0) | mss, seg->seq + 1,
        (TCP_FLAG_SYN | TCP_FLAG_ACK) << 16 | TCP_MSS_DEFAULT);
}

// True if the ACK is the answer to a cookie, and the connection stands.
static bool take_cookie(struct nif_conn *listener, const struct nif__in *in,
    struct nif__seg *seg)
{
    struct nif_tcpip *ip = nif__conn_stack(listener);
    uint32_t irs = seg->seq - 1;
    uint32_t iss = seg->ack - 1;
    struct nif_conn *conn;

    if (ip->cookie_at == 0 ||
        nif__before(ip->cookie_at + 2 * COOKIE_TICKS, nif__tcp_now(ip)) ||
        (seg->flags & (TCP_FLAG_SYN | TCP_FLAG_RST)) ||
        ((iss & ~(uint32_t)3) != cookie(ip, in, irs, 0) &&
            (iss & ~(uint32_t)3) != cookie(ip, in, irs, 1))) {
        return false;
    }
    seg->mss = cookie_mss[iss & 3];
    seg->stamp = NULL;
    seg->seq = irs; // of the SYN that was forgotten
    conn = begin(listener, in, seg, true);
    if (conn == NULL) {
        return true; // all are in use: the peer asks again
    }
    seg->seq++;
    ip->stats.tcp_cookie++;
    nif__tcp_established(conn, seg);
    nif__tcp_take(conn, seg);
    nif__tcp_output(conn);
    return true;
}

static void server_welcome(struct nif_conn *listener, const struct nif__in *in,
    struct nif__seg *seg)
{
    struct nif_tcpip *ip = nif__conn_stack(listener);
    struct nif_conn *conn;

    if (seg->flags & TCP_FLAG_RST) {
        return;
    }
    if (seg->flags & TCP_FLAG_ACK) {
        if (!take_cookie(listener, in, seg)) {
            nif__tcp_refuse(ip, in, seg);
        }
        return;
    }
    if ((seg->flags & (TCP_FLAG_SYN | TCP_FLAG_FIN)) != TCP_FLAG_SYN) {
        ip->stats.tcp_bad++;
        return;
    }
    conn = begin(listener, in, seg, false);
    if (conn == NULL) {
        ip->stats.tcp_full++;
        send_cookie(listener, in, seg);
        return;
    }
    nif__tcp_output(conn);
}

static int server_listen(struct nif_conn *conn, struct nif_conn *backlog,
    size_t n)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->flow.port == 0 || n == 0 || conn->state != NIF_CONN_IDLE) {
        return NIF_EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        const struct nif_conn *c = &backlog[i];

        if (c->state != NIF_CONN_IDLE || c->proto != NIF_TCP ||
            c->stack != conn->stack || c->cfg.rx_cap == 0 ||
            c->cfg.tx_cap == 0 || nif__tcp_of(&backlog[i])->listener != NULL) {
            return NIF_EINVAL;
        }
    }
    for (size_t i = 0; i < n; i++) {
        nif__tcp_of(&backlog[i])->listener = conn;
        nif__flow_of(&backlog[i])->port = 0;
    }
    t->state = TCP_LISTEN;
    conn->state = NIF_CONN_LISTENING;
    return 0;
}

// The oldest that has shaken hands and was not accepted yet. It may have
// ended meanwhile: what it received is still to be read.
static struct nif_conn *ready(const struct nif_conn *listener)
{
    struct nif_conn *c = nif__conn_stack(listener)->conns;

    for (; c != NULL; c = c->next) {
        if (mine(listener, c) && c->state == NIF_CONN_OPEN &&
            !(nif__tcp_of(c)->flags & TCP_ACCEPTED)) {
            return c;
        }
    }
    return NULL;
}

static bool server_acceptable(const struct nif_conn *listener)
{
    return ready(listener) != NULL;
}

static int server_accept(struct nif_conn *conn, struct nif_conn **out,
    struct nif_endpoint *peer)
{
    struct nif_conn *c = ready(conn);

    if (c == NULL) {
        return NIF_EAGAIN;
    }
    nif__tcp_set(nif__tcp_of(c), TCP_ACCEPTED);
    if (peer != NULL) {
        const struct nif__flow *flow = nif__flow_of(c);

        nif__endpoint_set(peer, nif__be32(flow->peer_ip), flow->peer_port);
    }
    *out = c;
    return 0;
}

static void server_close(struct nif_conn *listener)
{
    struct nif_conn *next;

    for (struct nif_conn *c = nif__conn_stack(listener)->conns; c != NULL;
         c = next) {
        struct nif__tcp *t = nif__tcp_of(c);

        next = c->next;
        if (!mine(listener, c)) {
            continue;
        }
        t->listener = NULL;
        if (!(t->flags & TCP_ACCEPTED)) {
            nif__tcp_set(t,
                TCP_APP_CLOSED); // the memory is the caller's at once
            nif__tcp_kill(c, 0);
        }
    }
    nif__conn_unlink(listener);
}

// accept() gives the oldest first: the order of the list.
static void server_arrived(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);

    nif__conn_unlink(conn);
    conn->state = NIF_CONN_OPEN;
    nif__conn_append(ip, conn);
}

// A new connection may take the place of one in TIME-WAIT if its SYN is newer
// than all that the old one has seen: by its number or, if both bear one, by
// its timestamp (RFC 9293 3.6.1, RFC 6191). So is what we send then.
static bool server_revives(const struct nif_conn *conn,
    const struct nif__seg *seg)
{
    const struct nif__tcp *t = nif__tcp_view(conn);
    uint32_t behind;

    if ((seg->flags & (TCP_FLAG_SYN | TCP_FLAG_ACK | TCP_FLAG_RST)) !=
            TCP_FLAG_SYN ||
        (!nif__before(t->rcv_nxt, seg->seq) &&
            (!(t->flags & TCP_STAMP) || seg->stamp == NULL ||
                !nif__before(t->more->ts_recent, nif_load_be32(seg->stamp))))) {
        return false;
    }
    // Who sends more than 250,000 bytes a second overtakes the clock.
    behind = t->snd_max - nif__tcp_first_seq(conn);
    if ((int32_t)behind > 0) {
        nif__conn_stack(conn)->seq_skip += behind;
    }
    return true;
}

const struct nif_tcp_server nif_tcp_server = {
    .listen = server_listen,
    .accept = server_accept,
    .welcome = server_welcome,
    .arrived = server_arrived,
    .revives = server_revives,
    .acceptable = server_acceptable,
    .close = server_close,
};
