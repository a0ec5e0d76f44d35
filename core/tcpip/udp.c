// SPDX-License-Identifier: MIT
//
// UDP (RFC 768). The rings of a connection hold whole datagrams; in front of
// each stands whom it is from, or for, and its length.

#include "udp.h"

#include <string.h>

// ----------------------------------------------------------------- input

static bool wants(struct nif_conn *conn, const struct nif__in *in,
    uint32_t ports)
{
    const struct nif__udp *udp = nif__udp_of(conn);
    const struct nif__flow *flow = &udp->flow;

    if (flow->port != (ports & 0xFFFF) || conn->proto != NIF_UDP ||
        conn->state >= NIF_CONN_CLOSING) {
        return false;
    }
    if (in->group &&
        (flow->bound_ip ||
            (in->groups != 0 && (in->groups & udp->groups) == 0))) {
        return false;
    }
    return flow->peer_port == 0 ||
        (flow->peer_port == ports >> 16 && flow->peer_ip == in->src);
}

_Static_assert(NIF_CONN_FAILED > NIF_CONN_CLOSING, "both take nothing more");

// The connection from `c` on that fits best: one with this peer, else one that
// takes from anybody; of what is for many, the next.
static struct nif_conn *find(struct nif_conn *c, const struct nif__in *in,
    uint32_t ports)
{
    struct nif_conn *best = NULL;

    for (; c != NULL; c = c->next) {
        if (wants(c, in, ports)) {
            if (in->group || nif__flow_of(c)->peer_port != 0) {
                return c;
            }
            best = best == NULL ? c : best;
        }
    }
    return best;
}

uint32_t nif__record_write(const struct nif__ring *ring, uint8_t *buf,
    size_t cap, const struct nif__record *head, const void *data, size_t len)
{
    struct nif__record *at = nif__record_at(ring, buf, cap, ring->used, len);

    if (at != NULL) {
        *at = *head;
        return nif__copy_sum(at + 1, data, len);
    }
    nif__ring_put(ring, buf, cap, ring->used, head, NIF__RECORD);
    nif__ring_put(ring, buf, cap, ring->used + NIF__RECORD, data, len);
    return nif__copy_sum(NULL, data, len);
}

// A received datagram.
struct datagram {
    uint32_t ports; // source, destination
    uint32_t len;   // of the data
    uint32_t raw;   // raw sum of its header and the pseudo header
    uint32_t sum;   // its own; 0: the sender has made none
};

// True if the checksum holds; `raw` is the raw sum of the data.
static bool sum_holds(const struct datagram *d, uint32_t raw)
{
    return d->sum == 0 || nif__raw_zero(nif__carry_add(d->raw, raw));
}

// Gives a datagram to each that wants it. Its sum is made while it is copied
// for the first; if it is wrong, nobody has it. False then.
static bool store(struct nif_tcpip *ip, struct nif_conn *conn,
    const struct nif__in *in, const struct datagram *d)
{
    const struct nif__record head = { nif__be32(in->src),
        nif__be32((d->ports & 0xFFFF0000) | d->len) };
    uint32_t need = NIF__RECORD + d->len;
    bool sound = false;

    do {
        struct nif__ring *ring = &nif__udp_of(conn)->rx;
        uint32_t sum;

        if (conn->cfg.rx_cap - ring->used < need) {
            ip->stats.udp_full++;
            continue;
        }
        sum = nif__record_write(ring, conn->cfg.rx, conn->cfg.rx_cap, &head,
            in->body + UDP_LEN, d->len);
        if (!sound && !sum_holds(d, sum)) {
            return false;
        }
        sound = true;
        ring->used += need;
    } while (in->group && (conn = find(conn->next, in, d->ports)) != NULL);
    if (sound) {
        ip->stats.udp_rx++;
    }
    return true;
}

// Nobody wants it: tells the sender, if it is sound.
static bool refuse(struct nif_tcpip *ip, const struct nif__in *in,
    const struct datagram *d)
{
    if (!sum_holds(d, nif__copy_sum(NULL, in->body + UDP_LEN, d->len))) {
        return false;
    }
    ip->stats.udp_closed++;
    nif__icmp_error(ip, in, ICMP_UNREACHABLE << 8 | ICMP_CODE_PORT, 0);
    return true;
}

// Takes a datagram. False if it makes no sense.
static bool take(struct nif_tcpip *ip, const struct nif__in *in)
{
    const uint8_t *h = in->body;
    struct nif_conn *conn;
    struct datagram d;
    uint32_t copy[2];
    uint32_t rest;

    if (in->len < UDP_LEN) {
        return false;
    }
    if (((uintptr_t)h & 3) != 0) {
        memcpy(copy, h, sizeof(copy));
        h = (const uint8_t *)copy;
    }
    d.ports = nif__be32(nif__word(h));
    if ((d.ports & 0xFFFF) == 0) {
        return false;
    }
    conn = find(ip->conns, in, d.ports);
    // What all get and nobody wants ends here, before its sum is made.
    if (conn == NULL && in->group) {
        ip->stats.udp_closed++;
        return true;
    }
    rest = nif__be32(nif__word(h + UDP_TOTAL));
    d.len = (rest >> 16) - UDP_LEN;
    if (d.len > in->len - UDP_LEN) {
        return false;
    }
    d.sum = rest & 0xFFFF;
    d.raw = nif__raw_pseudo(in->src, in->dst, IPV4_PROTO_UDP, rest >> 16);
    d.raw = nif__carry_add(d.raw, nif__word(h));
    d.raw = nif__carry_add(d.raw, nif__word(h + UDP_TOTAL));
    return conn != NULL ? store(ip, conn, in, &d) : refuse(ip, in, &d);
}

void nif__udp_input(struct nif_tcpip *ip, const struct nif__in *in)
{
    if (!take(ip, in)) {
        ip->stats.udp_bad++;
    }
}

// ---------------------------------------------------------------- output

// The second piece of data goes on where the first ended, maybe at an odd
// place.
static uint32_t data_sum(const struct nif_seg *data)
{
    uint32_t sum = nif__copy_sum(NULL, data[0].data, data[0].len);

    if (data[1].len > 0) {
        sum = nif__raw_join(sum, nif__copy_sum(NULL, data[1].data, data[1].len),
            data[0].len);
    }
    return sum;
}

void nif__udp_put_sum(struct nif__out *out, uint32_t sum, size_t len)
{
    uint16_t end;

    sum = nif__carry_add(sum, nif__be32(IPV4_PROTO_UDP << 16 | (uint32_t)len));
    sum = nif__carry_add(sum, out->body[0]);
    sum = nif__carry_add(sum, out->body[1]);
    end = nif__raw_end(nif__carry_add(sum, data_sum(out->segs + 1)));
    // 0 would say "no checksum" (RFC 768).
    nif__put_half((uint8_t *)out->body + UDP_SUM, end != 0 ? end : 0xFFFF);
}

void nif__udp_head(struct nif_conn *conn, struct nif__head *head, uint32_t dst)
{
    const struct nif__flow *flow = nif__flow_of(conn);

    head->dst = dst;
    head->proto = IPV4_PROTO_UDP;
    head->ttl = flow->ttl;
    head->tos = flow->tos;
    head->body_len = UDP_LEN;
    if (flow->ttl == 0) { // RFC 1112 6.1
        head->ttl = dst >> 28 == 0xE ? 1 : IPV4_TTL_DEFAULT;
    }
}

int nif__udp_resolve(struct nif_tcpip *ip, struct nif__head *head)
{
    if (nif__arp_known(ip, head->dst, nif__head_ether(head))) {
        return 0;
    }
    nif__tick(ip); // a question has its time
    return nif__ipv4_resolve(ip, head);
}

// Completes the headers in front of a datagram of `len` bytes, its own header
// included, that fits a frame, and sends it.
static int emit_short(struct nif_tcpip *ip, struct nif__out *out, uint32_t len)
{
    int err = nif__udp_resolve(ip, &out->head);
    uint32_t sum;

    if (err != 0) {
        return err;
    }
    sum = nif__ipv4_head(ip, &out->head, IPV4_LEN + len,
        (uint32_t)ip->ip_id++ << 16);
    nif__udp_put_sum(out, sum, len);
    return nif__ether_send_out(ip, out, len);
}

int nif__udp_emit(struct nif_conn *conn, uint32_t dst, uint16_t port,
    struct nif__out *out)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__udp *udp = nif__udp_of(conn);
    uint32_t len = (uint32_t)(UDP_LEN + out->segs[1].len + out->segs[2].len);
    int err;

    nif__udp_head(conn, &out->head, dst);
    out->body[0] = nif__be32((uint32_t)udp->flow.port << 16 | port);
    out->body[1] = nif__be32(len << 16); // and no sum yet
    if (IPV4_LEN + len <= ip->mtu) {
        err = emit_short(ip, out, len);
    } else {
        out->hwaddr = NULL;
        out->frag = &udp->frag;
        err = nif__ipv4_send_long(ip, out, len);
    }
    if (err == 0) {
        ip->stats.udp_tx++;
    }
    return err;
}

void nif__udp_output(struct nif_conn *conn)
{
    const struct nif_udp_queue *queue = nif__conn_stack(conn)->cfg.parts->queue;

    if (queue != NULL) {
        queue->output(conn);
    }
}

// --------------------------------------------------------------- surface

static bool is_target(const struct nif_endpoint *to)
{
    return to->port != 0 && to->ip.family == NIF_IPV4;
}

int nif__udp_connect(struct nif_conn *conn, const struct nif_endpoint *peer)
{
    struct nif__flow *flow = nif__flow_of(conn);
    uint32_t addr = nif__ip4(&peer->ip);
    uint32_t hop;
    int err = NIF_EINVAL;

    if (is_target(peer)) {
        err = nif__ipv4_route(nif__conn_stack(conn), addr, &hop);
    }
    if (err == 0) {
        err = nif__conn_bind_any(conn);
    }
    if (err == 0) {
        flow->peer_ip = addr;
        flow->peer_port = peer->port;
        nif__udp_of(conn)->error = 0;
        conn->state = NIF_CONN_OPEN;
    }
    return err;
}

// What the network said, once.
static int take_error(struct nif_conn *conn)
{
    struct nif__udp *udp = nif__udp_of(conn);
    int err = udp->error;

    udp->error = 0;
    return err;
}

// A datagram longer than a frame goes piece by piece, and waits for that in
// the ring.
static bool too_long(const struct nif_conn *conn, size_t len)
{
    const struct nif_tcpip *ip = nif__conn_stack(conn);

    return ip->cfg.parts->queue == NULL || len > ip->stack.caps.datagram_max ||
        NIF__RECORD + len > conn->cfg.tx_cap;
}

// Sends a datagram that fits a frame, `out->segs[1]`. Returns as
// nif__udp_emit().
static int send_now(struct nif_conn *conn, uint32_t dst, uint16_t port,
    struct nif__out *out)
{
    const struct nif_udp_fast *fast =
        nif__conn_stack(conn)->cfg.parts->udp_fast;

    if (fast != NULL) {
        return fast->emit(conn, dst, port, out->segs);
    }
    out->segs[2].len = 0;
    return nif__udp_emit(conn, dst, port, out);
}

// Keeps what cannot go now, if it can be kept. Returns as nif_udp_queue.send.
NIF_APART static int send_later(struct nif_conn *conn,
    const struct nif_seg *data, uint32_t dst, uint16_t port)
{
    const struct nif_tcpip *ip = nif__conn_stack(conn);
    const struct nif_udp_queue *queue = ip->cfg.parts->queue;
    int err = NIF_EAGAIN;

    if (queue != NULL) {
        err = queue->send(conn, data, dst, port);
    }
    // Who waits for a neighbour that is being asked for may sleep.
    if (err == 0 || (err == NIF_EAGAIN && ip->todo != 0)) {
        nif__kick_conn(conn);
    }
    return err;
}

int nif__udp_send(struct nif_conn *conn, const void *data, size_t len,
    const struct nif_endpoint *to)
{
    struct nif__udp *udp = nif__udp_of(conn);
    bool fits = nif__udp_fits(nif__conn_stack(conn), len);
    uint32_t dst = udp->flow.peer_ip;
    uint16_t port = udp->flow.peer_port;
    struct nif__out out;
    int err;

    if ((conn->err | udp->error) != 0) {
        return conn->err != 0 ? conn->err : take_error(conn);
    }
    if (to != NULL) {
        // Whether there is a way, nif__udp_emit() finds out.
        if (!is_target(to)) {
            return NIF_EINVAL;
        }
        dst = nif__ip4(&to->ip);
        port = to->port;
    } else if (port == 0) {
        return NIF_ENOTCONN;
    }
    if (!fits && too_long(conn, len)) {
        return NIF_ETOOBIG;
    }
    if (udp->flow.port == 0) {
        nif__tick(nif__conn_stack(conn));
        err = nif__conn_bind_any(conn);
        if (err != 0) {
            return err;
        }
    }
    out.segs[1].data = data;
    out.segs[1].len = len;
    err = NIF_EAGAIN;
    if (fits && udp->tx.used == 0) {
        err = send_now(conn, dst, port, &out);
    }
    if (err == NIF_EAGAIN) {
        err = send_later(conn, out.segs + 1, dst, port);
    }
    return err != 0 ? err : (int)len;
}

// What recv() says that gives no datagram.
static int nothing(struct nif_conn *conn)
{
    int err;

    if (nif__udp_of(conn)->rx.used == 0 && conn->state == NIF_CONN_FAILED) {
        return conn->err;
    }
    err = take_error(conn);
    if (err != 0) {
        return err;
    }
    return nif__flow_of(conn)->port != 0 ? NIF_EAGAIN : NIF_ENOTCONN;
}

// The oldest record's head, where it lies or in `copy`.
static const struct nif__record *oldest(const struct nif__ring *ring,
    uint8_t *buf, size_t cap, struct nif__record *copy)
{
    const struct nif__record *at = nif__record_at(ring, buf, cap, 0, 0);

    if (at != NULL) {
        return at;
    }
    nif__ring_read(ring, buf, cap, 0, copy, NIF__RECORD);
    return copy;
}

int nif__udp_recv(struct nif_conn *conn, void *buf, size_t cap,
    struct nif_endpoint *from)
{
    struct nif__udp *udp = nif__udp_of(conn);
    struct nif__ring *ring = &udp->rx;
    uint8_t *rx = conn->cfg.rx;
    size_t rx_cap = conn->cfg.rx_cap;
    const struct nif__record *head;
    struct nif__record copy;
    uint32_t port_len;
    size_t len;
    size_t taken;

    if (ring->used == 0 || udp->error != 0) {
        return nothing(conn);
    }
    head = oldest(ring, rx, rx_cap, &copy);
    port_len = nif__be32(head->port_len);
    if (from != NULL) {
        nif__endpoint_set(from, head->addr, (uint16_t)(port_len >> 16));
    }
    len = port_len & 0xFFFF;
    taken = len < cap ? len : cap;
    if (rx_cap - ring->at >= NIF__RECORD + taken) { // in one piece
        nif__copy(buf, rx + ring->at + NIF__RECORD, taken);
    } else {
        nif__ring_read(ring, rx, rx_cap, NIF__RECORD, buf, taken);
    }
    nif__record_drop(ring, rx_cap, len);
    return (int)taken;
}

void nif__udp_close(struct nif_conn *conn)
{
    if (nif__udp_of(conn)->tx.used > 0 && conn->state != NIF_CONN_FAILED) {
        conn->state = NIF_CONN_CLOSING;
        nif__kick_conn(conn);
    } else {
        nif__conn_unlink(conn);
    }
}

int nif__udp_option(struct nif_conn *conn, enum nif_option option, int value)
{
    if (option != NIF_OPT_REUSE) {
        return NIF_ENOTSUP;
    }
    nif__udp_of(conn)->reuse = value != 0;
    return 0;
}

unsigned nif__udp_ready(struct nif_conn *conn)
{
    const struct nif__udp *udp = nif__udp_of(conn);

    return udp->rx.used > 0 || udp->error != 0 ? NIF_READABLE | NIF_WRITABLE
                                               : NIF_WRITABLE;
}
