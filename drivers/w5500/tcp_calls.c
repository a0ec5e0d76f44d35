// SPDX-License-Identifier: MIT
//
// TCP in the W5500's sockets, as the application calls it.

#include "sockets.h"

#include <string.h>

int w5500__tcp_connect(struct w5500 *w, struct nif_conn *conn,
    const struct nif_endpoint *peer)
{
    struct w5500__sock *s = w5500__sock(conn);
    const uint8_t *ip = peer->ip.byte;
    int err;

    if (conn->state != NIF_CONN_IDLE || s->listener != NULL) {
        return NIF_EISCONN;
    }
    if (peer->ip.family != NIF_IPV4 || peer->port == 0 || w5500__is_group(ip) ||
        w5500__is_broadcast(w, ip)) {
        return NIF_EINVAL;
    }
    err = w5500__route(w, ip);
    for (struct nif_conn *c = w->conns; c != NULL && err == 0; c = c->next) {
        const struct w5500__sock *other = w5500__sock(c);

        // Two ends, one connection.
        if (c->proto == NIF_TCP && s->port != 0 && other->port == s->port &&
            other->peer_port == peer->port && memcmp(other->peer, ip, 4) == 0) {
            err = NIF_EADDRINUSE;
        }
    }
    if (err == 0) {
        err = w5500__bind_any(w, conn);
    }
    if (err == 0) {
        memcpy(s->peer, ip, sizeof(s->peer));
        s->peer_port = peer->port;
        s->since_us = w5500__now(&w->chip);
        conn->state = NIF_CONN_OPENING;
        w5500__tcp_open(w, conn);
    }
    return err;
}

int w5500__tcp_listen(struct w5500 *w, struct nif_conn *conn,
    struct nif_conn *backlog, size_t n)
{
    struct w5500__sock *s = w5500__sock(conn);

    if (s->port == 0 || n == 0 || conn->state != NIF_CONN_IDLE ||
        s->listener != NULL) {
        return NIF_EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        struct nif_conn *c = &backlog[i];

        if (c == conn || c->state != NIF_CONN_IDLE || c->proto != NIF_TCP ||
            c->stack != conn->stack || w5500__sock(c)->listener != NULL) {
            return NIF_EINVAL;
        }
    }
    conn->state = NIF_CONN_LISTENING;
    for (size_t i = 0; i < n; i++) {
        w5500__sock(&backlog[i])->listener = conn;
        w5500__tcp_rejoin(w, &backlog[i]);
    }
    w5500__tcp_open(w, conn);
    return 0;
}

// The one that is established and not accepted, for the longest time.
static struct nif_conn *first_ready(struct w5500 *w,
    const struct nif_conn *listener)
{
    struct nif_conn *first = NULL;

    for (struct nif_conn *c = w->conns; c != NULL; c = c->next) {
        const struct w5500__sock *s = w5500__sock(c);

        if (s->listener == listener && c->state == NIF_CONN_OPEN &&
            !(s->flags & SOCK_ACCEPTED) &&
            (first == NULL ||
                (int32_t)(s->order - w5500__sock(first)->order) < 0)) {
            first = c;
        }
    }
    return first;
}

int w5500__tcp_accept(struct w5500 *w, struct nif_conn *conn,
    struct nif_conn **out, struct nif_endpoint *peer)
{
    struct nif_conn *c = NULL;

    if (conn->state != NIF_CONN_LISTENING) {
        return NIF_EINVAL;
    }
    c = first_ready(w, conn);
    if (c == NULL) {
        return NIF_EAGAIN;
    }
    w5500__set(w5500__sock(c), SOCK_ACCEPTED);
    if (peer != NULL) {
        *peer = (struct nif_endpoint){
            .ip = nif_ip4_from(w5500__sock(c)->peer),
            .port = w5500__sock(c)->peer_port,
        };
    }
    *out = c;
    return 0;
}

int w5500__tcp_send(struct w5500 *w, struct nif_conn *conn, const void *data,
    size_t len)
{
    struct w5500__sock *s = w5500__sock(conn);
    size_t room;

    if (conn->state == NIF_CONN_FAILED) {
        return conn->err;
    }
    if (conn->state == NIF_CONN_OPENING && !(s->flags & SOCK_FIN)) {
        return NIF_EAGAIN;
    }
    if (conn->state != NIF_CONN_OPEN || (s->flags & SOCK_FIN)) {
        return NIF_ENOTCONN;
    }
    w5500__clear(s, SOCK_STARVED);
    room = w5500__room(w, s);
    room = room > s->tx_len ? room - s->tx_len : 0;
    if (len > room) {
        len = room;
        w5500__set(s, SOCK_STARVED);
    }
    if (room == 0 || len == 0) {
        return room == 0 ? NIF_EAGAIN : 0;
    }
    if (s->tx_len == 0) {
        s->tx_at =
            (uint16_t)w5500__read16(&w->chip, w5500__reg(s, W5500_SN_TX_WR));
    }
    w5500__write(&w->chip,
        W5500_TX((uint32_t)s->n, (uint16_t)(s->tx_at + s->tx_len)), data, len);
    s->tx_len = (uint16_t)(s->tx_len + len);
    w5500__tcp_push(w, s);
    w5500__kick(w); // what poll() has said about when it is needed has changed
    return (int)len;
}

// What recv() says when nothing is there.
static int nothing(const struct nif_conn *conn, const struct w5500__sock *s)
{
    if (conn->state == NIF_CONN_FAILED) {
        return conn->err;
    }
    if (s->flags & SOCK_ENDED) {
        return 0;
    }
    return conn->state == NIF_CONN_IDLE || conn->state == NIF_CONN_LISTENING
        ? NIF_ENOTCONN
        : NIF_EAGAIN;
}

int w5500__tcp_recv(struct w5500 *w, struct nif_conn *conn, void *buf,
    size_t cap)
{
    struct w5500__sock *s = w5500__sock(conn);
    size_t len = conn->state < NIF_CONN_OPEN ? 0 : w5500__waiting(w, s);

    if (len == 0) {
        return nothing(conn, s);
    }
    if (len > cap) {
        len = cap;
    }
    w5500__take(w, s, buf, len, 0, len);
    return (int)len;
}

int w5500__tcp_shutdown(struct w5500 *w, struct nif_conn *conn)
{
    if (conn->state != NIF_CONN_OPENING && conn->state != NIF_CONN_OPEN) {
        return NIF_ENOTCONN;
    }
    w5500__set(w5500__sock(conn), SOCK_FIN);
    w5500__kick(w);
    return 0;
}

// The peer is told, as far as the chip can.
static void tell(struct w5500 *w, struct nif_conn *conn)
{
    if (conn->state == NIF_CONN_OPEN || conn->state == NIF_CONN_CLOSING) {
        w5500__leave(w, w5500__sock(conn));
    }
}

// Those that were not accepted are the caller's at once; the others go on
// without it.
static void close_listener(struct w5500 *w, struct nif_conn *listener)
{
    struct nif_conn *next;

    for (struct nif_conn *c = w->conns; c != NULL; c = next) {
        struct w5500__sock *s = w5500__sock(c);

        next = c->next;
        if (s->listener == listener) {
            s->listener = NULL;
            if (!(s->flags & SOCK_ACCEPTED)) {
                tell(w, c);
                w5500__unlink(w, c);
            }
        }
    }
    if (w5500__sock(listener)->flags & SOCK_FULL) {
        w5500__leave(w, w5500__sock(listener));
    }
    w5500__unlink(w, listener);
}

void w5500__tcp_abort(struct w5500 *w, struct nif_conn *conn)
{
    if (conn->state == NIF_CONN_LISTENING) {
        close_listener(w, conn);
    } else {
        tell(w, conn);
        w5500__set(w5500__sock(conn), SOCK_LEFT);
        w5500__tcp_kill(w, conn, 0);
    }
}

void w5500__tcp_close(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);

    if (conn->state != NIF_CONN_OPEN || !(s->flags & SOCK_LIVE)) {
        w5500__tcp_abort(w, conn);
        return;
    }
    w5500__set(s, SOCK_LEFT | SOCK_FIN | SOCK_LOOK);
    s->since_us = w5500__now(&w->chip);
    conn->state = NIF_CONN_CLOSING;
    w5500__kick(w);
}

unsigned w5500__tcp_ready(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);
    unsigned ready = 0;

    if (conn->state == NIF_CONN_FAILED) {
        return NIF_READABLE | NIF_WRITABLE;
    }
    if (conn->state == NIF_CONN_LISTENING) {
        return first_ready(w, conn) != NULL ? NIF_ACCEPTABLE : 0;
    }
    if (conn->state < NIF_CONN_OPEN) {
        return 0;
    }
    if (w5500__waiting(w, s) > 0 || (s->flags & SOCK_ENDED)) {
        ready |= NIF_READABLE;
    }
    if ((s->flags & (SOCK_LIVE | SOCK_FIN)) == SOCK_LIVE &&
        w5500__is_ready(w)) {
        w5500__clear(s, SOCK_STARVED);
        if (w5500__room(w, s) > s->tx_len) {
            ready |= NIF_WRITABLE;
        } else {
            w5500__set(s, SOCK_STARVED);
        }
    }
    return ready;
}
