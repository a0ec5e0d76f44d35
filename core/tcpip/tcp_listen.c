// SPDX-License-Identifier: MIT
//
// Listeners. A backlog is connections of the caller's, each with buffers of
// its own; a SYN takes one that is free, and when it is through it is free
// again. If none is, the SYN is dropped and the peer tries again.

#include "tcp.h"

static bool mine(const struct nif_conn *listener, struct nif_conn *conn)
{
    return conn->proto == NIF_TCP && nif__tcp_of(conn)->listener == listener;
}

// A free one or, if there is none, one that only waits in TIME-WAIT.
static struct nif_conn *take(struct nif_conn *listener)
{
    struct nif_conn *tired = NULL;

    for (struct nif_conn *c = nif__conn_stack(listener)->conns; c != NULL;
         c = c->next) {
        const struct nif__tcp *t = nif__tcp_of(c);

        if (!mine(listener, c)) {
            continue;
        }
        if (t->state == TCP_CLOSED && c->state == NIF_CONN_IDLE) {
            return c;
        }
        if (t->state == TCP_TIME_WAIT && (t->flags & TCP_APP_CLOSED) &&
            tired == NULL) {
            tired = c;
        }
    }
    if (tired != NULL) {
        nif__tcp_end(tired, 0);
    }
    return tired;
}

void nif__tcp_welcome(struct nif_conn *listener, const struct nif__in *in,
    const struct nif__seg *seg)
{
    struct nif_tcpip *ip = nif__conn_stack(listener);
    struct nif_conn *conn;
    struct nif__tcp *t;

    if (seg->flags & TCP_FLAG_RST) {
        return;
    }
    if (seg->flags & TCP_FLAG_ACK) {
        nif__tcp_refuse(ip, in, seg);
        return;
    }
    if ((seg->flags & (TCP_FLAG_SYN | TCP_FLAG_FIN)) != TCP_FLAG_SYN) {
        ip->stats.tcp_bad++;
        return;
    }
    conn = take(listener);
    if (conn == NULL) {
        ip->stats.tcp_full++;
        return;
    }
    t = nif__tcp_of(conn);
    t->flow = nif__tcp_of(listener)->flow;
    t->flow.peer_ip = in->src;
    t->flow.peer_port = nif_get_be16(in->body + TCP_SRC);
    t->keepalive_s = nif__tcp_of(listener)->keepalive_s;
    t->flags = nif__tcp_of(listener)->flags & TCP_NODELAY;
    conn->state = NIF_CONN_OPENING;
    nif__tcp_begin(conn, TCP_SYN_RCVD);
    t->mss = (uint16_t)nif__min(t->mss, seg->mss);
    nif__cc_init(t);
    t->rcv_nxt = seg->seq + 1;
    t->rcv_edge = t->rcv_nxt + nif__min((uint32_t)conn->cfg.rx_cap, 0xFFFF);
    nif__tcp_watch(conn, true);
    nif__tcp_output(conn);
}

int nif__tcp_listen(struct nif_conn *conn, struct nif_conn *backlog, size_t n)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (t->flow.port == 0 || n == 0 || conn->state != NIF_CONN_IDLE) {
        return NIF_EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        const struct nif_conn *c = &backlog[i];

        if (c->state != NIF_CONN_IDLE || c->proto != NIF_TCP ||
            c->stack != conn->stack || c->cfg.rx_cap == 0 ||
            c->cfg.tx_cap == 0 || nif__tcp_of(&backlog[i])->listener != NULL) {
            return NIF_EINVAL;
        }
    }
    for (size_t i = 0; i < n; i++) {
        nif__tcp_of(&backlog[i])->listener = conn;
        nif__flow_of(&backlog[i])->port = 0;
    }
    t->state = TCP_LISTEN;
    conn->state = NIF_CONN_LISTENING;
    return 0;
}

// The oldest that has shaken hands and was not accepted yet. It may have
// ended meanwhile: what it received is still to be read.
static struct nif_conn *ready(const struct nif_conn *listener)
{
    struct nif_conn *c = nif__conn_stack(listener)->conns;

    for (; c != NULL; c = c->next) {
        if (mine(listener, c) && c->state == NIF_CONN_OPEN &&
            !(nif__tcp_of(c)->flags & TCP_ACCEPTED)) {
            return c;
        }
    }
    return NULL;
}

bool nif__tcp_acceptable(const struct nif_conn *listener)
{
    return ready(listener) != NULL;
}

int nif__tcp_accept(struct nif_conn *conn, struct nif_conn **out,
    struct nif_endpoint *peer)
{
    struct nif_conn *c;
    const struct nif__flow *flow;

    if (conn->state != NIF_CONN_LISTENING) {
        return NIF_EINVAL;
    }
    c = ready(conn);
    if (c == NULL) {
        return NIF_EAGAIN;
    }
    nif__tcp_of(c)->flags |= TCP_ACCEPTED;
    flow = nif__flow_of(c);
    if (peer != NULL) {
        uint8_t addr[4];

        nif_put_be32(addr, flow->peer_ip);
        *peer = (struct nif_endpoint){
            .ip = nif_ip4_from(addr),
            .port = flow->peer_port,
        };
    }
    *out = c;
    return 0;
}

void nif__tcp_close_listener(struct nif_conn *listener)
{
    struct nif_conn *next;

    for (struct nif_conn *c = nif__conn_stack(listener)->conns; c != NULL;
         c = next) {
        struct nif__tcp *t = nif__tcp_of(c);

        next = c->next;
        if (!mine(listener, c)) {
            continue;
        }
        t->listener = NULL;
        if (!(t->flags & TCP_ACCEPTED)) {
            t->flags |= TCP_APP_CLOSED; // the memory is the caller's at once
            nif__tcp_kill(c, 0);
        }
    }
    nif__conn_unlink(listener);
}
