// SPDX-License-Identifier: MIT
//
// What UDP and TCP connections have in common: sockets of the chip, local
// ports, ways, and their memory in the chip.

#include "sockets.h"

#include <string.h>

_Static_assert(sizeof(struct w5500__sock) <= NIF_CONN_IMPL, "too much");

#define TTL_DEFAULT 64

// After abort(): so long the chip may say good-bye.
#define LEAVE_US 1000000u

// Draws until a port is free: with at most eight in use it is the first one
// as a rule.
#define PORT_DRAWS 64

void w5500__kick(struct w5500 *w)
{
    w->kick = true;
    nif_clock_wake(w->stack.clock);
}

// --------------------------------------------------- sockets of the chip

void w5500__shut(struct w5500 *w, struct w5500__sock *s)
{
    if ((s->flags & SOCK_LIVE) && w5500__is_ready(w)) {
        w5500__close(&w->chip, s->n);
    }
    w5500__clear(s, SOCK_LIVE | SOCK_BUSY | SOCK_LOOK);
    s->rx_left = 0;
    s->tx_len = 0;
}

void w5500__give_back(struct w5500 *w, struct w5500__sock *s)
{
    w5500__shut(w, s);
    w->taken = (uint8_t)(w->taken & ~(1u << s->n));
    s->n = W5500_NONE;
}

// The first that is not in `but`, and has room in both directions.
static uint8_t find_socket(const struct w5500 *w, unsigned but)
{
    uint8_t n = 0;

    while (n < W5500_SOCKETS &&
        ((but >> n & 1) != 0 || w->chip.cfg.rx_kib[n] == 0 ||
            w->chip.cfg.tx_kib[n] == 0)) {
        n++;
    }
    return n;
}

// A listener can do without its own, unless somebody waits there.
static void free_one(struct w5500 *w)
{
    for (struct nif_conn *c = w->conns; c != NULL; c = c->next) {
        struct w5500__sock *s = w5500__sock(c);

        if (c->state == NIF_CONN_LISTENING && s->n != W5500_NONE &&
            !(s->flags & SOCK_FULL)) {
            w5500__give_back(w, s);
            return;
        }
    }
}

uint8_t w5500__take_socket(struct w5500 *w, bool must)
{
    uint8_t n = find_socket(w, w->taken | w->leaving);

    if (n == W5500_NONE && must) {
        n = find_socket(w, w->taken);
        if (n == W5500_NONE) {
            free_one(w);
            n = find_socket(w, w->taken);
        }
    }
    if (n == W5500_NONE) {
        return n;
    }
    // It is closed before it is opened.
    w->leaving = (uint8_t)(w->leaving & ~(1u << n));
    w->taken = (uint8_t)(w->taken | 1u << n);
    return n;
}

bool w5500__disconnect(struct w5500 *w, const struct w5500__sock *s)
{
    uint8_t status = w5500__read8(&w->chip, w5500__reg(s, W5500_SN_SR));

    if (status != W5500_SN_SR_ESTABLISHED && status != W5500_SN_SR_CLOSE_WAIT) {
        return false; // it has ended just now
    }
    w5500__command(&w->chip, s->n, W5500_SN_CR_DISCON);
    return true;
}

void w5500__leave(struct w5500 *w, struct w5500__sock *s)
{
    unsigned bit = 1u << s->n;

    if ((s->flags & SOCK_LIVE) && w5500__is_ready(w) &&
        ((s->flags & SOCK_FIN_SENT) || w5500__disconnect(w, s))) {
        w->leaving = (uint8_t)(w->leaving | bit);
        w->leaving_us = w5500__now(&w->chip);
        w5500__clear(s, SOCK_LIVE);
    }
    w5500__give_back(w, s);
    w5500__kick(w);
}

void w5500__serve_leaving(struct w5500 *w)
{
    bool late = w5500__now(&w->chip) - w->leaving_us >= LEAVE_US;

    for (uint32_t n = 0; n < W5500_SOCKETS; n++) {
        if ((w->leaving >> n & 1) == 0) {
            continue;
        }
        if (late) {
            w5500__close(&w->chip, n);
        }
        if (w5500__read8(&w->chip, W5500_SN(n, W5500_SN_SR)) ==
            W5500_SN_SR_CLOSED) {
            w->leaving = (uint8_t)(w->leaving & ~(1u << n));
        }
    }
}

void w5500__unlink(struct w5500 *w, struct nif_conn *conn)
{
    struct nif_conn **at = &w->conns;

    while (*at != NULL && *at != conn) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = conn->next;
        w5500__give_back(w, w5500__sock(conn));
    }
    conn->next = NULL;
    conn->state = NIF_CONN_CLOSED;
}

// ------------------------------------------------------------ local ports

// Who has a TCP peer does not keep a port from a listener.
static bool port_taken(const struct w5500 *w, const struct nif_conn *conn,
    uint16_t port, bool drawn)
{
    for (struct nif_conn *c = w->conns; c != NULL; c = c->next) {
        const struct w5500__sock *s = w5500__sock(c);

        if (c != conn && c->proto == conn->proto && s->port == port &&
            (drawn || c->proto == NIF_UDP || s->peer_port == 0)) {
            return true;
        }
    }
    return false;
}

// The dynamic ports are 49152 to 65535 (RFC 6335 6), drawn by lot (RFC 6056
// 3.3.1).
int w5500__bind_any(struct w5500 *w, struct nif_conn *conn)
{
    struct w5500__sock *s = w5500__sock(conn);

    for (unsigned i = 0; s->port == 0; i++) {
        uint16_t port = (uint16_t)(0xC000 | nif_random_draw(&w->random));

        if (i == PORT_DRAWS) {
            return NIF_EADDRINUSE;
        }
        if (!port_taken(w, conn, port, true)) {
            s->port = port;
        }
    }
    return 0;
}

int w5500__bind(struct w5500 *w, struct nif_conn *conn,
    const struct nif_endpoint *local)
{
    struct w5500__sock *s = w5500__sock(conn);

    if (conn->state != NIF_CONN_IDLE || s->port != 0 || s->listener != NULL) {
        return NIF_EISCONN;
    }
    if (!nif_ip_is_any(&local->ip)) {
        if (local->ip.family != NIF_IPV4) {
            return NIF_EINVAL;
        }
        if (!nif_ip_equal(&local->ip, &w->net.ip)) {
            return NIF_EADDR;
        }
    }
    if (local->port != 0 && port_taken(w, conn, local->port, false)) {
        return NIF_EADDRINUSE;
    }
    if (!nif_ip_is_any(&local->ip)) {
        w5500__set(s, SOCK_BOUND);
    }
    s->port = local->port;
    return w5500__bind_any(w, conn);
}

// ------------------------------------------------------------------ ways

bool w5500__is_group(const uint8_t ip[4])
{
    return ip[0] >> 4 == 0xE;
}

static uint32_t own_ip(const struct w5500 *w)
{
    return nif_get_be32(w->chip.own + W5500_SIPR);
}

static uint32_t own_mask(const struct w5500 *w)
{
    return nif_get_be32(w->chip.own + W5500_SUBR);
}

// A subnet of one or two addresses has no broadcast (RFC 3021).
bool w5500__is_broadcast(const struct w5500 *w, const uint8_t ip[4])
{
    uint32_t to = nif_get_be32(ip);
    uint32_t mask = own_mask(w);

    return to == UINT32_MAX ||
        (own_ip(w) != 0 && mask < UINT32_MAX - 1 && to == (own_ip(w) | ~mask));
}

int w5500__route(const struct w5500 *w, const uint8_t ip[4])
{
    uint32_t to = nif_get_be32(ip);
    uint32_t own = own_ip(w);

    if (to == UINT32_MAX) {
        return 0;
    }
    if (own == 0) {
        return NIF_EADDR;
    }
    if (to == 0 || to == own || ip[0] == 127) {
        return NIF_EUNREACH;
    }
    return ((to ^ own) & own_mask(w)) == 0 || w5500__is_group(ip) ||
            nif_get_be32(w->chip.own + W5500_GAR) != 0
        ? 0
        : NIF_EUNREACH;
}

// ----------------------------------------------------- a socket's memory

// The kind of a socket, as its connection is (Sn_MR 3 to 0).
static uint8_t kind_of(const struct w5500__sock *s)
{
    return (s->flags & SOCK_TCP) ? W5500_SN_MR_TCP : W5500_SN_MR_UDP;
}

// Reads MR to PORT. What MR and PORT are, we know: so neither noise nor a chip
// that was reset is believed.
static bool read_state(struct w5500 *w, const struct w5500__sock *s,
    uint8_t now[W5500_SN_PORT + 2])
{
    w5500__read(&w->chip, w5500__reg(s, W5500_SN_MR), now, W5500_SN_PORT + 2);
    return (now[W5500_SN_MR] & W5500_SN_MR_KIND) == kind_of(s) &&
        nif_get_be16(now + W5500_SN_PORT) == s->port;
}

uint8_t w5500__take_flags(struct w5500 *w, struct w5500__sock *s,
    uint8_t *status)
{
    struct w5500_chip *chip = &w->chip;
    uint8_t now[W5500_SN_PORT + 2];
    uint8_t flags;
    bool good = read_state(w, s, now);

    if (!good) {
        good = read_state(w, s, now); // it may have been a slip of the bus
    }
    if (!good && chip->err == 0) {
        chip->err = NIF_EPROTO;
    }
    flags = now[W5500_SN_IR];
    *status = now[W5500_SN_SR];
    if (*status == W5500_SN_SR_CLOSED) {
        // It may have ended between the two bytes: why, is in the first.
        flags = w5500__read8(chip, w5500__reg(s, W5500_SN_IR));
    }
    flags &= W5500_SN_IR_ALL;
    if (flags != 0) {
        w5500__write8(chip, w5500__reg(s, W5500_SN_IR), flags);
    }
    if (flags & (W5500_SN_IR_RECV | W5500_SN_IR_DISCON)) {
        w5500__set(s, SOCK_LOOK);
    }
    return flags;
}

unsigned w5500__waiting(struct w5500 *w, struct w5500__sock *s)
{
    struct w5500_chip *chip = &w->chip;
    unsigned waiting;

    if (!w5500__is_ready(w)) {
        return 0;
    }
    if (s->rx_left > 0 || !(s->flags & SOCK_LOOK)) {
        return s->rx_left;
    }
    waiting = w5500__read_settled(chip, w5500__reg(s, W5500_SN_RX_RSR));
    if (waiting > chip->cfg.rx_kib[s->n] * 1024u) {
        chip->err = NIF_EPROTO;
        waiting = 0;
    }
    if (waiting == 0) {
        w5500__clear(s, SOCK_LOOK); // a flag will tell
    }
    s->rx_left = (uint16_t)waiting;
    return waiting;
}

void w5500__take(struct w5500 *w, struct w5500__sock *s, void *buf, size_t len,
    size_t skip, size_t total)
{
    struct w5500_chip *chip = &w->chip;
    unsigned at = w5500__read16(chip, w5500__reg(s, W5500_SN_RX_RD));
    uint8_t kind;

    if (len > 0) {
        w5500__read(chip, W5500_RX((uint32_t)s->n, (uint16_t)(at + skip)), buf,
            len);
    }
    if (total == 0) {
        return;
    }
    w5500__write16(chip, w5500__reg(s, W5500_SN_RX_RD), (uint16_t)(at + total));
    w5500__command(chip, s->n, W5500_SN_CR_RECV);
    s->rx_left = (uint16_t)(s->rx_left - total);
    // Was the chip reset meanwhile, that is no data.
    kind = w5500__read8(chip, w5500__reg(s, W5500_SN_MR)) & W5500_SN_MR_KIND;
    if (kind != kind_of(s) && chip->err == 0) {
        chip->err = NIF_EPROTO;
    }
}

unsigned w5500__room(struct w5500 *w, const struct w5500__sock *s)
{
    unsigned room =
        w5500__read_settled(&w->chip, w5500__reg(s, W5500_SN_TX_FSR));

    if (room > w->chip.cfg.tx_kib[s->n] * 1024u) {
        w->chip.err = NIF_EPROTO;
        room = 0;
    }
    return room;
}

void w5500__write_options(struct w5500 *w, const struct w5500__sock *s)
{
    const uint8_t values[] = { s->tos, s->ttl != 0 ? s->ttl : TTL_DEFAULT };

    w5500__write(&w->chip, w5500__reg(s, W5500_SN_TOS), values, sizeof(values));
    w5500__write8(&w->chip, w5500__reg(s, W5500_SN_KPALVTR), s->keepalive);
}
