// SPDX-License-Identifier: MIT
//
// What an application gives to connections and takes from them: copies to and
// from their buffers. The module's side of that is data.c.

#include "internal.h"

#include <string.h>

void at__tell_peer(const struct espat_conn *c, struct nif_endpoint *out)
{
    if (out != NULL) {
        *out = (struct nif_endpoint){ .port = c->port };
        if (c->known) {
            out->ip = nif_ip4_from(c->peer);
        }
    }
}

static int send_stream(struct nif_conn *conn, const uint8_t *data, size_t len)
{
    struct espat_conn *c = at__conn(conn);
    size_t cap = conn->cfg.tx_cap;
    size_t room = cap - c->tx_len;

    if (c->ended) {
        return NIF_ENOTCONN;
    }
    if (len > 0 && room == 0) {
        return NIF_EAGAIN;
    }
    len = len < room ? len : room;
    at__ring_write(conn->cfg.tx, cap, c->tx_at + c->tx_len, data, len);
    c->tx_len += (uint32_t)len;
    nif_clock_wake(conn->stack->clock);
    return (int)len;
}

static int send_datagram(struct espat *chip, struct nif_conn *conn,
    const uint8_t *data, size_t len, const struct nif_endpoint *to)
{
    struct espat_conn *c = at__conn(conn);
    uint8_t head[ESPAT_HEAD];
    uint8_t *ring;
    size_t cap;

    ring = at__tx(chip, conn, &cap);
    nif_put_be16(head + 4, to != NULL ? to->port : c->port);
    memcpy(head, to != NULL ? to->ip.byte : c->peer, 4);
    nif_put_be16(head + 6, (uint16_t)len);
    if (len > ESPAT_DATAGRAM_MAX || len + ESPAT_HEAD > cap) {
        return NIF_ETOOBIG;
    }
    if (len == 0) {
        return NIF_ENOTSUP;
    }
    if (c->tx_len + ESPAT_HEAD + len > cap ||
        (conn->cfg.tx_cap == 0 && (chip->spare != NULL || chip->orphan))) {
        return NIF_EAGAIN;
    }
    if (conn->cfg.tx_cap == 0) {
        chip->spare = conn;
    }
    at__ring_write(ring, cap, c->tx_at + c->tx_len, head, sizeof(head));
    at__ring_write(ring, cap, c->tx_at + c->tx_len + ESPAT_HEAD, data, len);
    c->tx_len += (uint32_t)(ESPAT_HEAD + len);
    nif_clock_wake(conn->stack->clock);
    return (int)len;
}

static int send_udp(struct espat *chip, struct nif_conn *conn, const void *data,
    size_t len, const struct nif_endpoint *to)
{
    int err = 0;

    if (to == NULL ? !at__conn(conn)->known
                   : to->ip.family != NIF_IPV4 || to->port == 0) {
        return to == NULL ? NIF_ENOTCONN : NIF_EINVAL;
    }
    if (!at__has_address(chip)) {
        return NIF_EADDR;
    }
    if (at__conn(conn)->local == 0) {
        err = at__begin_udp(chip, conn, 0);
    }
    return err != 0 ? err : send_datagram(chip, conn, data, len, to);
}

int at__send_data(struct nif_stack *stack, struct nif_conn *conn,
    const void *data, size_t len, const struct nif_endpoint *to)
{
    struct espat *chip = at__of(stack);

    switch (nif_conn_state(conn)) {
    case NIF_CONN_FAILED: return conn->err;
    case NIF_CONN_OPENING: return NIF_EAGAIN;
    case NIF_CONN_IDLE:
    case NIF_CONN_OPEN:
        if (conn->proto == NIF_UDP) {
            return send_udp(chip, conn, data, len, to);
        }
        return conn->state == NIF_CONN_OPEN ? send_stream(conn, data, len)
                                            : NIF_ENOTCONN;
    case NIF_CONN_CLOSED:
    case NIF_CONN_LISTENING:
    case NIF_CONN_CLOSING:
    default: return NIF_ENOTCONN;
    }
}

static void rx_read(struct nif_conn *conn, uint8_t *buf, size_t len)
{
    struct espat_conn *c = at__conn(conn);
    size_t cap = conn->cfg.rx_cap;
    size_t first = len < cap - c->rx_at ? len : cap - c->rx_at;

    if (buf != NULL && len > 0) {
        memcpy(buf, conn->cfg.rx + c->rx_at, first);
        memcpy(buf + first, conn->cfg.rx, len - first);
    }
    c->rx_at += (uint32_t)len;
    c->rx_at -= (uint32_t)(c->rx_at >= cap ? cap : 0);
    c->rx_len -= (uint32_t)len;
    nif_clock_wake(conn->stack->clock); // there may be more to fetch
}

static int recv_datagram(struct nif_conn *conn, void *buf, size_t cap,
    struct nif_endpoint *from)
{
    struct espat_conn who = { .known = true };
    uint8_t head[ESPAT_HEAD];
    size_t len;
    size_t n;

    rx_read(conn, head, sizeof(head));
    memcpy(who.peer, head, sizeof(who.peer));
    who.port = nif_get_be16(head + 4);
    who.known = who.port != 0;
    at__tell_peer(&who, from);
    len = nif_get_be16(head + 6);
    n = len < cap ? len : cap;
    rx_read(conn, buf, n);
    rx_read(conn, NULL, len - n);
    return (int)n;
}

int at__recv_data(struct nif_stack *stack, struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from)
{
    const struct espat_conn *c = at__conn(conn);
    size_t n = c->rx_len < cap ? c->rx_len : cap;

    (void)stack;
    if (c->rx_len > 0) {
        if (conn->proto == NIF_UDP) {
            return recv_datagram(conn, buf, cap, from);
        }
        at__tell_peer(c, from);
        rx_read(conn, buf, n);
        return (int)n;
    }
    switch (nif_conn_state(conn)) {
    case NIF_CONN_FAILED: return conn->err;
    case NIF_CONN_OPENING: return NIF_EAGAIN;
    case NIF_CONN_OPEN: return c->ended ? 0 : NIF_EAGAIN;
    case NIF_CONN_IDLE:
        return conn->proto == NIF_UDP && c->local != 0 ? NIF_EAGAIN
                                                       : NIF_ENOTCONN;
    case NIF_CONN_CLOSED:
    case NIF_CONN_LISTENING:
    case NIF_CONN_CLOSING:
    default: return NIF_ENOTCONN;
    }
}
