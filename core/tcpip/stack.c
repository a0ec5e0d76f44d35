// SPDX-License-Identifier: MIT
//
// The stack as the application sees it (nif/stack.h): hands each call to UDP
// or TCP, and poll(), which moves everything.

#include "internal.h"

#include "arch/words.h"
#include "tcp.h"
#include "udp.h"

#include "nif/acd.h"
#include "nif/igmp.h"
#include "nif/reassembly.h"

#include <string.h>

void nif__tick(struct nif_tcpip *ip)
{
    ip->now_us = nif_clock_now_us(ip->stack.clock);
    ip->now = (uint32_t)(ip->now_us >> 10);
}

// ----------------------------------------------------------- connections

static bool buffers_valid(const struct nif_conn_cfg *cfg)
{
    // Sizes are kept in 32 bits, and sequence numbers compared by sign.
    return (cfg->rx != NULL || cfg->rx_cap == 0) &&
        (cfg->tx != NULL || cfg->tx_cap == 0) && cfg->rx_cap <= 1u << 30 &&
        cfg->tx_cap <= 1u << 30;
}

static int tcpip_open(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_proto proto, const struct nif_conn_cfg *cfg)
{
    if (proto != NIF_TCP && proto != NIF_UDP) {
        return NIF_ENOTSUP;
    }
    if (!buffers_valid(cfg)) {
        return NIF_EINVAL;
    }
    memset(conn, 0, sizeof(*conn));
    conn->stack = stack;
    conn->cfg = *cfg;
    conn->state = NIF_CONN_IDLE;
    conn->proto = (uint16_t)proto;
    if (proto == NIF_TCP) {
        nif__flow_of(conn)->ttl = IPV4_TTL_DEFAULT;
    }
    nif__conn_append(nif__of(stack), conn);
    return 0;
}

static int tcpip_bind(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_endpoint *local)
{
    nif__tick(nif__of(stack));
    return nif__conn_bind(conn, local);
}

static int tcpip_connect(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_endpoint *peer)
{
    nif__tick(nif__of(stack));
    return conn->proto == NIF_TCP ? nif__tcp_connect(conn, peer)
                                  : nif__udp_connect(conn, peer);
}

static int tcpip_listen(struct nif_stack *stack, struct nif_conn *conn,
    struct nif_conn *backlog, size_t n)
{
    const struct nif_tcp_server *server = nif__of(stack)->cfg.parts->server;

    if (conn->proto != NIF_TCP) {
        return NIF_EINVAL;
    }
    return server != NULL ? server->listen(conn, backlog, n) : NIF_ENOTSUP;
}

static int tcpip_accept(struct nif_stack *stack, struct nif_conn *conn,
    struct nif_conn **out, struct nif_endpoint *peer)
{
    return conn->state == NIF_CONN_LISTENING
        ? nif__of(stack)->cfg.parts->server->accept(conn, out, peer)
        : NIF_EINVAL;
}

static int tcpip_shutdown(struct nif_stack *stack, struct nif_conn *conn)
{
    (void)stack;
    return conn->proto == NIF_TCP ? nif__tcp_shutdown(conn) : NIF_ENOTCONN;
}

static void tcpip_close(struct nif_stack *stack, struct nif_conn *conn)
{
    nif__tick(nif__of(stack));
    if (conn->proto == NIF_TCP) {
        nif__tcp_close(conn);
    } else {
        nif__udp_close(conn);
    }
}

static void tcpip_abort(struct nif_stack *stack, struct nif_conn *conn)
{
    nif__tick(nif__of(stack));
    if (conn->proto == NIF_TCP) {
        nif__tcp_abort(conn);
    } else {
        nif__conn_unlink(conn);
    }
}

static int tcpip_option(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_option option, int value)
{
    nif__tick(nif__of(stack));
    if (option == NIF_OPT_TTL || option == NIF_OPT_TOS) {
        struct nif__flow *flow = nif__flow_of(conn);

        if (value < (option == NIF_OPT_TTL) || value > UINT8_MAX) {
            return NIF_EINVAL;
        }
        *(option == NIF_OPT_TTL ? &flow->ttl : &flow->tos) = (uint8_t)value;
        nif__of(stack)->aimed = NULL;
        return 0;
    }
    return conn->proto == NIF_TCP ? nif__tcp_option(conn, option, value)
                                  : nif__udp_option(conn, option, value);
}

static int tcpip_group(struct nif_stack *stack, struct nif_conn *conn,
    const struct nif_ip *group, bool join)
{
    struct nif_igmp *igmp = nif__of(stack)->cfg.igmp;

    if (igmp == NULL || conn->proto != NIF_UDP) {
        return NIF_ENOTSUP;
    }
    nif__tick(nif__of(stack));
    return igmp->ops->group(igmp, conn, group, join);
}

static int tcpip_send_ref(struct nif_stack *stack, struct nif_conn *conn,
    const void *data, size_t len)
{
    const struct nif_tcp_refs *refs = nif__of(stack)->cfg.parts->refs;

    return conn->proto == NIF_TCP && refs != NULL ? refs->send(conn, data, len)
                                                  : NIF_ENOTSUP;
}

static size_t tcpip_unacked(struct nif_stack *stack, struct nif_conn *conn)
{
    (void)stack;
    return conn->proto == NIF_TCP ? nif__tcp_unacked(conn) : SIZE_MAX;
}

static unsigned tcpip_ready(struct nif_stack *stack, struct nif_conn *conn)
{
    (void)stack;
    return conn->proto == NIF_TCP ? nif__tcp_ready(conn) : nif__udp_ready(conn);
}

// ------------------------------------------------------------- addresses

static void tcpip_net(struct nif_stack *stack, struct nif_net *out)
{
    *out = nif__of(stack)->net;
    out->hwaddr = nif__of(stack)->own;
}

// Ends what spoke from the address that goes away.
static void end_connections(struct nif_tcpip *ip)
{
    struct nif_conn *next;

    for (struct nif_conn *c = ip->conns; c != NULL; c = next) {
        next = c->next;
        if (c->proto == NIF_TCP && nif__tcp_of(c)->state >= TCP_SYN_SENT) {
            nif__tcp_kill(c, NIF_EADDR);
        } else if (nif__flow_of(c)->bound_ip) {
            c->err = NIF_EADDR;
            c->state = NIF_CONN_FAILED;
        }
    }
}

// Tells the cable who and where we are.
static void begin_address(struct nif_tcpip *ip)
{
    nif__arp_announce(ip);
    if (ip->cfg.igmp != NULL) {
        ip->cfg.igmp->ops->renew(ip->cfg.igmp);
    }
}

// `*out` becomes the address of a host, or 0 for none. False if it is another.
static bool read_host(const struct nif_ip *ip, uint32_t *out)
{
    bool none = ip->family == NIF_IP_NONE;

    *out = none ? 0 : nif__ip4(ip);
    return none || nif__ipv4_is_host(ip);
}

static int tcpip_set_net(struct nif_stack *stack, const struct nif_net *net)
{
    struct nif_tcpip *ip = nif__of(stack);
    uint32_t gateway;
    uint32_t addr;
    bool other;

    if (!read_host(&net->ip, &addr) || !read_host(&net->gateway, &gateway) ||
        net->prefix_len > 32) {
        return NIF_EINVAL;
    }
    nif__tick(ip);
    other = addr != ip->ip;
    if (ip->ip != 0 && other) {
        end_connections(ip);
    }
    ip->net = *net;
    ip->ip = addr;
    ip->mask = net->prefix_len == 0 ? 0 : UINT32_MAX << (32 - net->prefix_len);
    // A subnet of one or two addresses has no broadcast (RFC 3021).
    ip->broadcast =
        addr == 0 || ip->mask >= 0xFFFFFFFE ? UINT32_MAX : addr | ~ip->mask;
    ip->gateway = gateway;
    nif__arp_flush(ip);
    if (other) {
        begin_address(ip);
    }
    nif__kick(ip);
    return 0;
}

// ------------------------------------------------------------------ poll

NIF_APART static void run_timers(struct nif_tcpip *ip)
{
    struct nif_conn *next;

    ip->due = ip->held != NULL ? ip->held_until : ip->now + 2 * NIF__FAR;
    nif__todo(ip, NIF__TIMER);
    nif__arp_timer(ip);
    if (ip->cfg.reassembly != NULL) {
        ip->cfg.reassembly->ops->timer(ip);
    }
    if (ip->cfg.igmp != NULL) {
        ip->cfg.igmp->ops->timer(ip->cfg.igmp);
    }
    for (struct nif_acd *acd = ip->acds; acd != NULL; acd = acd->next) {
        acd->ops->timer(acd);
    }
    for (struct nif_conn *c = ip->conns; c != NULL; c = next) {
        next = c->next;
        if (c->proto == NIF_TCP) {
            nif__tcp_timer(c);
        }
    }
}

static void flush(struct nif_conn *c)
{
    if (c->proto == NIF_TCP) {
        nif__tcp_flush(c);
    } else {
        nif__udp_output(c);
    }
}

// From `c` on, up to `end` or the last. Behind the last that has sent before
// one found no room, the next turn begins: else one that always has something
// to send would leave the device no room for the others.
static void flush_all(struct nif_tcpip *ip, struct nif_conn *c,
    const struct nif_conn *end)
{
    while (c != NULL && c != end) {
        struct nif_conn *next = c->next;
        uint32_t before = ip->stats.eth_tx;
        bool full = (ip->todo & (NIF__WORK | NIF__BUSY)) != 0;

        flush(c);
        // cppcheck-suppress knownConditionTrueFalse // flush() may send
        if (!full && ip->stats.eth_tx != before) {
            ip->turn = next;
        }
        c = next;
    }
}

NIF_APART static void run_output(struct nif_tcpip *ip)
{
    const struct nif_conn *first = ip->turn;

    if (ip->cfg.fragment != NULL) {
        ip->cfg.fragment->ops->output(ip);
    }
    flush_all(ip, ip->turn, NULL);
    flush_all(ip, ip->conns, first);
}

// The neighbours on another cable are others.
static void watch_link(struct nif_tcpip *ip)
{
    bool link = (nif_iface_flags(ip->iface) & NIF_IFACE_LINK) != 0;

    ip->calm = NIF_SEEN_NO_FRAME | (link ? NIF_SEEN_LINK : NIF_SEEN_NO_LINK);
    if (link != ip->link) {
        ip->link = link;
        nif__arp_flush(ip);
        nif_iface_hwaddr(ip->iface, &ip->own);
        begin_address(ip);
        nif__todo_all(ip);
    }
}

// Says `due` in the clock's time.
static void set_again(struct nif_tcpip *ip)
{
    uint32_t wait = nif__reached(ip, ip->due) ? 0 : ip->due - ip->now;

    ip->todo &= (uint8_t)~NIF__TIMER;
    ip->again_us = wait < NIF__FAR
        ? (ip->now_us & ~(uint64_t)1023) + ((uint64_t)wait << 10)
        : NIF_NEVER;
}

// What is seen in an idle turn: `calm`, and nothing to do.
static int idle(const struct nif_tcpip *ip)
{
    return nif__le16(nif__half(&ip->calm));
}

// How far what the device has `seen` is none of what is `calm`, be there frames
// or not; 0: not at all.
static int strange(int seen, int calm)
{
    return (seen ^ calm) & ~(NIF_SEEN_NO_FRAME | NIF_SEEN_ONE_FRAME);
}

_Static_assert(offsetof(struct nif_tcpip, calm) % 2 == 0 &&
        offsetof(struct nif_tcpip, todo) ==
            offsetof(struct nif_tcpip, calm) + 1,
    "not two bytes at an even place");

// Begins a turn in which something waits or has changed; the device has `seen`
// this. Returns whether there are frames to take, as `seen`.
NIF_APART static int begin(struct nif_tcpip *ip, int seen)
{
    unsigned todo;

    if (seen < 0) {
        ip->stats.eth_error++;
        seen = 0;
    }
    if (strange(seen, ip->calm)) {
        watch_link(ip);
    }
    todo = ip->todo;
    if (todo & (NIF__WORK | NIF__BUSY)) {
        ip->todo = todo & (NIF__HELD | NIF__TIMER);
        if (ip->one != NULL && !(todo & NIF__BUSY)) {
            flush(ip->one);
        } else {
            run_output(ip);
        }
    }
    if (ip->held != NULL) {
        nif__ether_retry(ip);
        // More may have come than the device was asked for.
        seen = ip->held != NULL ? NIF_SEEN_NO_FRAME : 0;
    }
    return seen;
}

// The end of a turn that has moved a timer, or brought one. The device or a
// timer wants to be called at `*again_us`. True if there is more to send.
NIF_APART static bool finish(struct nif_tcpip *ip, uint64_t *again_us)
{
    if (nif__reached(ip, ip->due)) {
        run_timers(ip);
        set_again(ip);
        // The timer that is over hid what the device wants later than that.
        *again_us = ip->again_us;
        (void)!nif_iface_poll(ip->iface, again_us);
    } else if (ip->todo & NIF__TIMER) {
        set_again(ip);
        *again_us = ip->again_us < *again_us ? ip->again_us : *again_us;
    }
    return (ip->todo & NIF__WORK) != 0;
}

// An idle turn is most of what a stack does: the device is asked once, and one
// time is compared. If frames come, they are taken, and as a rule that was all.
static uint64_t tcpip_poll(struct nif_stack *stack)
{
    struct nif_tcpip *ip = nif__of(stack);
    uint64_t again_us = ip->again_us;
    int seen = nif_iface_poll(ip->iface, &again_us);
    uint64_t now_us = nif_clock_now_us(stack->clock);
    bool more = false;

    if (seen == idle(ip) && now_us < ip->again_us) {
        return again_us;
    }
    ip->now_us = now_us; // nif__tick(), without a call
    ip->now = (uint32_t)(now_us >> 10);
    ip->tx_bytes = 0;
    if (strange(seen, idle(ip))) {
        seen = begin(ip, seen);
    }
    if (!(seen & NIF_SEEN_NO_FRAME)) {
        more = nif__ether_receive(ip, seen);
    }
    if (ip->todo != 0 || nif__reached(ip, ip->due)) {
        more |= finish(ip, &again_us);
    }
    return more ? ip->now_us : again_us;
}

// ------------------------------------------------------------------ init

static const struct nif_stack_ops tcpip_ops = {
    .open = tcpip_open,
    .bind = tcpip_bind,
    .connect = tcpip_connect,
    .listen = tcpip_listen,
    .accept = tcpip_accept,
    .send = nif__tcp_send, // and UDP's, as recv(): one call less
    .recv = nif__tcp_recv,
    .shutdown = tcpip_shutdown,
    .close = tcpip_close,
    .abort = tcpip_abort,
    .send_ref = tcpip_send_ref,
    .unacked = tcpip_unacked,
    .peek = nif__tcp_peek,
    .consume = nif__tcp_consume,
    .option = tcpip_option,
    .group = tcpip_group,
    .ready = tcpip_ready,
    .net = tcpip_net,
    .set_net = tcpip_set_net,
    .poll = tcpip_poll,
};

static const struct nif_tcpip_parts no_parts;

void nif_tcpip_init_bare(struct nif_tcpip *tcpip,
    const struct nif_tcpip_cfg *cfg)
{
    memset(tcpip, 0, sizeof(*tcpip));
    tcpip->stack.ops = &tcpip_ops;
    tcpip->stack.clock = cfg->clock;
    tcpip->cfg = *cfg;
    tcpip->iface = cfg->iface;
    tcpip->calm = UINT8_MAX;
    tcpip->again_us = NIF_NEVER;
    tcpip->todo = NIF__TIMER;
    tcpip->rate_at = 0 - NIF__S(1);
    tcpip->broadcast = UINT32_MAX;
    tcpip->mtu = (uint16_t)nif_iface_mtu(cfg->iface);
    tcpip->stack.caps.empty_datagrams = true;
    tcpip->stack.caps.datagram_max =
        (cfg->fragment != NULL ? IPV4_TOTAL_MAX : tcpip->mtu) - IPV4_LEN -
        UDP_LEN;
    if (cfg->parts == NULL) {
        tcpip->cfg.parts = &no_parts;
    }
    nif__hash_seed(tcpip, cfg->seed);
    if (cfg->igmp != NULL) {
        cfg->igmp->ip = tcpip;
    }
    tcpip->ip_id = nif__lot(tcpip);
    nif_iface_hwaddr(cfg->iface, &tcpip->own);
}
