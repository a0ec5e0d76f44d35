// SPDX-License-Identifier: MIT
//
// The five links: their connections, and how the host hears of their
// beginning and end.

#include "sim/chips/espat/model.h"

#include <stdlib.h>

unsigned espat__id(const struct espat *e, const struct espat_link *link)
{
    return (unsigned)(link - e->link);
}

unsigned espat__links_open(const struct espat *e)
{
    unsigned count = 0;

    for (unsigned i = 0; i < LINKS; i++) {
        count +=
            e->link[i].state == LINK_OPEN || e->link[i].state == LINK_HANDSHAKE;
    }
    return count;
}

const char *espat__proto_name(const struct espat_link *link)
{
    static const char *const names[] = { "TCP", "UDP", "SSL" };

    return names[link->proto];
}

// ---- what is said

void espat__connected(struct espat *e, struct espat_link *link)
{
    char text[NIF_IP_TEXT_MAX];

    link->state = LINK_OPEN;
    link->active_ns = e->world->now_ns;
    if ((e->sysmsg & 2) != 0) {
        espat__say(e, "+LINK_CONN:0,%u,\"%s\",%d,\"%s\",%u,%u\r\n",
            espat__id(e, link), espat__proto_name(link), link->server,
            nif_ip_format(&link->peer.ip, text), link->peer.port, link->lport);
    } else if (e->mux) {
        espat__say(e, "%u,CONNECT\r\n", espat__id(e, link));
    } else {
        espat__say(e, "CONNECT\r\n");
    }
}

void espat__closed(struct espat *e, const struct espat_link *link)
{
    if (e->mux) {
        espat__say(e, "%u,CLOSED\r\n", espat__id(e, link));
    } else {
        espat__say(e, "CLOSED\r\n");
    }
}

// ---- their connections

struct espat_net *espat__route(struct espat *e, const struct nif_ip *ip)
{
    const uint8_t *own = e->now.ap_ip.ip.byte;

    if (e->ap_on && memcmp(ip->byte, own, 3) == 0) {
        return &e->net[1];
    }
    if (espat__net_has_ip(&e->net[0])) {
        return &e->net[0];
    }
    return e->ap_on && nif_ip_is_any(ip) ? &e->net[1] : NULL;
}

// Active links pass on what comes, up to the most that one +IPD carries; of
// passive ones the link's own buffer is the rest of the window.
size_t espat__window(bool passive)
{
    return passive ? WINDOW - LINK_BUF : CONN_RX;
}

// A connection with its buffers for a client, not yet bound. NULL: the stack
// does not want it.
bool espat__link_open(struct espat *e, struct espat_link *link,
    enum nif_proto proto)
{
    struct espat_conn *own = calloc(1, sizeof(*own));
    struct nif_conn_cfg cfg;

    NIF_ASSERT(own != NULL);
    cfg = (struct nif_conn_cfg){ .rx = own->rx,
        .rx_cap =
            proto == NIF_UDP ? sizeof(own->rx) : espat__window(link->passive),
        .tx = own->tx,
        .tx_cap = sizeof(own->tx) };
    if (nif_conn_open(&link->net->tcpip.stack, &own->conn, proto, &cfg) != 0) {
        free(own);
        return false;
    }
    own->next = e->conns;
    e->conns = own;
    link->own = own;
    link->conn = &own->conn;
    return true;
}

void espat__link_let_go(struct espat_link *link, bool abort)
{
    if (link->conn) {
        (abort ? nif_conn_abort : nif_conn_close)(link->conn);
        espat__net_kick(link->net);
    }
    if (link->own) {
        link->own->orphan = true;
    }
    link->conn = NULL;
    link->own = NULL;
}

void espat__link_release(struct espat *e, struct espat_link *link, bool abort)
{
    espat__link_let_go(link, abort);
    if (e->send.id == espat__id(e, link)) {
        espat__send_failed(e);
    }
    link->state = LINK_FREE;
    link->len = 0;
}

// Frees those through which the stack is.
static void sweep(struct espat *e)
{
    struct espat_conn **at = &e->conns;

    while (*at) {
        struct espat_conn *own = *at;

        if (own->orphan && nif_conn_state(&own->conn) == NIF_CONN_CLOSED) {
            *at = own->next;
            free(own);
        } else {
            at = &own->next;
        }
    }
}

void espat__links_drop(struct espat *e, const struct espat_net *net)
{
    for (unsigned i = 0; i < LINKS; i++) {
        struct espat_link *link = &e->link[i];

        if (link->state == LINK_FREE || link->net != net) {
            continue;
        }
        if (e->state == STATE_EXEC && e->pending == PENDING_START &&
            e->start_id == i) {
            espat__start_failed(e);
            continue;
        }
        if (!link->held && link->state != LINK_ENDED) {
            espat__closed(e, link);
        }
        e->dropped = true;
        espat__link_release(e, link, true);
    }
}

void espat__links_reset(struct espat *e)
{
    while (e->conns) {
        struct espat_conn *own = e->conns;

        e->conns = own->next;
        free(own);
    }
    while (e->servers) {
        struct espat_server *server = e->servers;

        e->servers = server->next;
        free(server);
    }
    memset(e->link, 0, sizeof(e->link));
    memset(e->passive, 0, sizeof(e->passive));
    e->serving = false;
    e->dropped = false;
    e->dns_busy = false;
    e->ipd_dead = false;
    e->send.id = LINKS;
}

// ---- service

// The peer has ended it, or the network. Data may be left to be read.
static void ended(struct espat *e, struct espat_link *link)
{
    bool nonos = e->dialect->nonos;

    if (link->len > 0 && !nonos) {
        return; // CLOSED is held back until all is read
    }
    if (espat__hit(e, SIM_ESPAT_F_NOT_CLOSED)) {
        link->held = true;
        return;
    }
    e->dropped = true;
    if (!espat__hit(e, SIM_ESPAT_F_END_LOST)) {
        espat__closed(e, link);
    }
    if (link->len > 0) {
        espat__link_let_go(link, false);
        link->state = LINK_ENDED;
    } else {
        espat__link_release(e, link, false);
    }
}

// Servers' links that are silent are closed by the module.
static uint64_t idle(struct espat *e, struct espat_link *link)
{
    uint64_t end_ns = link->active_ns + e->sto_s * SIM_S;

    if (!link->server || e->sto_s == 0) {
        return SIM_NEVER;
    }
    if (e->world->now_ns < end_ns) {
        return end_ns;
    }
    espat__closed(e, link);
    espat__link_release(e, link, false);
    return SIM_NEVER;
}

static uint64_t service(struct espat *e, struct espat_link *link)
{
    uint64_t again_ns = SIM_NEVER;

    if (link->state == LINK_HANDSHAKE && link->server) {
        if (e->world->now_ns < link->ready_ns) {
            return link->ready_ns;
        }
        espat__connected(e, link);
    }
    if (link->state != LINK_OPEN || link->held) {
        return SIM_NEVER;
    }
    if (!espat__receive(e, link, &again_ns)) {
        ended(e, link);
    } else {
        uint64_t end_ns = idle(e, link);

        again_ns = end_ns < again_ns ? end_ns : again_ns;
    }
    return again_ns;
}

uint64_t espat__links_service(struct espat *e)
{
    uint64_t again_ns = SIM_NEVER;

    for (unsigned i = 0; i < LINKS; i++) {
        uint64_t at_ns = service(e, &e->link[i]);

        again_ns = at_ns < again_ns ? at_ns : again_ns;
    }
    sweep(e);
    return again_ns;
}
