// SPDX-License-Identifier: MIT
//
// What UDP and TCP connections have in common: the list they are in, local
// ports.

#include "conn.h"
#include "tcp.h"
#include "udp.h"

#include "nif/igmp.h"

void nif__kick(struct nif_tcpip *ip)
{
    nif__todo_all(ip);
    nif_clock_wake(ip->stack.clock);
}

void nif__due(struct nif_tcpip *ip, uint32_t at)
{
    if ((int32_t)(at - ip->due) < 0) {
        ip->due = at;
        nif__todo(ip, NIF__TIMER);
    }
}

void nif__todo_all(struct nif_tcpip *ip)
{
    ip->one = NULL;
    nif__todo(ip, NIF__WORK);
}

static NIF_WITHIN void note(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);

    if (ip->one != conn) {
        ip->one = ip->todo & NIF__WORK ? NULL : conn;
    }
    nif__todo(ip, NIF__WORK);
}

void nif__todo_conn(struct nif_conn *conn)
{
    note(conn);
}

void nif__kick_conn(struct nif_conn *conn)
{
    note(conn);
    nif_clock_wake(conn->stack->clock);
}

void nif__endpoint_set(struct nif_endpoint *out, uint32_t addr, uint16_t port)
{
    uint8_t *ip = (uint8_t *)(void *)&out->ip;

    // By words: memset() goes byte by byte on small processors.
    nif__put_word(ip, 0);
    nif__put_word(ip + 4, addr);
    nif__put_word(ip + 8, 0);
    nif__put_word(ip + 12, 0);
    nif__put_word(ip + 16, 0);
    out->ip.family = NIF_IPV4;
    out->ip.zone = 0;
    out->port = port;
    out->host = NULL;
}

_Static_assert(offsetof(struct nif_ip, byte) == 4 &&
        offsetof(struct nif_ip, zone) == 20,
    "not five words");

void nif__conn_unlink(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif_conn **at = &ip->conns;

    if (ip->turn == conn) {
        ip->turn = conn->next;
    }
    ip->aimed = NULL; // it may have been this one
    if (ip->one == conn) {
        ip->one = NULL;
    }
    while (*at != NULL && *at != conn) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = conn->next;
    }
    conn->next = NULL;
    conn->state = NIF_CONN_CLOSED;
    if (conn->proto == NIF_UDP && nif__udp_of(conn)->groups != 0) {
        struct nif_igmp *igmp = ip->cfg.igmp;

        igmp->ops->leave_all(igmp, conn);
    }
}

void nif__conn_append(struct nif_tcpip *ip, struct nif_conn *conn)
{
    struct nif_conn **at = &ip->conns;

    while (*at != NULL) {
        at = &(*at)->next;
    }
    conn->next = NULL;
    *at = conn;
}

// Who has a peer does not keep a port from somebody new (RFC 9293 3.9.1.1);
// nor do two that agreed to share it.
static bool holds_port(struct nif_conn *conn, struct nif_conn *other)
{
    if (other->proto == NIF_UDP) {
        return !nif__udp_of(conn)->reuse || !nif__udp_of(other)->reuse;
    }
    return nif__flow_of(other)->peer_port == 0;
}

// True if another connection of the same protocol has `port`: `any`, or one
// that keeps it to itself.
static bool port_taken(struct nif_conn *conn, uint16_t port, bool any)
{
    struct nif_conn *other = nif__conn_stack(conn)->conns;

    for (; other != NULL; other = other->next) {
        if (other != conn && other->proto == conn->proto &&
            nif__flow_of(other)->port == port &&
            (any || holds_port(conn, other))) {
            return true;
        }
    }
    return false;
}

// The dynamic ports are 49152 to 65535 (RFC 6335 6). Drawn by lot each time
// (RFC 6056 3.3.1), so that nobody can guess the next.
int nif__conn_bind_any(struct nif_conn *conn)
{
    struct nif__flow *flow = nif__flow_of(conn);

    for (unsigned tries = 0; flow->port == 0; tries++) {
        uint16_t port = 0xC000 | nif__lot(nif__conn_stack(conn));

        if (tries == 64) {
            return NIF_EADDRINUSE;
        }
        if (!port_taken(conn, port, true)) {
            flow->port = port;
        }
    }
    return 0;
}

int nif__conn_bind(struct nif_conn *conn, const struct nif_endpoint *local)
{
    struct nif__flow *flow = nif__flow_of(conn);
    struct nif_tcpip *ip = nif__conn_stack(conn);
    bool any = nif_ip_is_any(&local->ip);
    int err = 0;

    if (conn->state != NIF_CONN_IDLE || flow->port != 0) {
        return NIF_EISCONN;
    }
    if (!any && local->ip.family != NIF_IPV4) {
        return NIF_EINVAL;
    }
    if (!any && (ip->ip == 0 || nif__ip4(&local->ip) != ip->ip)) {
        return NIF_EADDR;
    }
    if (local->port == 0) {
        err = nif__conn_bind_any(conn);
    } else if (port_taken(conn, local->port, false)) {
        err = NIF_EADDRINUSE;
    } else {
        flow->port = local->port;
    }
    flow->bound_ip = !any && err == 0;
    return err;
}
