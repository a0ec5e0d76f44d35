// SPDX-License-Identifier: MIT
//
// TCP as the application calls it, and the beginning and the end of a
// connection.

#include "tcp.h"
#include "udp.h"

#include <string.h>

// --------------------------------------------------- beginning and ending

void nif__tcp_reset(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    struct nif_conn *listener = t->listener;
    struct nif_tcp_more *more = t->more;

    memset(&conn->impl, 0, sizeof(conn->impl));
    t->listener = listener;
    t->more = more;
    t->flow.ttl = IPV4_TTL_DEFAULT;
}

// The longest segment of a direction whose ring is `cap` bytes.
NIF_APART static uint16_t mss(const struct nif_conn *conn, size_t cap)
{
    size_t most = nif__conn_stack(conn)->mtu - IPV4_LEN - TCP_LEN;
    size_t half = cap >> 1;

    // Two at least fit the ring, else each would wait for the delayed ACK of
    // the one before.
    return (uint16_t)(half < most && half >= TCP_MSS_LEAST ? half : most);
}

void nif_tcp_extend(struct nif_conn *conn, struct nif_tcp_more *more)
{
    NIF_ASSERT(conn->proto == NIF_TCP && conn->state == NIF_CONN_IDLE);
    nif__tcp_of(conn)->more = more;
}

// RFC 6528: another sequence for each pair of ends, growing with the clock
// (4 us a step), not to be guessed from outside.
uint32_t nif__tcp_first_seq(const struct nif_conn *conn)
{
    const struct nif_tcpip *ip = nif__conn_stack(conn);
    const struct nif__flow *flow = &nif__tcp_view(conn)->flow;
    const uint32_t words[3] = {
        ip->ip,
        flow->peer_ip,
        nif__flow_ports(flow),
    };

    return nif__hash(ip, words, nif_countof(words)) + ip->seq_skip +
        (uint32_t)(ip->now_us >> 2);
}

// What we offer the peer: windows are scaled so that the ring fits (RFC 7323
// 2.3), and the optional parts for which there is memory.
static void offer(struct nif_conn *conn)
{
    const struct nif_tcpip_cfg *cfg = &nif__conn_stack(conn)->cfg;
    struct nif__tcp *t = nif__tcp_of(conn);

    unsigned shift = 0;

    nif__tcp_set(t, TCP_SCALE);
    while (conn->cfg.rx_cap >> shift > UINT16_MAX) {
        shift++;
    }
    t->flow.rcv_shift = shift & 15;
    if (cfg->tcp_pool != NULL) {
        cfg->tcp_pool->ops->take(cfg->tcp_pool, conn);
    }
    if (t->more != NULL && cfg->sack != NULL) {
        cfg->sack->begin(conn);
    }
    if (t->more != NULL && cfg->stamps != NULL) {
        cfg->stamps->begin(conn);
    }
}

void nif__tcp_begin(struct nif_conn *conn, enum nif__tcp_state state)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    conn->err = 0;
    nif__conn_stack(conn)->aimed = NULL;
    t->state = (uint8_t)state;
    if (nif__conn_stack(conn)->iface->eth->lend != NULL) {
        nif__tcp_set(t, TCP_LENT);
    }
    t->mss = mss(conn, conn->cfg.tx_cap);
    t->rcv_mss = mss(conn, conn->cfg.rx_cap);
    t->snd_una = nif__tcp_first_seq(conn);
    t->snd_nxt = t->snd_una;
    t->snd_max = t->snd_una;
    offer(conn);
    nif__cc_init(t);
    nif__tcp_moved(conn);
}

void nif__tcp_end(struct nif_conn *conn, int err)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    t->state = TCP_CLOSED;
    t->rexmit_from = 0;
    t->ack_at = 0;
    if ((t->flags & TCP_APP_CLOSED) && t->listener == NULL) {
        nif__conn_unlink(conn);
    } else if ((t->flags & TCP_APP_CLOSED) ||
        (t->listener != NULL && !(t->flags & TCP_ACCEPTED) && err != 0)) {
        nif__tcp_reset(conn);
        conn->state = NIF_CONN_IDLE; // back in the backlog
    } else if (err != 0) {
        conn->err = err;
        conn->state = NIF_CONN_FAILED;
    }
    // Else it ended well, but the application has not closed it yet: it may
    // have data to read.
}

void nif__tcp_kill(struct nif_conn *conn, int err)
{
    nif__tcp_send_reset(conn);
    nif__tcp_end(conn, err);
}

// --------------------------------------------------------------- surface

int nif__tcp_connect(struct nif_conn *conn, const struct nif_endpoint *peer)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t addr = nif__ip4(&peer->ip);
    const struct nif_conn *same;
    uint32_t hop;
    int err;

    if (conn->state != NIF_CONN_IDLE || t->listener != NULL) {
        return NIF_EISCONN;
    }
    if (peer->ip.family != NIF_IPV4 || peer->port == 0 ||
        conn->cfg.rx_cap == 0 || conn->cfg.tx_cap == 0 || addr >> 28 == 0xE ||
        nif__ipv4_is_broadcast(ip, addr)) {
        return NIF_EINVAL;
    }
    err = nif__ipv4_route(ip, addr, &hop);
    if (err == 0 && t->flow.port != 0) {
        // Two ends, one connection.
        same =
            nif__tcp_find(ip, addr, (uint32_t)peer->port << 16 | t->flow.port);
        if (same != NULL && same->state != NIF_CONN_LISTENING) {
            err = NIF_EADDRINUSE;
        }
    }
    if (err == 0) {
        err = nif__conn_bind_any(conn);
    }
    if (err != 0) {
        return err;
    }
    t->flow.peer_ip = addr;
    t->flow.peer_port = peer->port;
    conn->state = NIF_CONN_OPENING;
    nif__tcp_begin(conn, TCP_SYN_SENT);
    nif__kick_conn(conn);
    return 0;
}

int nif__tcp_cannot_send(const struct nif_conn *conn)
{
    if (conn->state == NIF_CONN_FAILED) {
        return conn->err;
    }
    return conn->state == NIF_CONN_OPENING &&
            !(nif__tcp_view(conn)->flags & TCP_FIN_QUEUED)
        ? NIF_EAGAIN
        : NIF_ENOTCONN;
}

// The time for what is to go begins.
void nif__tcp_end_silence(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (nif__tcp_pending(t) == 0) {
        nif__tick(nif__conn_stack(conn));
        if (nif__tcp_now(nif__conn_stack(conn)) - t->since > nif__tcp_rto(t)) {
            nif__cc_rest(t);
        }
        nif__tcp_moved(conn);
    }
}

int nif__tcp_send(struct nif_stack *stack, struct nif_conn *conn,
    const void *data, size_t len, const struct nif_endpoint *to)
{
    size_t room;

    (void)stack;
    if (conn->proto != NIF_TCP) {
        return nif__udp_send(conn, data, len, to);
    }
    if (!nif__tcp_may_send(nif__tcp_of(conn))) {
        return nif__tcp_cannot_send(conn);
    }
    room = nif__queue_room(conn);
    if (len > room) {
        len = room;
    }
    if (len == 0) {
        return room == 0 ? NIF_EAGAIN : 0;
    }
    nif__tcp_to_send(conn);
    nif__queue_copy(conn, data, len);
    return (int)len;
}

size_t nif__tcp_unacked(struct nif_conn *conn)
{
    return nif__tcp_of(conn)->queued;
}

// What recv() and peek() say when nothing is there.
static int nothing(const struct nif_conn *conn, const struct nif__tcp *t)
{
    if (conn->state == NIF_CONN_FAILED) {
        return conn->err;
    }
    if (t->flags & TCP_FIN_SEEN) {
        return 0;
    }
    return conn->state == NIF_CONN_IDLE || conn->state == NIF_CONN_LISTENING
        ? NIF_ENOTCONN
        : NIF_EAGAIN;
}

int nif__tcp_peek(struct nif_stack *stack, struct nif_conn *conn,
    const uint8_t **data)
{
    const struct nif__tcp *t = nif__tcp_of(conn);

    (void)stack;
    if (conn->proto != NIF_TCP) {
        return NIF_ENOTSUP;
    }
    if (t->rx.used == 0) {
        return nothing(conn, t);
    }
    *data = conn->cfg.rx + t->rx.at;
    return (int)nif__min(t->rx.used, (uint32_t)conn->cfg.rx_cap - t->rx.at);
}

int nif__tcp_recv(struct nif_stack *stack, struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    size_t len;

    if (conn->proto != NIF_TCP) {
        return nif__udp_recv(conn, buf, cap, from);
    }
    if (t->rx.used == 0) {
        return nothing(conn, t);
    }
    len = t->rx.used < cap ? t->rx.used : cap;
    if (conn->cfg.rx_cap - t->rx.at >= len) {
        nif__copy(buf, conn->cfg.rx + t->rx.at, len);
    } else {
        nif__ring_read(&t->rx, conn->cfg.rx, conn->cfg.rx_cap, 0, buf, len);
    }
    nif__tcp_consume(stack, conn, len);
    return (int)len;
}

// Queues the FIN.
static void finish(struct nif_conn *conn, struct nif__tcp *t)
{
    if (t->flags & TCP_FIN_QUEUED) {
        return;
    }
    nif__tcp_to_send(conn);
    nif__tcp_set(t, TCP_FIN_QUEUED);
    if (t->state == TCP_ESTABLISHED) {
        t->state = TCP_FIN_WAIT_1;
    } else if (t->state == TCP_CLOSE_WAIT) {
        t->state = TCP_LAST_ACK;
    }
}

int nif__tcp_shutdown(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->state < TCP_SYN_SENT) {
        return NIF_ENOTCONN;
    }
    finish(conn, t);
    return 0;
}

void nif__tcp_close(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->state == TCP_LISTEN) {
        nif__conn_stack(conn)->cfg.parts->server->close(conn);
        return;
    }
    nif__tcp_set(t, TCP_APP_CLOSED);
    if (t->state == TCP_CLOSED || t->state == TCP_SYN_SENT) {
        nif__tcp_end(conn, 0);
    } else if (t->rx.used > 0 && t->state != TCP_TIME_WAIT) {
        nif__tcp_kill(conn, 0); // unread: RFC 1122 4.2.2.13
    } else {
        conn->state = NIF_CONN_CLOSING;
        finish(conn, t);
        if (t->state == TCP_FIN_WAIT_2) {
            // Reached by shutdown(): now it may not last for ever.
            nif__tcp_moved(conn);
        }
        nif__kick_conn(conn);
    }
}

void nif__tcp_abort(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->state == TCP_LISTEN) {
        nif__conn_stack(conn)->cfg.parts->server->close(conn);
        return;
    }
    nif__tcp_set(t, TCP_APP_CLOSED);
    nif__tcp_kill(conn, 0);
}

int nif__tcp_option(struct nif_conn *conn, enum nif_option option, int value)
{
    const struct nif_tcp_keep *keep = nif__conn_stack(conn)->cfg.parts->keep;
    struct nif__tcp *t = nif__tcp_of(conn);

    if (option != NIF_OPT_NODELAY) {
        return keep != NULL ? keep->option(conn, option, value) : NIF_ENOTSUP;
    }
    nif__tcp_clear(t, TCP_NODELAY);
    nif__tcp_set(t, value ? TCP_NODELAY : 0);
    nif__kick_conn(conn);
    return 0;
}

unsigned nif__tcp_ready(struct nif_conn *conn)
{
    const struct nif__tcp *t = nif__tcp_of(conn);
    unsigned ready = 0;

    if (conn->state == NIF_CONN_FAILED) {
        return NIF_READABLE | NIF_WRITABLE;
    }
    if (t->state == TCP_LISTEN) {
        return nif__conn_stack(conn)->cfg.parts->server->acceptable(conn)
            ? NIF_ACCEPTABLE
            : 0;
    }
    if (t->rx.used > 0 || (t->flags & TCP_FIN_SEEN)) {
        ready |= NIF_READABLE;
    }
    if ((t->state == TCP_ESTABLISHED || t->state == TCP_CLOSE_WAIT) &&
        nif__queue_room(conn) > 0) {
        ready |= NIF_WRITABLE;
    }
    return ready;
}
