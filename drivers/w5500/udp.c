// SPDX-License-Identifier: MIT
//
// UDP in the W5500's sockets. In front of each received datagram the chip
// puts whose it is and its length.

#include "sockets.h"

#include <string.h>

// Address (4), port (2), length (2).
#define HEAD 8

#define DATAGRAM_MAX 1472

// Datagrams not from the peer that one recv() drops.
#define SKIPS 16

// Beyond the time that ARP takes: a frame, and who comes late to look.
#define SLACK_US 200000u

static bool has_group(const struct w5500__sock *s)
{
    return s->group[0] != 0;
}

// The Ethernet address of a group (RFC 1112 6.4).
static void group_hwaddr(uint8_t hwaddr[6], const uint8_t group[4])
{
    hwaddr[0] = 0x01;
    hwaddr[1] = 0x00;
    hwaddr[2] = 0x5E;
    hwaddr[3] = group[1] & 0x7F;
    hwaddr[4] = group[2];
    hwaddr[5] = group[3];
}

// A group is what DHAR, DIPR and DPORT say while the socket is open.
static void write_group(struct w5500 *w, const struct w5500__sock *s)
{
    uint8_t to[12];

    group_hwaddr(to, s->group);
    memcpy(to + 6, s->group, 4);
    nif_put_be16(to + 10, s->port);
    w5500__write(&w->chip, w5500__reg(s, W5500_SN_DHAR), to, sizeof(to));
}

void w5500__udp_open(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);
    uint8_t mode = W5500_SN_MR_UDP;

    if ((s->flags & SOCK_LIVE) || s->port == 0 || !w5500__is_ready(w) ||
        conn->state == NIF_CONN_FAILED) {
        return;
    }
    w5500__close(&w->chip, s->n);
    w5500__write16(&w->chip, w5500__reg(s, W5500_SN_PORT), s->port);
    w5500__write_options(w, s);
    if (has_group(s)) {
        mode |= W5500_SN_MR_MULTI;
        write_group(w, s);
    }
    if (s->flags & SOCK_BOUND) {
        mode |= W5500_SN_MR_BCASTB;
    }
    w5500__open(&w->chip, s->n, mode, W5500_SN_SR_UDP);
    w5500__set(s, SOCK_LIVE);
}

// What was received is lost by it.
static void reopen(struct w5500 *w, struct nif_conn *conn)
{
    w5500__shut(w, w5500__sock(conn));
    w5500__udp_open(w, conn);
}

void w5500__udp_rejoin(struct w5500 *w, struct nif_conn *conn)
{
    if (has_group(w5500__sock(conn))) {
        reopen(w, conn);
    }
}

void w5500__udp_lost(struct w5500 *w, struct nif_conn *conn)
{
    w5500__shut(w, w5500__sock(conn));
    if (conn->state == NIF_CONN_CLOSING) {
        w5500__unlink(w, conn);
    }
}

// ---------------------------------------------------------------- sending

// The longest that the chip may be busy with one: ARP unanswered.
static uint32_t send_limit_us(const struct w5500 *w)
{
    return w->chip.cfg.retry_100us * 100u * (w->chip.cfg.retries + 1u) +
        SLACK_US;
}

// The datagram has left, or will not.
static void finish(struct w5500 *w, struct nif_conn *conn, uint8_t flags)
{
    struct w5500__sock *s = w5500__sock(conn);

    w5500__clear(s, SOCK_BUSY);
    if (flags & W5500_SN_IR_SENDOK) {
        w->chip.stats.tx++;
    } else {
        w->chip.stats.tx_failed++;
        s->error = s->peer_port != 0 ? NIF_EUNREACH : 0;
    }
    if (conn->state == NIF_CONN_CLOSING) {
        w5500__unlink(w, conn);
    } else if (w5500__room(w, s) < w->chip.cfg.tx_kib[s->n] * 1024u) {
        reopen(w, conn); // or the next would go out with it
    } else if (has_group(s)) {
        write_group(w, s);
    }
}

void w5500__udp_serve(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);
    uint8_t status;
    uint8_t flags;

    flags = w5500__take_flags(w, s, &status);
    if (w->chip.err != 0) {
        return;
    }
    if (status != W5500_SN_SR_UDP) {
        w5500__soon(&w->chip); // perhaps the chip was reset
        reopen(w, conn);
    } else if ((s->flags & SOCK_BUSY) &&
        (flags & (W5500_SN_IR_SENDOK | W5500_SN_IR_TIMEOUT))) {
        finish(w, conn, flags);
    } else if ((s->flags & SOCK_BUSY) &&
        w5500__now(&w->chip) - s->sent_us > send_limit_us(w)) {
        w->chip.stats.tx_stuck++;
        finish(w, conn, 0);
    }
}

// To all and to a group there is no ARP: DHAR says it, and the command is
// SEND_MAC. Returns the command.
static uint8_t address(struct w5500 *w, struct w5500__sock *s,
    const uint8_t ip[4], uint16_t port)
{
    uint8_t command = W5500_SN_CR_SEND;
    uint8_t ttl = s->ttl != 0 ? s->ttl : 64;
    uint8_t to[12];
    unsigned skip = 6;

    memcpy(to + 6, ip, 4);
    nif_put_be16(to + 10, port);
    if (w5500__is_group(ip)) {
        ttl = s->ttl != 0 ? s->ttl : 1; // RFC 1112 6.1
        group_hwaddr(to, ip);
        skip = 0;
    } else if (w5500__is_broadcast(w, ip)) {
        memset(to, 0xFF, 6);
        skip = 0;
    }
    if (skip == 0) {
        command = W5500_SN_CR_SEND_MAC;
    }
    w5500__write(&w->chip, w5500__reg(s, W5500_SN_DHAR + skip), to + skip,
        sizeof(to) - skip);
    w5500__write8(&w->chip, w5500__reg(s, W5500_SN_TTL), ttl);
    return command;
}

static void emit(struct w5500 *w, struct w5500__sock *s, const void *data,
    size_t len, uint8_t command)
{
    struct w5500_chip *chip = &w->chip;
    unsigned at = w5500__read16(chip, w5500__reg(s, W5500_SN_TX_WR));

    w5500__write(chip, W5500_TX((uint32_t)s->n, at), data, len);
    w5500__write16(chip, w5500__reg(s, W5500_SN_TX_WR), (uint16_t)(at + len));
    w5500__command(chip, s->n, command);
    w5500__set(s, SOCK_BUSY);
    s->sent_us = w5500__now(chip);
    w5500__kick(w); // what poll() has said about when it is needed has changed
}

// What the network said, once.
static int take_error(struct w5500__sock *s)
{
    int err = s->error;

    s->error = 0;
    return err;
}

static bool is_target(const struct nif_endpoint *to)
{
    return to->port != 0 && to->ip.family == NIF_IPV4;
}

// Returns 0 if the chip can take `len` bytes now.
static int may_send(struct w5500 *w, struct nif_conn *conn, size_t len)
{
    struct w5500__sock *s = w5500__sock(conn);

    w5500__udp_open(w, conn);
    if (!(s->flags & SOCK_LIVE) || !w->chip.link) {
        return NIF_EAGAIN;
    }
    if (s->flags & SOCK_BUSY) {
        w5500__udp_serve(w, conn);
    }
    return (s->flags & SOCK_BUSY) || w5500__room(w, s) < len ? NIF_EAGAIN : 0;
}

int w5500__udp_send(struct w5500 *w, struct nif_conn *conn, const void *data,
    size_t len, const struct nif_endpoint *to)
{
    struct w5500__sock *s = w5500__sock(conn);
    const uint8_t *ip = s->peer;
    uint16_t port = s->peer_port;
    int err = conn->err != 0 ? conn->err : take_error(s);

    if (err != 0) {
        return err;
    }
    if (to != NULL) {
        if (!is_target(to)) {
            return NIF_EINVAL;
        }
        ip = to->ip.byte;
        port = to->port;
    } else if (port == 0) {
        return NIF_ENOTCONN;
    }
    if (len > DATAGRAM_MAX || len > (size_t)w->chip.cfg.tx_kib[s->n] * 1024) {
        return NIF_ETOOBIG;
    }
    if (len == 0) {
        return NIF_ENOTSUP; // nothing between TX_RD and TX_WR: no SEND
    }
    err = w5500__route(w, ip);
    if (err == 0) {
        err = w5500__bind_any(w, conn);
    }
    if (err == 0) {
        err = may_send(w, conn, len);
    }
    if (err == 0) {
        emit(w, s, data, len, address(w, s, ip, port));
    }
    return err != 0 ? err : (int)len;
}

// -------------------------------------------------------------- receiving

static bool from_peer(const struct w5500__sock *s, const uint8_t head[HEAD])
{
    return s->peer_port == 0 ||
        (memcmp(head, s->peer, 4) == 0 &&
            nif_get_be16(head + 4) == s->peer_port);
}

// Reads the head of the oldest datagram that is from the peer; others are
// dropped. False if there is none.
static bool find_datagram(struct w5500 *w, struct nif_conn *conn,
    uint8_t head[HEAD])
{
    struct w5500__sock *s = w5500__sock(conn);

    for (unsigned i = 0; i < SKIPS && w5500__waiting(w, s) > 0; i++) {
        size_t total;

        w5500__take(w, s, head, HEAD, 0, 0);
        total = HEAD + (size_t)nif_get_be16(head + 6);
        if (w->chip.err != 0) {
            return false;
        }
        if (total > HEAD + DATAGRAM_MAX || total > s->rx_left) {
            w->chip.stats.rx_reset++;
            w5500__soon(&w->chip); // perhaps the chip was reset
            reopen(w, conn);
        } else if (from_peer(s, head)) {
            return true;
        } else {
            w->chip.stats.rx_bad++;
            w5500__take(w, s, NULL, 0, 0, total);
        }
    }
    return false;
}

int w5500__udp_recv(struct w5500 *w, struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from)
{
    struct w5500__sock *s = w5500__sock(conn);
    int err = conn->err != 0 ? conn->err : take_error(s);
    uint8_t head[HEAD];
    size_t len;

    if (err != 0) {
        return err;
    }
    if (s->port == 0) {
        return NIF_ENOTCONN;
    }
    if (!find_datagram(w, conn, head)) {
        return NIF_EAGAIN;
    }
    if (from != NULL) {
        *from = (struct nif_endpoint){
            .ip = nif_ip4_from(head),
            .port = nif_get_be16(head + 4),
        };
    }
    len = nif_get_be16(head + 6);
    if (cap > len) {
        cap = len;
    }
    w5500__take(w, s, buf, cap, HEAD, HEAD + len);
    w->chip.stats.rx++;
    return (int)cap;
}

// ----------------------------------------------------------------- surface

int w5500__udp_connect(struct w5500 *w, struct nif_conn *conn,
    const struct nif_endpoint *peer)
{
    struct w5500__sock *s = w5500__sock(conn);
    int err = is_target(peer) ? w5500__route(w, peer->ip.byte) : NIF_EINVAL;

    if (err == 0) {
        err = w5500__bind_any(w, conn);
    }
    if (err == 0) {
        memcpy(s->peer, peer->ip.byte, sizeof(s->peer));
        s->peer_port = peer->port;
        s->error = 0;
        conn->state = NIF_CONN_OPEN;
        w5500__udp_open(w, conn);
    }
    return err;
}

int w5500__udp_group(struct w5500 *w, struct nif_conn *conn,
    const struct nif_ip *group, bool join)
{
    struct w5500__sock *s = w5500__sock(conn);
    bool same = memcmp(s->group, group->byte, sizeof(s->group)) == 0;

    if (!nif_ip_is_multicast(group) || group->family != NIF_IPV4 ||
        (!join && !same)) {
        return NIF_EINVAL;
    }
    if (join && has_group(s)) {
        return same ? 0 : NIF_ENOBUFS;
    }
    memset(s->group, 0, sizeof(s->group));
    if (join) {
        memcpy(s->group, group->byte, sizeof(s->group));
        // From then on nobody is sent to without ARP: a group's address is in
        // DHAR where the chip would look for the neighbour's.
        w->chip.own[W5500_MR] = W5500_MR_FARP;
        if (w5500__is_ready(w)) {
            w5500__write8(&w->chip, W5500_MR, W5500_MR_FARP);
        }
    }
    reopen(w, conn);
    return 0;
}

void w5500__udp_close(struct w5500 *w, struct nif_conn *conn)
{
    if ((w5500__sock(conn)->flags & SOCK_BUSY) &&
        conn->state != NIF_CONN_FAILED) {
        conn->state = NIF_CONN_CLOSING;
        w5500__kick(w);
    } else {
        w5500__unlink(w, conn);
    }
}

unsigned w5500__udp_ready(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);
    uint8_t head[HEAD];
    unsigned ready = 0;

    if (conn->err != 0 || s->error != 0) {
        return NIF_READABLE | NIF_WRITABLE;
    }
    if (find_datagram(w, conn, head)) {
        ready |= NIF_READABLE;
    }
    if (!(s->flags & SOCK_BUSY) && w5500__is_ready(w) && w->chip.link) {
        ready |= NIF_WRITABLE;
    }
    return ready;
}
