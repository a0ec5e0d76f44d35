// SPDX-License-Identifier: MIT
//
// TCP as the application calls it, and the beginning and the end of a
// connection.

#include "tcp.h"

#include <string.h>

// --------------------------------------------------- beginning and ending

void nif__tcp_reset(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    struct nif_conn *listener = t->listener;

    memset(&conn->impl, 0, sizeof(conn->impl));
    t->listener = listener;
    t->flow.ttl = IPV4_TTL_DEFAULT;
    t->rexmit_us = NIF_NEVER;
    t->ack_us = NIF_NEVER;
    t->long_us = NIF_NEVER;
}

uint16_t nif__tcp_mss_in(const struct nif_conn *conn)
{
    size_t mss =
        nif_iface_mtu(nif__conn_stack(conn)->cfg.iface) - IPV4_LEN - TCP_LEN;
    size_t half = conn->cfg.rx_cap >> 1;

    // Two at least fit the window, else each would wait for the delayed ACK
    // of the one before.
    return (uint16_t)(half < mss && half >= TCP_MSS_LEAST ? half : mss);
}

static uint16_t mss_out(const struct nif_conn *conn)
{
    size_t mss =
        nif_iface_mtu(nif__conn_stack(conn)->cfg.iface) - IPV4_LEN - TCP_LEN;
    size_t half = conn->cfg.tx_cap >> 1;

    return (uint16_t)(half < mss && half >= TCP_MSS_LEAST ? half : mss);
}

// RFC 6528: another sequence for each pair of ends, growing with the clock
// (4 us a step), not to be guessed from outside.
static uint32_t first_seq(struct nif_conn *conn)
{
    const struct nif_tcpip *ip = nif__conn_stack(conn);
    const struct nif__flow *flow = nif__flow_of(conn);
    const uint32_t words[3] = {
        ip->ip,
        flow->peer_ip,
        (uint32_t)flow->port << 16 | flow->peer_port,
    };

    return nif__hash(ip, words, nif_countof(words)) +
        (uint32_t)(ip->now_us >> 2);
}

void nif__tcp_begin(struct nif_conn *conn, enum nif__tcp_state state)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    t->state = (uint8_t)state;
    t->mss = mss_out(conn);
    t->snd_una = first_seq(conn);
    t->snd_nxt = t->snd_una;
    t->snd_max = t->snd_una;
    nif__cc_init(t);
}

void nif__tcp_end(struct nif_conn *conn, int err)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    t->state = TCP_CLOSED;
    t->rexmit_us = NIF_NEVER;
    t->ack_us = NIF_NEVER;
    t->long_us = NIF_NEVER;
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
    uint32_t hop;
    int err;

    if (conn->state != NIF_CONN_IDLE || t->listener != NULL) {
        return NIF_EISCONN;
    }
    if (peer->ip.family != NIF_IPV4 || peer->port == 0 ||
        conn->cfg.rx_cap == 0 || conn->cfg.tx_cap == 0 ||
        nif_ip_is_multicast(&peer->ip) ||
        nif__ipv4_is_broadcast(ip, nif_ip4_value(&peer->ip))) {
        return NIF_EINVAL;
    }
    err = nif__ipv4_route(ip, nif_ip4_value(&peer->ip), &hop);
    if (err == 0) {
        err = nif__conn_bind_any(conn);
    }
    if (err != 0) {
        return err;
    }
    t->flow.peer_ip = nif_ip4_value(&peer->ip);
    t->flow.peer_port = peer->port;
    conn->state = NIF_CONN_OPENING;
    nif__tcp_begin(conn, TCP_SYN_SENT);
    nif__tcp_watch(conn, true);
    nif__kick(ip);
    return 0;
}

int nif__tcp_send(struct nif_conn *conn, const void *data, size_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    size_t room = conn->cfg.tx_cap - t->tx.used;

    if (conn->state == NIF_CONN_FAILED) {
        return conn->err;
    }
    if (conn->state == NIF_CONN_OPENING && !(t->flags & TCP_FIN_QUEUED)) {
        return NIF_EAGAIN;
    }
    if ((t->state != TCP_ESTABLISHED && t->state != TCP_CLOSE_WAIT) ||
        (t->flags & TCP_FIN_QUEUED)) {
        return NIF_ENOTCONN;
    }
    if (len > room) {
        len = room;
    }
    if (len == 0) {
        return room == 0 ? NIF_EAGAIN : 0;
    }
    nif__ring_write(&t->tx, conn->cfg.tx, conn->cfg.tx_cap, t->tx.used, data,
        len);
    t->tx.used += (uint32_t)len;
    nif__kick(nif__conn_stack(conn));
    return (int)len;
}

int nif__tcp_recv(struct nif_conn *conn, void *buf, size_t cap)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    size_t len = t->rx.used < cap ? t->rx.used : cap;
    uint32_t told;

    if (t->rx.used == 0) {
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
    nif__ring_read(&t->rx, conn->cfg.rx, conn->cfg.rx_cap, 0, buf, len);
    nif__ring_drop(&t->rx, conn->cfg.rx_cap, len);
    told = t->rcv_edge - t->rcv_nxt;
    if (t->state >= TCP_ESTABLISHED && !(t->flags & TCP_FIN_SEEN) &&
        nif__tcp_window(conn) != told) {
        t->flags |= TCP_ACK_NOW; // the window opened enough to be told
        nif__kick(nif__conn_stack(conn));
    }
    return (int)len;
}

// Queues the FIN.
static void finish(struct nif_conn *conn, struct nif__tcp *t)
{
    if (t->flags & TCP_FIN_QUEUED) {
        return;
    }
    t->flags |= TCP_FIN_QUEUED;
    if (t->state == TCP_ESTABLISHED) {
        t->state = TCP_FIN_WAIT_1;
    } else if (t->state == TCP_CLOSE_WAIT) {
        t->state = TCP_LAST_ACK;
    }
    nif__kick(nif__conn_stack(conn));
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
        nif__tcp_close_listener(conn);
        return;
    }
    t->flags |= TCP_APP_CLOSED;
    if (t->state == TCP_CLOSED || t->state == TCP_SYN_SENT) {
        nif__tcp_end(conn, 0);
    } else if (t->rx.used > 0 && t->state != TCP_TIME_WAIT) {
        nif__tcp_kill(conn, 0); // unread: RFC 1122 4.2.2.13
    } else {
        conn->state = NIF_CONN_CLOSING;
        finish(conn, t);
        // FIN-WAIT-2 was reached by shutdown(): now it may not last for ever.
        nif__tcp_watch(conn, false);
        nif__kick(nif__conn_stack(conn));
    }
}

void nif__tcp_abort(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->state == TCP_LISTEN) {
        nif__tcp_close_listener(conn);
        return;
    }
    t->flags |= TCP_APP_CLOSED;
    nif__tcp_kill(conn, 0);
}

int nif__tcp_option(struct nif_conn *conn, enum nif_option option, int value)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (option == NIF_OPT_NODELAY) {
        t->flags = (uint16_t)(value ? t->flags | TCP_NODELAY
                                    : t->flags & ~(unsigned)TCP_NODELAY);
        nif__kick(nif__conn_stack(conn));
        return 0;
    }
    if (option != NIF_OPT_KEEPALIVE) {
        return NIF_ENOTSUP;
    }
    if (value < 0 || value > UINT16_MAX) {
        return NIF_EINVAL;
    }
    t->keepalive_s = (uint16_t)value;
    if (t->state >= TCP_ESTABLISHED && !(t->flags & TCP_BUSY)) {
        nif__tcp_watch(conn, false);
        nif__kick(nif__conn_stack(conn));
    }
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
        return nif__tcp_acceptable(conn) ? NIF_ACCEPTABLE : 0;
    }
    if (t->rx.used > 0 || (t->flags & TCP_FIN_SEEN)) {
        ready |= NIF_READABLE;
    }
    if ((t->state == TCP_ESTABLISHED || t->state == TCP_CLOSE_WAIT) &&
        t->tx.used < conn->cfg.tx_cap) {
        ready |= NIF_WRITABLE;
    }
    return ready;
}
