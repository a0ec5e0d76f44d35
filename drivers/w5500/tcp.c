// SPDX-License-Identifier: MIT
//
// TCP in the W5500's sockets. The chip speaks; here is what it is to do next,
// and what its status says of a connection. Of a reset and of the end of a
// farewell it tells nothing but its status: that is looked at again and again.

#include "sockets.h"

#include <string.h>

// A call that fails sooner was not answered by ARP, and is made again: a
// neighbour may be slow to come.
#define CALL_US 20000000u

// After close(): so long the farewell may take.
#define LEAVE_US 60000000u

// SENDOK that has not come by then, although all is acknowledged, was lost.
#define SENDOK_US 1000000u

// ------------------------------------------------ beginning and ending

// What is to be done with its socket: to listen, to call, or nothing.
static uint8_t purpose(const struct nif_conn *conn, const struct w5500__sock *s)
{
    switch (conn->state) {
    case NIF_CONN_OPENING: return W5500_SN_CR_CONNECT;
    case NIF_CONN_LISTENING: return W5500_SN_CR_LISTEN;
    case NIF_CONN_IDLE: return s->listener != NULL ? W5500_SN_CR_LISTEN : 0;
    default: return 0;
    }
}

void w5500__tcp_open(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);
    uint8_t command = purpose(conn, s);

    // Without an address the chip does not speak TCP.
    if ((s->flags & SOCK_LIVE) || !w5500__is_ready(w) || command == 0 ||
        w->net.ip.family == NIF_IP_NONE) {
        return;
    }
    if (s->n == W5500_NONE) {
        s->n = w5500__take_socket(w, false);
        if (s->n == W5500_NONE) {
            return; // it does without
        }
    }
    w5500__close(&w->chip, s->n);
    w5500__write16(&w->chip, w5500__reg(s, W5500_SN_PORT), s->port);
    w5500__write_options(w, s);
    w5500__open(&w->chip, s->n, W5500_SN_MR_TCP, W5500_SN_SR_INIT);
    if (command == W5500_SN_CR_CONNECT) {
        uint8_t to[6];

        memcpy(to, s->peer, 4);
        nif_put_be16(to + 4, s->peer_port);
        w5500__write(&w->chip, w5500__reg(s, W5500_SN_DIPR), to, sizeof(to));
    }
    w5500__command(&w->chip, s->n, command);
    w5500__set(s, SOCK_LIVE);
    w5500__kick(w);
}

// Back in the backlog, as its listener is.
void w5500__tcp_rejoin(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);
    struct nif_conn *listener = s->listener;
    const struct w5500__sock *l = w5500__sock(listener);
    uint8_t n = s->n;

    w5500__shut(w, s);
    if (n == W5500_NONE) {
        n = w5500__take_socket(w, true); // its own at worst
    }
    *s = (struct w5500__sock){
        .flags = SOCK_TCP,
        .listener = listener,
        .n = n,
        .port = l->port,
        .ttl = l->ttl,
        .tos = l->tos,
        .keepalive = l->keepalive,
    };
    conn->state = NIF_CONN_IDLE;
    conn->err = 0;
    if (!(l->flags & SOCK_FULL)) { // else it is for who waits there
        w5500__tcp_open(w, conn);
    }
    w5500__kick(w);
}

// It has ended. What was received can still be read from the chip, unless the
// application has left.
static void end(struct w5500 *w, struct nif_conn *conn, int err)
{
    struct w5500__sock *s = w5500__sock(conn);
    bool left = (s->flags & SOCK_LEFT) != 0;

    w5500__clear(s, SOCK_LIVE | SOCK_BUSY | SOCK_STARVED | SOCK_RESTING);
    s->tx_len = 0;
    if (s->listener != NULL && (left || !(s->flags & SOCK_ACCEPTED))) {
        w5500__tcp_rejoin(w, conn);
    } else if (left) {
        w5500__unlink(w, conn);
    } else if (err != 0) {
        conn->err = err;
        conn->state = NIF_CONN_FAILED;
    }
    // Else it ended well, but the application has not closed it yet.
}

void w5500__tcp_kill(struct w5500 *w, struct nif_conn *conn, int err)
{
    w5500__shut(w, w5500__sock(conn));
    end(w, conn, err);
}

void w5500__tcp_lost(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);

    if ((s->flags & SOCK_LIVE) && conn->state != NIF_CONN_LISTENING) {
        w5500__tcp_kill(w, conn, NIF_ERESET);
    } else {
        w5500__shut(w, s); // what it had to read is gone
        w5500__clear(s, SOCK_FULL);
    }
}

// ------------------------------------------------------------------- turns

// Sends what was written behind TX_WR, once the last has gone out.
void w5500__tcp_push(struct w5500 *w, struct w5500__sock *s)
{
    if (s->tx_len == 0 || (s->flags & SOCK_BUSY)) {
        return;
    }
    w5500__write16(&w->chip, w5500__reg(s, W5500_SN_TX_WR),
        (uint16_t)(s->tx_at + s->tx_len));
    w5500__command(&w->chip, s->n, W5500_SN_CR_SEND);
    s->tx_len = 0;
    s->sent_us = w5500__now(&w->chip);
    w5500__set(s, SOCK_BUSY);
}

// True if all that was given to SEND is acknowledged, although the chip has
// not said that it has left.
static bool has_left(struct w5500 *w, const struct w5500__sock *s)
{
    return w5500__now(&w->chip) - s->sent_us >= SENDOK_US &&
        w5500__room(w, s) == w->chip.cfg.tx_kib[s->n] * 1024u;
}

size_t w5500__tcp_unacked(struct w5500 *w, struct nif_conn *conn)
{
    const struct w5500__sock *s = w5500__sock(conn);

    if (!(s->flags & SOCK_LIVE) || !w5500__is_ready(w) ||
        conn->state < NIF_CONN_OPEN) {
        return 0;
    }
    return w->chip.cfg.tx_kib[s->n] * 1024u - w5500__room(w, s) + s->tx_len;
}

// Our end goes out when all before it is acknowledged.
static void say_goodbye(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);

    if ((s->flags & (SOCK_LIVE | SOCK_FIN | SOCK_FIN_SENT | SOCK_BUSY)) ==
            (SOCK_LIVE | SOCK_FIN) &&
        conn->state >= NIF_CONN_OPEN && w5500__tcp_unacked(w, conn) == 0 &&
        w->chip.err == 0 && w5500__disconnect(w, s)) {
        w5500__set(s, SOCK_FIN_SENT);
    }
}

static void throw_away(struct w5500 *w, struct w5500__sock *s)
{
    unsigned waiting = w5500__waiting(w, s);

    if (waiting > 0) {
        w5500__take(w, s, NULL, 0, 0, waiting);
    }
}

static void established(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);
    uint8_t peer[6];

    w5500__read(&w->chip, w5500__reg(s, W5500_SN_DIPR), peer, sizeof(peer));
    if (s->peer_port != 0 &&
        (memcmp(s->peer, peer, 4) != 0 ||
            s->peer_port != nif_get_be16(peer + 4)) &&
        w->chip.err == 0) {
        w->chip.err = NIF_EPROTO; // we called somebody else
    }
    if (w->chip.err != 0) {
        return;
    }
    memcpy(s->peer, peer, sizeof(s->peer));
    s->peer_port = nif_get_be16(peer + 4);
    s->order = w->order++;
    w5500__set(s, SOCK_LOOK);
    conn->state = NIF_CONN_OPEN;
}

// The chip's socket is closed, and not by us.
static void ended(struct w5500 *w, struct nif_conn *conn, uint8_t flags)
{
    struct w5500__sock *s = w5500__sock(conn);
    unsigned both = SOCK_FIN_SENT | SOCK_ENDED;
    int err = NIF_ERESET;

    if (flags & W5500_SN_IR_TIMEOUT) {
        if (conn->state == NIF_CONN_OPENING && s->listener == NULL &&
            w5500__now(&w->chip) - s->since_us < CALL_US) {
            w5500__clear(s, SOCK_LIVE);
            w5500__tcp_open(w, conn);
            return;
        }
        err = NIF_ETIMEDOUT;
    } else if (conn->state == NIF_CONN_OPENING) {
        err = NIF_EREFUSED;
    } else if ((s->flags & both) == both) {
        err = 0;
    }
    end(w, conn, err);
}

static void follow(struct w5500 *w, struct nif_conn *conn, uint8_t status)
{
    struct w5500__sock *s = w5500__sock(conn);

    if (status == W5500_SN_SR_SYNRECV && conn->state == NIF_CONN_IDLE) {
        conn->state = NIF_CONN_OPENING;
    }
    if ((status == W5500_SN_SR_ESTABLISHED ||
            status == W5500_SN_SR_CLOSE_WAIT) &&
        conn->state < NIF_CONN_OPEN) {
        established(w, conn);
    }
    if (status >= W5500_SN_SR_CLOSING) { // the peer's FIN has come
        w5500__set(s, SOCK_ENDED | SOCK_LOOK);
    }
    if (conn->state == NIF_CONN_CLOSING) {
        if (status == W5500_SN_SR_TIME_WAIT) {
            w5500__set(s, SOCK_RESTING);
        }
        throw_away(w, s);
    }
}

// A listener's own socket: so that somebody is at home while the last of the
// backlog says good-bye. Who comes to it moves into the first that is free.
static void serve_listener(struct w5500 *w, struct nif_conn *listener,
    uint8_t status)
{
    struct w5500__sock *l = w5500__sock(listener);
    struct nif_conn *c = w->conns;
    struct w5500__sock *s;
    uint8_t n = l->n;

    if (status == W5500_SN_SR_CLOSED) {
        w5500__clear(l, SOCK_LIVE | SOCK_FULL);
        w5500__tcp_open(w, listener);
        return;
    }
    if (status != W5500_SN_SR_ESTABLISHED && status != W5500_SN_SR_CLOSE_WAIT) {
        return;
    }
    while (c != NULL &&
        (w5500__sock(c)->listener != listener || c->state != NIF_CONN_IDLE)) {
        c = c->next;
    }
    w5500__set(l, SOCK_FULL);
    if (c == NULL) {
        return;
    }
    s = w5500__sock(c);
    l->n = s->n;
    l->flags = s->flags;
    s->n = n;
    s->flags = SOCK_TCP | SOCK_LIVE;
    follow(w, c, status);
    w5500__tcp_open(w, listener);
}

void w5500__tcp_serve(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);
    uint8_t status;
    uint8_t flags;

    flags = w5500__take_flags(w, s, &status);
    if (w->chip.err != 0) {
        return;
    }
    if (status == W5500_SN_SR_INIT && conn->state < NIF_CONN_OPENING) {
        w5500__clear(s, SOCK_LIVE); // it did not follow LISTEN
        w5500__tcp_open(w, conn);
        return;
    }
    if (conn->state == NIF_CONN_LISTENING) {
        serve_listener(w, conn, status);
        return;
    }
    if (flags & W5500_SN_IR_DISCON) {
        w5500__set(s, SOCK_ENDED);
    }
    if (status == W5500_SN_SR_CLOSED) {
        ended(w, conn, flags);
        return;
    }
    if ((flags & W5500_SN_IR_SENDOK) ||
        ((s->flags & SOCK_BUSY) && has_left(w, s))) {
        w5500__clear(s, SOCK_BUSY);
    }
    follow(w, conn, status);
    w5500__tcp_push(w, s);
    say_goodbye(w, conn);
    if ((s->flags & SOCK_LEFT) &&
        ((s->listener != NULL && (s->flags & SOCK_RESTING)) ||
            w5500__now(&w->chip) - s->since_us >= LEAVE_US)) {
        w5500__tcp_kill(w, conn, 0);
    }
}
