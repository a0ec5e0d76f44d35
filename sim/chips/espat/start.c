// SPDX-License-Identifier: MIT
//
// Links that this side begins, and names: CIPSTART and CIPDOMAIN. Both go on
// for a while, and everything else is busy meanwhile.

#include "sim/chips/espat/model.h"

#define START_NS  (20 * SIM_S)
#define DOMAIN_NS (14 * SIM_S)

static bool starting(const struct espat *e)
{
    return e->state == STATE_EXEC && e->pending == PENDING_START;
}

// ---- its end

void espat__start_failed(struct espat *e)
{
    struct espat_link *link = &e->link[e->start_id];
    bool nonos = e->dialect->nonos;

    if (e->dns_busy) {
        nif_dns_stop(&e->dns);
        e->dns_busy = false;
    }
    espat__link_release(e, link, true);
    if (nonos) {
        if (e->mux) {
            espat__say(e, "%u,CONNECT FAIL\r\n", e->start_id);
        } else {
            espat__say(e, "CONNECT FAIL\r\n");
        }
    }
    espat__finish(e, RESULT_FAILED);
    if (!nonos) {
        espat__closed(e, link); // behind the ERROR, as it was captured
    }
}

static void start_done(struct espat *e, struct espat_link *link)
{
    espat__connected(e, link);
    espat__finish(e, RESULT_OK);
    if (espat__hit(e, SIM_ESPAT_F_CLOSED)) {
        espat__closed(e, link);
        espat__link_release(e, link, true);
    }
}

// ---- on its way

static uint16_t free_port(struct espat *e)
{
    if (e->next_port < 49152) {
        e->next_port =
            (uint16_t)(49152 + sim_roll(e->world, UINT16_MAX - 49152));
    }
    return e->next_port++;
}

// The address is known.
static void connect_link(struct espat *e, struct espat_link *link)
{
    bool udp = link->proto == PROTO_UDP;
    struct nif_endpoint local = { .port = link->lport };
    int err;

    link->net = espat__route(e, &link->peer.ip);
    if (!link->net || !espat__link_open(e, link, udp ? NIF_UDP : NIF_TCP)) {
        espat__start_failed(e);
        return;
    }
    if (local.port == 0) {
        local.port = free_port(e);
        link->lport = local.port;
    }
    err = nif_conn_bind(link->conn, &local);
    if (err == 0 && !udp) {
        (void)nif_conn_option(link->conn, NIF_OPT_KEEPALIVE, link->keepalive_s);
        err = nif_conn_connect(link->conn, &link->peer);
    }
    espat__net_kick(link->net);
    if (err != 0) {
        espat__start_failed(e);
    } else if (udp) {
        start_done(e, link);
    }
}

static uint64_t resolve(struct espat *e, struct espat_link *link)
{
    uint64_t again_us = NIF_NEVER;
    int err = nif_dns_poll(&e->dns, &link->peer.ip, &again_us);

    if (err == NIF_EAGAIN) {
        return again_us == NIF_NEVER ? SIM_NEVER : again_us * 1000;
    }
    e->dns_busy = false;
    if (err == 0) {
        connect_link(e, link);
        return e->world->now_ns;
    }
    if (e->dialect->nonos) {
        espat__say(e, "DNS Fail\r\n");
    }
    espat__start_failed(e);
    return SIM_NEVER;
}

uint64_t espat__start_service(struct espat *e)
{
    struct espat_link *link = &e->link[e->start_id];

    if (!starting(e)) {
        return SIM_NEVER;
    }
    if (e->dns_busy) {
        return resolve(e, link);
    }
    if (link->state == LINK_OPENING) {
        enum nif_conn_state state = nif_conn_state(link->conn);

        if (state == NIF_CONN_FAILED || state == NIF_CONN_CLOSED) {
            espat__start_failed(e);
        } else if (state == NIF_CONN_OPEN && link->proto == PROTO_SSL) {
            link->state = LINK_HANDSHAKE;
            link->ready_ns = e->world->now_ns + e->chip->cfg.tls_ms * SIM_MS;
        } else if (state == NIF_CONN_OPEN) {
            start_done(e, link);
            return e->world->now_ns;
        }
    }
    if (link->state == LINK_HANDSHAKE) {
        bool over = e->world->now_ns >= link->ready_ns;

        if (nif_conn_state(link->conn) != NIF_CONN_OPEN ||
            (over && !espat__tls_good(e, link))) {
            espat__start_failed(e);
        } else if (over) {
            start_done(e, link);
        } else {
            return link->ready_ns;
        }
    }
    return SIM_NEVER;
}

// ---- CIPSTART

static bool read_proto(const struct espat_args *args, size_t n,
    enum espat_proto *proto)
{
    const char *text;

    if (!espat__text(args, n, 5, &text)) {
        return false;
    }
    *proto = strcmp(text, "UDP") == 0 ? PROTO_UDP
        : strcmp(text, "SSL") == 0    ? PROTO_SSL
                                      : PROTO_TCP;
    return *proto != PROTO_TCP || strcmp(text, "TCP") == 0;
}

// Reads type, host, port and what follows from argument `n` on into a link
// that is not yet in use.
static enum espat_result read_start(const struct espat_args *args, size_t n,
    struct espat_link *link, const char **host)
{
    long port;
    long more = 0;
    long mode = 0;

    if (args->count < n + 3) {
        return RESULT_COUNT;
    }
    if (!read_proto(args, n, &link->proto) ||
        !espat__text(args, n + 1, HOST_MAX, host) ||
        !espat__number(args, n + 2, link->proto != PROTO_UDP, UINT16_MAX,
            &port) ||
        (espat__given(args, n + 3) &&
            !espat__number(args, n + 3, 0,
                link->proto == PROTO_UDP ? UINT16_MAX : 7200, &more)) ||
        (link->proto == PROTO_UDP && espat__given(args, n + 4) &&
            !espat__number(args, n + 4, 0, 2, &mode))) {
        return RESULT_INVALID;
    }
    link->peer.port = (uint16_t)port;
    if (link->proto != PROTO_UDP) {
        link->keepalive_s = (uint16_t)more;
        return RESULT_OK;
    }
    link->lport = (uint16_t)more;
    link->udp_mode = (uint8_t)mode;
    // Who waits for anybody says where.
    return strcmp(*host, "0.0.0.0") == 0 && (mode != 2 || more == 0)
        ? RESULT_INVALID
        : RESULT_OK;
}

static unsigned tls_links(const struct espat *e)
{
    unsigned count = 0;

    for (unsigned i = 0; i < LINKS; i++) {
        count += e->link[i].state != LINK_FREE && !e->link[i].server &&
            e->link[i].proto == PROTO_SSL;
    }
    return count;
}

static enum espat_result begin(struct espat *e, struct espat_link *link,
    const struct espat_link *as, const char *host)
{
    if (!espat__net_has_ip(&e->net[0]) && !e->ap_on) {
        if (e->dialect->nonos) {
            espat__say(e, "no ip\r\n");
        }
        return RESULT_STATE;
    }
    // The old one has memory for one, and for none if it is not told.
    if (e->dialect->nonos && as->proto == PROTO_SSL &&
        (e->tls_size == 0 || tls_links(e) > 0)) {
        return RESULT_FAILED;
    }
    *link = *as;
    link->state = LINK_OPENING;
    link->passive = e->passive[espat__id(e, link)];
    e->start_id = (uint8_t)espat__id(e, link);
    e->pending = PENDING_START;
    sim_event_at(e->world, &e->timer, e->world->now_ns + START_NS);
    if (espat__hit(e, SIM_ESPAT_F_DEBUG)) {
        espat__say(e, "local port:2390\r\n");
    }
    if (nif_ip_parse(host, &link->peer.ip) == 0) {
        connect_link(e, link);
        return RESULT_PENDING;
    }
    nif_dns_init(&e->dns, &e->net[0].tcpip.stack, espat__dice(e));
    e->dns_busy = nif_dns_start(&e->dns, host) == 0;
    if (e->dns_busy) {
        espat__net_kick(&e->net[0]);
    } else {
        espat__start_failed(e);
    }
    return RESULT_PENDING;
}

enum espat_result espat__cipstart(struct espat *e,
    const struct espat_args *args)
{
    struct espat_link as = { .state = LINK_FREE };
    const char *host = "";
    long id = 0;
    enum espat_result result;

    if (e->mux && !espat__number(args, 0, 0, LINKS - 1, &id)) {
        return RESULT_INVALID;
    }
    result = read_start(args, e->mux, &as, &host);
    if (result != RESULT_OK) {
        return result;
    }
    if (e->link[id].state != LINK_FREE && e->link[id].state != LINK_ENDED) {
        if (e->dialect->nonos) {
            espat__say(e, "ALREADY CONNECTED\r\n");
        }
        return RESULT_FAILED;
    }
    return begin(e, &e->link[id], &as, host);
}

enum espat_result espat__cipstartex(struct espat *e,
    const struct espat_args *args)
{
    struct espat_link as = { .state = LINK_FREE };
    const char *host = "";
    unsigned id = 0;
    enum espat_result result = read_start(args, 0, &as, &host);

    if (result != RESULT_OK) {
        return result;
    }
    while (id < LINKS && e->link[id].state != LINK_FREE) {
        id++;
    }
    if (!e->mux || id == LINKS) {
        return RESULT_STATE;
    }
    return begin(e, &e->link[id], &as, host);
}

// ---- CIPDOMAIN

enum espat_result espat__cipdomain(struct espat *e,
    const struct espat_args *args)
{
    const char *host;

    if (!espat__text(args, 0, HOST_MAX, &host)) {
        return RESULT_INVALID;
    }
    e->pending = PENDING_LOOKUP;
    sim_event_at(e->world, &e->timer, e->world->now_ns + DOMAIN_NS);
    nif_dns_init(&e->dns, &e->net[0].tcpip.stack, espat__dice(e));
    e->dns_busy =
        espat__net_has_ip(&e->net[0]) && nif_dns_start(&e->dns, host) == 0;
    if (!e->dns_busy) {
        espat__timed_out(e);
    }
    espat__net_kick(&e->net[0]);
    return RESULT_PENDING;
}

uint64_t espat__lookup_service(struct espat *e)
{
    uint64_t again_us = NIF_NEVER;
    char text[NIF_IP_TEXT_MAX];
    struct nif_ip ip;
    int err;

    if (e->state != STATE_EXEC || e->pending != PENDING_LOOKUP) {
        return SIM_NEVER;
    }
    err = nif_dns_poll(&e->dns, &ip, &again_us);
    if (err == NIF_EAGAIN) {
        return again_us == NIF_NEVER ? SIM_NEVER : again_us * 1000;
    }
    e->dns_busy = false;
    if (err != 0) {
        espat__timed_out(e);
        return SIM_NEVER;
    }
    espat__say(e,
        e->dialect->nonos ? "+CIPDOMAIN:%s\r\n" : "+CIPDOMAIN:\"%s\"\r\n",
        nif_ip_format(&ip, text));
    espat__finish(e, RESULT_OK);
    return SIM_NEVER;
}

void espat__timed_out(struct espat *e)
{
    if (e->pending == PENDING_START) {
        espat__start_failed(e);
        return;
    }
    if (e->dns_busy) {
        nif_dns_stop(&e->dns);
        e->dns_busy = false;
    }
    if (e->dialect->nonos) {
        espat__say(e, "DNS Fail\r\n");
    }
    espat__finish(e, RESULT_FAILED);
}
