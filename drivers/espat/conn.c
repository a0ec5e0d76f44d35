// SPDX-License-Identifier: MIT
//
// The module's stack as an application sees it (nif/stack.h).

#include "internal.h"

#include <string.h>

#define FIRST_PORT 49152u

_Static_assert(sizeof(struct espat_conn) <= NIF_CONN_IMPL, "it must fit");

// ---- lists

static void unlink_conn(struct espat *chip, const struct nif_conn *conn)
{
    struct nif_conn **at = &chip->conns;

    while (*at != NULL && *at != conn) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = conn->next;
    }
}

static void append_conn(struct espat *chip, struct nif_conn *conn)
{
    struct nif_conn **at = &chip->conns;

    while (*at != NULL) {
        at = &(*at)->next;
    }
    conn->next = NULL;
    *at = conn;
}

// All that may need a link; a listener does not.
static bool is_full(const struct espat *chip)
{
    unsigned n = 0;

    for (struct nif_conn *conn = chip->conns; conn != NULL; conn = conn->next) {
        n += conn->state != NIF_CONN_LISTENING;
    }
    return n >= ESPAT_LINKS;
}

static void clear(struct nif_conn *conn)
{
    struct nif_conn *listener = at__conn(conn)->listener;

    memset(conn->impl.bytes, 0, sizeof(struct espat_conn));
    at__conn(conn)->id = ESPAT_NO_LINK;
    at__conn(conn)->listener = listener;
    conn->err = 0;
}

// Nothing here points at it or its buffers any more; its link is closed.
static void detach(struct espat *chip, struct nif_conn *conn)
{
    uint8_t id = at__conn(conn)->id;

    if (id != ESPAT_NO_LINK) {
        at__drop_link(chip, id);
    }
    at__conn(conn)->wants = false;
    at__forget_conn(chip, conn);
    if (chip->spare == conn) {
        chip->spare = NULL;
    }
}

void at__release(struct espat *chip, struct nif_conn *conn)
{
    detach(chip, conn);
    clear(conn);
    conn->state = NIF_CONN_IDLE;
    if (at__conn(conn)->listener == NULL) {
        unlink_conn(chip, conn);
        conn->state = NIF_CONN_CLOSED;
    }
}

void at__fail(struct espat *chip, struct nif_conn *conn, int err)
{
    struct espat_conn *c = at__conn(conn);

    detach(chip, conn);
    c->tx_len = 0;
    if (conn->state == NIF_CONN_CLOSING || (c->listener != NULL && !c->taken)) {
        at__release(chip, conn);
        return;
    }
    conn->err = err;
    conn->state = NIF_CONN_FAILED;
}

// ---- beginning

static int espat_open(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_proto proto, const struct nif_conn_cfg *cfg)
{
    struct espat *chip = at__of(stack);
    bool no_tx = cfg->tx_cap == 0 && chip->cfg.tx_cap == 0;

    if (proto == NIF_TLS ? !stack->caps.tls
                         : proto != NIF_TCP && proto != NIF_UDP) {
        return NIF_ENOTSUP;
    }
    if ((cfg->rx == NULL && cfg->rx_cap > 0) ||
        (cfg->tx == NULL && cfg->tx_cap > 0) || cfg->rx_cap > 1u << 30 ||
        cfg->tx_cap > 1u << 30 || (proto == NIF_UDP && no_tx)) {
        return NIF_EINVAL;
    }
    if (is_full(chip)) {
        return NIF_ENOBUFS;
    }
    *conn = (struct nif_conn){
        .stack = stack,
        .cfg = *cfg,
        .state = NIF_CONN_IDLE,
        .proto = (uint16_t)proto,
    };
    clear(conn);
    append_conn(chip, conn);
    return 0;
}

static bool port_is_taken(const struct espat *chip, const struct nif_conn *own,
    uint16_t port)
{
    for (struct nif_conn *conn = chip->conns; conn != NULL; conn = conn->next) {
        if (conn != own && conn->proto == own->proto &&
            at__conn(conn)->local == port) {
            return true;
        }
    }
    return false;
}

static uint16_t choose_port(struct espat *chip, const struct nif_conn *conn)
{
    do {
        chip->port = (uint16_t)(chip->port + 1u);
        if (chip->port < FIRST_PORT) {
            chip->port = FIRST_PORT;
        }
    } while (port_is_taken(chip, conn, chip->port)); // there are not as many
    return chip->port;
}

int at__begin_udp(struct espat *chip, struct nif_conn *conn, uint16_t port)
{
    struct espat_conn *c = at__conn(conn);

    if (!at__has_link(chip)) {
        return NIF_ENOBUFS;
    }
    c->local = port != 0 ? port : choose_port(chip, conn);
    c->wants = true;
    nif_clock_wake(chip->stack.clock);
    return 0;
}

static int espat_bind(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_endpoint *local)
{
    struct espat *chip = at__of(stack);
    struct espat_conn *c = at__conn(conn);

    if (conn->state != NIF_CONN_IDLE || c->local != 0) {
        return NIF_EISCONN;
    }
    if (!nif_ip_is_any(&local->ip) &&
        !nif_ip_equal(&local->ip, &chip->net.ip)) {
        return NIF_EADDR;
    }
    if (local->port != 0 && port_is_taken(chip, conn, local->port)) {
        return NIF_EADDRINUSE;
    }
    if (conn->proto == NIF_UDP) {
        return at__begin_udp(chip, conn, local->port);
    }
    c->local = local->port;
    return 0;
}

static bool is_host(const char *host)
{
    size_t len = host != NULL ? strlen(host) : 0;

    return len > 0 && len <= ESPAT_HOST_MAX;
}

static int set_peer(struct nif_conn *conn, const struct nif_endpoint *peer)
{
    struct espat_conn *c = at__conn(conn);
    bool has_ip = peer->ip.family == NIF_IPV4;

    // The name where there is no address, and for TLS, which shows it.
    if (is_host(peer->host) && conn->proto != NIF_UDP &&
        (!has_ip || conn->proto == NIF_TLS)) {
        memcpy(c->host, peer->host, strlen(peer->host) + 1);
    } else if (!has_ip) {
        return NIF_EINVAL;
    }
    if (peer->port == 0 ||
        (has_ip && conn->proto != NIF_UDP && peer->ip.byte[0] >= 224)) {
        return NIF_EINVAL;
    }
    memcpy(c->peer, peer->ip.byte, sizeof(c->peer));
    c->port = peer->port;
    c->known = true;
    return 0;
}

static int espat_connect(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_endpoint *peer)
{
    struct espat *chip = at__of(stack);
    struct espat_conn *c = at__conn(conn);
    int err;

    if (conn->state != NIF_CONN_IDLE || c->listener != NULL) {
        return NIF_EISCONN;
    }
    if (conn->proto != NIF_UDP && (c->local != 0 || conn->cfg.tx_cap == 0)) {
        return c->local != 0 ? NIF_ENOTSUP : NIF_EINVAL;
    }
    err = set_peer(conn, peer);
    if (err == 0 && !at__has_address(chip)) {
        err = NIF_EADDR;
    }
    if (err == 0 && c->local == 0 && !at__has_link(chip)) {
        err = NIF_ENOBUFS;
    }
    if (err == 0 && conn->proto == NIF_UDP) {
        err = c->local == 0 ? at__begin_udp(chip, conn, 0) : 0;
        conn->state = err == 0 ? NIF_CONN_OPEN : NIF_CONN_IDLE;
    } else if (err == 0) {
        c->wants = true;
        conn->state = NIF_CONN_OPENING;
    }
    nif_clock_wake(stack->clock);
    return err;
}

// ---- serving

static int espat_listen(struct nif_stack *stack, struct nif_conn *conn,
    struct nif_conn *backlog, size_t n)
{
    struct espat *chip = at__of(stack);
    struct espat_conn *c = at__conn(conn);

    if (conn->proto == NIF_TLS) {
        return NIF_ENOTSUP;
    }
    if (conn->proto != NIF_TCP || conn->state != NIF_CONN_IDLE ||
        c->local == 0 || n == 0) {
        return NIF_EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        if (backlog[i].state != NIF_CONN_IDLE || backlog[i].proto != NIF_TCP ||
            backlog[i].stack != stack || backlog[i].cfg.tx_cap == 0) {
            return NIF_EINVAL;
        }
    }
    if (chip->listener != NULL) {
        return NIF_ENOBUFS;
    }
    for (size_t i = 0; i < n; i++) {
        at__conn(&backlog[i])->listener = conn;
    }
    c->backlog = backlog;
    c->backlog_len = n;
    conn->state = NIF_CONN_LISTENING;
    chip->listener = conn;
    chip->server_port = c->local;
    chip->todo |= ESPAT_TODO_ROOM | ESPAT_TODO_LISTEN | ESPAT_TODO_IDLE;
    nif_clock_wake(stack->clock);
    return 0;
}

static struct nif_conn *oldest(const struct nif_conn *listener)
{
    const struct espat_conn *l = at__of_conn(listener);
    struct nif_conn *first = NULL;

    for (size_t i = 0; i < l->backlog_len; i++) {
        struct nif_conn *conn = &l->backlog[i];
        const struct espat_conn *c = at__conn(conn);

        if (c->ready && !c->taken &&
            (first == NULL ||
                (int16_t)(c->order - at__conn(first)->order) < 0)) {
            first = conn;
        }
    }
    return first;
}

static int espat_accept(struct nif_stack *stack, struct nif_conn *conn,
    struct nif_conn **out, struct nif_endpoint *peer)
{
    struct nif_conn *first;

    (void)stack;
    if (conn->state != NIF_CONN_LISTENING) {
        return conn->state == NIF_CONN_FAILED ? conn->err : NIF_EINVAL;
    }
    first = oldest(conn);
    if (first == NULL) {
        return NIF_EAGAIN;
    }
    at__conn(first)->taken = true;
    at__tell_peer(at__conn(first), peer);
    *out = first;
    return 0;
}

// ---- ending

static int espat_shutdown(struct nif_stack *stack, struct nif_conn *conn)
{
    (void)stack;
    return conn->state == NIF_CONN_OPEN && conn->proto != NIF_UDP
        ? NIF_ENOTSUP
        : NIF_ENOTCONN;
}

static void close_listener(struct espat *chip, struct nif_conn *conn)
{
    struct espat_conn *c = at__conn(conn);

    for (size_t i = 0; i < c->backlog_len; i++) {
        struct nif_conn *other = &c->backlog[i];

        at__conn(other)->listener = NULL;
        if (!at__conn(other)->taken) {
            at__release(chip, other);
        }
    }
    chip->listener = NULL;
    chip->todo &=
        ~(uint32_t)(ESPAT_TODO_ROOM | ESPAT_TODO_LISTEN | ESPAT_TODO_IDLE);
    if (chip->phase == ESPAT_READY) {
        chip->todo |= ESPAT_TODO_UNLISTEN;
    }
}

static void espat_abort(struct nif_stack *stack, struct nif_conn *conn)
{
    struct espat *chip = at__of(stack);

    if (chip->listener == conn) {
        close_listener(chip, conn);
    }
    at__release(chip, conn);
    nif_clock_wake(stack->clock);
}

static void espat_close(struct nif_stack *stack, struct nif_conn *conn)
{
    const struct espat_conn *c = at__conn(conn);
    bool says = c->id != ESPAT_NO_LINK || (c->wants && c->tx_len > 0);
    bool open = conn->state == NIF_CONN_OPEN || conn->state == NIF_CONN_IDLE;

    nif_clock_wake(stack->clock);
    if (open && says) {
        conn->state = NIF_CONN_CLOSING;
    } else if (conn->state != NIF_CONN_CLOSING) {
        espat_abort(stack, conn);
    }
}

// ---- the rest

static int espat_option(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_option option, int value)
{
    (void)stack;
    if (option != NIF_OPT_KEEPALIVE || conn->proto == NIF_UDP) {
        return NIF_ENOTSUP;
    }
    if (value < 0 || value > 7200 || conn->state != NIF_CONN_IDLE) {
        return NIF_EINVAL; // it is told with the connection's beginning
    }
    at__conn(conn)->keepalive = (uint16_t)value;
    return 0;
}

static unsigned espat_ready(struct nif_stack *stack, struct nif_conn *conn)
{
    const struct espat *chip = at__of(stack);
    const struct espat_conn *c = at__conn(conn);
    bool udp = conn->proto == NIF_UDP;
    unsigned ready = c->rx_len > 0 ? NIF_READABLE : 0;

    switch (nif_conn_state(conn)) {
    case NIF_CONN_LISTENING: return oldest(conn) != NULL ? NIF_ACCEPTABLE : 0;
    case NIF_CONN_FAILED: return NIF_READABLE | NIF_WRITABLE;
    case NIF_CONN_IDLE:
    case NIF_CONN_OPEN:
        if (udp) {
            bool full = conn->cfg.tx_cap == 0
                ? chip->spare != NULL || chip->orphan
                : c->tx_len + ESPAT_HEAD >= conn->cfg.tx_cap;

            return full ? ready : ready | NIF_WRITABLE;
        }
        if (conn->state == NIF_CONN_OPEN) {
            ready |= c->ended ? NIF_READABLE | NIF_WRITABLE : 0;
            ready |= c->tx_len < conn->cfg.tx_cap ? NIF_WRITABLE : 0;
        }
        return ready;
    case NIF_CONN_OPENING:
    case NIF_CONN_CLOSED:
    case NIF_CONN_CLOSING:
    default: return ready;
    }
}

static uint64_t espat_stack_poll(struct nif_stack *stack)
{
    uint64_t again_us = NIF_NEVER;

    int err = nif_iface_poll(&at__of(stack)->iface, &again_us);

    (void)err; // the device's to tell; connections have ended by it
    return again_us;
}

const struct nif_stack_ops at__stack_ops = {
    .open = espat_open,
    .bind = espat_bind,
    .connect = espat_connect,
    .listen = espat_listen,
    .accept = espat_accept,
    .send = at__send_data,
    .recv = at__recv_data,
    .shutdown = espat_shutdown,
    .close = espat_close,
    .abort = espat_abort,
    .option = espat_option,
    .ready = espat_ready,
    .lookup = at__ask,
    .net = at__net,
    .set_net = at__set_net,
    .poll = espat_stack_poll,
};
