// SPDX-License-Identifier: MIT
//
// The W5500's sockets as a stack: hands each call to UDP or TCP; turns,
// addresses, and what happens when the chip was lost.

#include "sockets.h"

#include <string.h>

// So that no two who have the same seed draw the same numbers.
#define SALT 0x57355500u

#define KEEPALIVE_UNIT_S 5
#define DATAGRAM_MAX     1472

static struct w5500 *of_chip(struct w5500_chip *chip)
{
    return nif_container_of(chip, struct w5500, chip);
}

static int done(struct w5500 *w, int result)
{
    return w5500__finish(&w->chip, result);
}

// A connection that was lost with the chip says so, now and always.
static int told(const struct nif_conn *conn, int result)
{
    bool failed = conn->state == NIF_CONN_FAILED;

    result = done(w5500__of(conn->stack), result);
    return !failed && conn->state == NIF_CONN_FAILED ? conn->err : result;
}

// ------------------------------------------------------------ connections

// One that was closed and only rests gives way.
static bool make_room(struct w5500 *w)
{
    for (struct nif_conn *c = w->conns; c != NULL; c = c->next) {
        if (w5500__sock(c)->flags & SOCK_RESTING) {
            w5500__tcp_kill(w, c, 0);
            return true;
        }
    }
    return false;
}

static int w5500_open(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_proto proto, const struct nif_conn_cfg *cfg)
{
    struct w5500 *w = w5500__of(stack);
    struct nif_conn **at = &w->conns;
    uint8_t n;

    if (proto != NIF_TCP && proto != NIF_UDP) {
        return NIF_ENOTSUP;
    }
    n = w5500__take_socket(w, true);
    if (n == W5500_NONE && make_room(w)) {
        n = w5500__take_socket(w, true);
    }
    if (n == W5500_NONE) {
        return done(w, NIF_ENOBUFS);
    }
    *conn = (struct nif_conn){
        .stack = stack,
        .cfg = *cfg,
        .state = NIF_CONN_IDLE,
        .proto = (uint16_t)proto,
    };
    w5500__sock(conn)->n = n;
    w5500__sock(conn)->flags = proto == NIF_TCP ? SOCK_TCP : 0;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = conn;
    return done(w, 0);
}

static int w5500_bind(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_endpoint *local)
{
    struct w5500 *w = w5500__of(stack);
    int err = w5500__bind(w, conn, local);

    if (err == 0 && conn->proto == NIF_UDP) {
        w5500__udp_open(w, conn);
    }
    return done(w, err);
}

static int w5500_connect(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_endpoint *peer)
{
    struct w5500 *w = w5500__of(stack);

    return done(w,
        conn->proto == NIF_TCP ? w5500__tcp_connect(w, conn, peer)
                               : w5500__udp_connect(w, conn, peer));
}

static int w5500_listen(struct nif_stack *stack, struct nif_conn *conn,
    struct nif_conn *backlog, size_t n)
{
    struct w5500 *w = w5500__of(stack);

    return conn->proto == NIF_TCP
        ? done(w, w5500__tcp_listen(w, conn, backlog, n))
        : NIF_EINVAL;
}

static int w5500_accept(struct nif_stack *stack, struct nif_conn *conn,
    struct nif_conn **out, struct nif_endpoint *peer)
{
    return w5500__tcp_accept(w5500__of(stack), conn, out, peer);
}

static int w5500_send(struct nif_stack *stack, struct nif_conn *conn,
    const void *data, size_t len, const struct nif_endpoint *to)
{
    struct w5500 *w = w5500__of(stack);

    return told(conn,
        conn->proto == NIF_TCP ? w5500__tcp_send(w, conn, data, len)
                               : w5500__udp_send(w, conn, data, len, to));
}

static int w5500_recv(struct nif_stack *stack, struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from)
{
    struct w5500 *w = w5500__of(stack);

    return told(conn,
        conn->proto == NIF_TCP ? w5500__tcp_recv(w, conn, buf, cap)
                               : w5500__udp_recv(w, conn, buf, cap, from));
}

static int w5500_shutdown(struct nif_stack *stack, struct nif_conn *conn)
{
    struct w5500 *w = w5500__of(stack);

    return conn->proto == NIF_TCP ? done(w, w5500__tcp_shutdown(w, conn))
                                  : NIF_ENOTCONN;
}

static void w5500_close(struct nif_stack *stack, struct nif_conn *conn)
{
    struct w5500 *w = w5500__of(stack);

    if (conn->proto == NIF_TCP) {
        w5500__tcp_close(w, conn);
    } else {
        w5500__udp_close(w, conn);
    }
    (void)done(w, 0);
}

static void w5500_abort(struct nif_stack *stack, struct nif_conn *conn)
{
    struct w5500 *w = w5500__of(stack);

    if (conn->proto == NIF_TCP) {
        w5500__tcp_abort(w, conn);
    } else {
        w5500__unlink(w, conn);
    }
    (void)done(w, 0);
}

static size_t w5500_unacked(struct nif_stack *stack, struct nif_conn *conn)
{
    struct w5500 *w = w5500__of(stack);
    size_t n = 0;

    if (conn->proto == NIF_TCP) {
        n = w5500__tcp_unacked(w, conn);
    }
    return done(w, 0) == 0 ? n : SIZE_MAX;
}

static int w5500_group(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_ip *group, bool join)
{
    struct w5500 *w = w5500__of(stack);

    return conn->proto == NIF_UDP
        ? done(w, w5500__udp_group(w, conn, group, join))
        : NIF_ENOTSUP;
}

// Keeps an option in the connection. Returns as nif_conn_option().
static int keep(struct nif_conn *conn, enum nif_option option, int value)
{
    struct w5500__sock *s = w5500__sock(conn);
    bool tcp = conn->proto == NIF_TCP;

    switch (option) {
    case NIF_OPT_TTL:
    case NIF_OPT_TOS:
        if (value < (option == NIF_OPT_TTL) || value > UINT8_MAX) {
            return NIF_EINVAL;
        }
        *(option == NIF_OPT_TTL ? &s->ttl : &s->tos) = (uint8_t)value;
        return 0;
    case NIF_OPT_KEEPALIVE:
        if (value < 0 || value > UINT8_MAX * KEEPALIVE_UNIT_S) {
            return NIF_EINVAL;
        }
        s->keepalive =
            (uint8_t)((value + KEEPALIVE_UNIT_S - 1) / KEEPALIVE_UNIT_S);
        return tcp ? 0 : NIF_ENOTSUP;
    case NIF_OPT_NODELAY: return tcp ? 0 : NIF_ENOTSUP;
    case NIF_OPT_USER_TIMEOUT: return tcp && value == 0 ? 0 : NIF_ENOTSUP;
    case NIF_OPT_REUSE: return !tcp && value == 0 ? 0 : NIF_ENOTSUP;
    default: return NIF_ENOTSUP;
    }
}

static int w5500_option(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_option option, int value)
{
    struct w5500 *w = w5500__of(stack);
    int err = keep(conn, option, value);

    if (err == 0 && (w5500__sock(conn)->flags & SOCK_LIVE)) {
        w5500__write_options(w, w5500__sock(conn));
    }
    return done(w, err);
}

static unsigned w5500_ready(struct nif_stack *stack, struct nif_conn *conn)
{
    struct w5500 *w = w5500__of(stack);
    unsigned ready = conn->proto == NIF_TCP ? w5500__tcp_ready(w, conn)
                                            : w5500__udp_ready(w, conn);

    (void)done(w, 0);
    return ready;
}

// --------------------------------------------------------------- addresses

static void w5500_net(struct nif_stack *stack, struct nif_net *out)
{
    *out = w5500__of(stack)->net;
}

// Four bytes of a host's address, or of none. False if it is another's.
static bool put_host(uint8_t out[4], const struct nif_ip *ip)
{
    uint8_t net = ip->byte[0];

    memcpy(out, ip->byte, 4);
    if (ip->family == NIF_IP_NONE) {
        memset(out, 0, 4);
        return true;
    }
    return ip->family == NIF_IPV4 && net != 0 && net != 127 && net < 224;
}

// Ends what spoke from the address that goes away; groups are joined anew
// from the next.
static void end_connections(struct w5500 *w)
{
    struct nif_conn *next;

    for (struct nif_conn *c = w->conns; c != NULL; c = next) {
        struct w5500__sock *s = w5500__sock(c);

        next = c->next;
        if (c->proto == NIF_TCP) {
            if (c->state > NIF_CONN_LISTENING && c->state < NIF_CONN_FAILED) {
                w5500__tcp_kill(w, c, NIF_EADDR);
            } else if (s->flags & SOCK_FULL) {
                w5500__shut(w, s);
                w5500__clear(s, SOCK_FULL);
            }
        } else if (s->flags & SOCK_BOUND) {
            w5500__shut(w, s);
            c->err = NIF_EADDR;
            c->state = NIF_CONN_FAILED;
        } else if (s->group[0] != 0) {
            w5500__shut(w, s);
        }
    }
}

static void open_all(struct w5500 *w)
{
    for (struct nif_conn *c = w->conns; c != NULL; c = c->next) {
        if (c->proto == NIF_TCP) {
            w5500__tcp_open(w, c);
        } else {
            w5500__udp_open(w, c);
        }
    }
}

static int w5500_set_net(struct nif_stack *stack, const struct nif_net *net)
{
    struct w5500 *w = w5500__of(stack);
    uint8_t *own = w->chip.own;
    struct nif_hwaddr hwaddr = w->net.hwaddr;
    uint32_t mask = 0;
    uint8_t gateway[4];
    uint8_t ip[4];

    if (!put_host(ip, &net->ip) || !put_host(gateway, &net->gateway) ||
        net->prefix_len > 32) {
        return NIF_EINVAL;
    }
    if (memcmp(ip, own + W5500_SIPR, sizeof(ip)) != 0) {
        end_connections(w);
    }
    w->net = *net;
    w->net.hwaddr = hwaddr;
    if (net->prefix_len > 0) {
        mask = UINT32_MAX << (32 - net->prefix_len);
    }
    memcpy(own + W5500_GAR, gateway, sizeof(gateway));
    nif_put_be32(own + W5500_SUBR, mask);
    memcpy(own + W5500_SIPR, ip, sizeof(ip));
    if (w5500__is_ready(w)) {
        w5500__write(&w->chip, W5500_GAR, own + W5500_GAR,
            W5500_INTLEVEL - W5500_GAR);
        open_all(w);
    }
    return done(w, 0);
}

// ------------------------------------------------------------------- turns

// The chip says that a datagram of ours found no port.
static void refused(struct w5500 *w)
{
    uint8_t who[6]; // UIPR, UPORTR

    w5500__read(&w->chip, W5500_UIPR, who, sizeof(who));
    for (struct nif_conn *c = w->conns; c != NULL; c = c->next) {
        struct w5500__sock *s = w5500__sock(c);

        if (c->proto == NIF_UDP && s->peer_port == nif_get_be16(who + 4) &&
            s->peer_port != 0 && memcmp(s->peer, who, 4) == 0) {
            s->error = NIF_EREFUSED;
        }
    }
}

// Reads what the chip wants. Returns SIR.
static uint8_t look(struct w5500 *w)
{
    struct w5500_chip *chip = &w->chip;
    uint8_t now[W5500_SIR - W5500_IR + 1]; // IR, IMR, SIR
    uint8_t flags;

    w5500__read(chip, W5500_IR, now, sizeof(now));
    flags = now[0] & (W5500_IR_CONFLICT | W5500_IR_UNREACH);
    if (flags != 0) {
        w5500__write8(chip, W5500_IR, flags);
    }
    if (flags & W5500_IR_CONFLICT) {
        chip->stats.conflicts++;
    }
    if (flags & W5500_IR_UNREACH) {
        refused(w);
    }
    for (uint32_t n = 0; n < W5500_SOCKETS; n++) {
        if ((now[2] & ~w->taken) >> n & 1) { // nobody's, or leaving
            w5500__write8(chip, W5500_SN(n, W5500_SN_IR), W5500_SN_IR_ALL);
        }
    }
    return now[2];
}

// True if something is under way for which there is no interrupt.
static bool is_waiting(const struct nif_conn *conn, const struct w5500__sock *s)
{
    return (s->flags & SOCK_LIVE) &&
        (conn->state == NIF_CONN_OPENING || conn->state == NIF_CONN_CLOSING ||
            (s->flags & (SOCK_STARVED | SOCK_FULL)) ||
            (s->flags & (SOCK_FIN | SOCK_FIN_SENT)) == SOCK_FIN ||
            (s->flags & (SOCK_FIN | SOCK_ENDED)) == (SOCK_FIN | SOCK_ENDED));
}

static void serve_one(struct w5500 *w, struct nif_conn *conn, bool asked)
{
    struct w5500__sock *s = w5500__sock(conn);

    if (!(s->flags & SOCK_LIVE)) {
        if (asked) { // what it still has to say is of no interest
            w5500__write8(&w->chip, w5500__reg(s, W5500_SN_IR),
                W5500_SN_IR_ALL);
        }
    } else if (conn->proto == NIF_TCP) {
        w5500__tcp_serve(w, conn);
    } else {
        w5500__udp_serve(w, conn);
    }
}

// At another place of the network nobody knows of our groups.
static void watch_link(struct w5500 *w)
{
    if (w->chip.link == w->link) {
        return;
    }
    w->link = w->chip.link;
    for (struct nif_conn *c = w->conns; c != NULL && w->link; c = c->next) {
        if (c->proto == NIF_UDP) {
            w5500__udp_rejoin(w, c);
        }
    }
}

static uint32_t sockets_serve(struct w5500_chip *chip)
{
    struct w5500 *w = of_chip(chip);
    bool bare = chip->cfg.interrupt == NULL;
    uint32_t wait_us = bare ? chip->cfg.poll_us : W5500_LATER;
    uint8_t sir = w5500__is_idle(chip) ? 0 : look(w);
    bool turn = w->kick || w5500__now(chip) - w->turn_us >= chip->cfg.poll_us;
    struct nif_conn *next;

    if (turn) {
        w->turn_us = w5500__now(chip);
    }
    watch_link(w);
    w->kick = false;
    for (struct nif_conn *c = w->conns; c != NULL; c = next) {
        struct w5500__sock *s = w5500__sock(c);
        bool asked = (sir >> s->n & 1) != 0; // not of W5500_NONE

        next = c->next;
        if (w->all || asked || (turn && is_waiting(c, s))) {
            serve_one(w, c, asked);
        }
        if (is_waiting(c, s)) {
            wait_us = w5500__least(wait_us, chip->cfg.poll_us);
        }
    }
    if (w->all && w->leaving != 0) {
        w5500__serve_leaving(w);
    }
    w->all = false;
    if (!bare && !w5500__is_idle(chip)) {
        wait_us = 0;
    }
    return wait_us;
}

static bool sockets_check(struct w5500_chip *chip)
{
    struct w5500 *w = of_chip(chip);

    w->all = true;
    open_all(w);
    for (struct nif_conn *c = w->conns; c != NULL; c = c->next) {
        if (w5500__sock(c)->flags & SOCK_LIVE) { // a flag may have been lost
            w5500__set(w5500__sock(c), SOCK_LOOK);
        }
    }
    return true;
}

static void sockets_set_up(struct w5500_chip *chip)
{
    open_all(of_chip(chip));
}

static void sockets_lost(struct w5500_chip *chip)
{
    struct w5500 *w = of_chip(chip);
    struct nif_conn *next;

    w->leaving = 0;
    for (struct nif_conn *c = w->conns; c != NULL; c = next) {
        next = c->next;
        if (c->proto == NIF_TCP) {
            w5500__tcp_lost(w, c);
        } else {
            w5500__udp_lost(w, c);
        }
    }
}

static uint64_t w5500_stack_poll(struct nif_stack *stack)
{
    struct nif_iface *iface = &w5500__of(stack)->chip.iface;
    uint64_t again_us = NIF_NEVER;

    // Its error is told to the connections, and it says when it comes again.
    (void)iface->ops->poll(iface, &again_us);
    return again_us;
}

// -------------------------------------------------------------------- init

static const struct w5500__face sockets_face = {
    .set_up = sockets_set_up,
    .serve = sockets_serve,
    .check = sockets_check,
    .lost = sockets_lost,
};

static const struct nif_stack_ops stack_ops = {
    .open = w5500_open,
    .bind = w5500_bind,
    .connect = w5500_connect,
    .listen = w5500_listen,
    .accept = w5500_accept,
    .send = w5500_send,
    .recv = w5500_recv,
    .shutdown = w5500_shutdown,
    .close = w5500_close,
    .abort = w5500_abort,
    .unacked = w5500_unacked,
    .group = w5500_group,
    .option = w5500_option,
    .ready = w5500_ready,
    .net = w5500_net,
    .set_net = w5500_set_net,
    .poll = w5500_stack_poll,
};

void w5500_init(struct w5500 *w, const struct w5500_cfg *cfg)
{
    static const uint8_t none[W5500_SOCKETS];
    struct w5500_chip *chip = &w->chip;

    memset(w, 0, sizeof(*w));
    w5500__init(chip, &sockets_face, cfg);
    if (memcmp(cfg->rx_kib, none, sizeof(none)) == 0) {
        memset(chip->cfg.rx_kib, 2, sizeof(none));
    }
    if (memcmp(cfg->tx_kib, none, sizeof(none)) == 0) {
        memset(chip->cfg.tx_kib, 2, sizeof(none));
    }
    chip->own[W5500_IMR] = W5500_IR_CONFLICT | W5500_IR_UNREACH;
    chip->own[W5500_SIMR] = 0xFF;
    chip->iface.stack = &w->stack;
    w->stack.ops = &stack_ops;
    w->stack.clock = cfg->clock;
    w->stack.caps = (struct nif_stack_caps){
        .datagram_max = DATAGRAM_MAX,
        .conn_max = W5500_SOCKETS,
    };
    w->net.hwaddr = cfg->hwaddr;
    nif_random_init(&w->random, cfg->seed, SALT);
}
