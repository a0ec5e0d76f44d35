// SPDX-License-Identifier: MIT
//
// The commands about links: one or many, closing, the server, what there is.

#include "sim/chips/espat/model.h"

#include <stdlib.h>

static bool any_link(const struct espat *e)
{
    for (unsigned i = 0; i < LINKS; i++) {
        if (e->link[i].state != LINK_FREE && e->link[i].state != LINK_ENDED) {
            return true;
        }
    }
    return false;
}

enum espat_result espat__cipmux(struct espat *e, const struct espat_args *args)
{
    long mux;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%d\r\n", args->name, e->mux);
        return RESULT_OK;
    }
    if (args->count != 1 || !espat__number(args, 0, 0, 1, &mux)) {
        return RESULT_INVALID;
    }
    if (any_link(e) || (e->serving && mux == 0)) {
        if (e->dialect->nonos) {
            espat__say(e, "link is builded\r\n");
        }
        return RESULT_STATE;
    }
    e->mux = mux != 0;
    return RESULT_OK;
}

enum espat_result espat__cipdinfo(struct espat *e,
    const struct espat_args *args)
{
    long on;

    if (args->form == FORM_QUERY) {
        static const char *const text[] = { "false", "true", "0", "1" };

        espat__say(e, "%s:%s\r\n", args->name,
            text[e->dialect->dinfo_digits * 2 + e->dinfo]);
        return RESULT_OK;
    }
    if (args->count != 1 || !espat__number(args, 0, 0, 1, &on)) {
        return RESULT_INVALID;
    }
    e->dinfo = on != 0;
    return RESULT_OK;
}

enum espat_result espat__ciptcpopt(struct espat *e,
    const struct espat_args *args)
{
    struct espat_link *link;
    long id = 0;
    long v;

    if ((e->mux && !espat__number(args, 0, 0, LINKS - 1, &id))) {
        return RESULT_INVALID;
    }
    link = &e->link[id];
    if (link->state != LINK_OPEN || link->proto == PROTO_UDP) {
        return RESULT_STATE;
    }
    if (espat__number(args, 2, 0, 1, &v)) {
        (void)nif_conn_option(link->conn, NIF_OPT_NODELAY, (int)v);
    }
    if (espat__number(args, 4, 0, 7200, &v)) {
        (void)nif_conn_option(link->conn, NIF_OPT_KEEPALIVE, (int)v);
    }
    return RESULT_OK;
}

// ---- closing

static enum espat_result not_open(struct espat *e)
{
    if (e->dialect->nonos) {
        espat__say(e, "UNLINK\r\n");
    }
    return RESULT_STATE;
}

static bool close_link(struct espat *e, struct espat_link *link)
{
    bool open = link->state == LINK_OPEN || link->state == LINK_HANDSHAKE;

    if (open) {
        espat__closed(e, link);
    }
    if (link->state != LINK_FREE) {
        espat__link_release(e, link, link->len > 0);
    }
    return open;
}

enum espat_result espat__cipclose(struct espat *e,
    const struct espat_args *args)
{
    long id = 0;

    if (e->mux != (args->form == FORM_SET)) {
        return RESULT_STATE;
    }
    if (e->mux && !espat__number(args, 0, 0, LINKS, &id)) {
        return RESULT_INVALID;
    }
    if (id == LINKS) {
        for (unsigned i = 0; i < LINKS; i++) {
            close_link(e, &e->link[i]);
        }
        return RESULT_OK;
    }
    return close_link(e, &e->link[id]) ? RESULT_OK : not_open(e);
}

// ---- the server

static void serve_on(struct espat *e, struct espat_net *net)
{
    struct espat_server *server = calloc(1, sizeof(*server));
    struct nif_endpoint at = { .port = e->server_port };
    bool good;

    NIF_ASSERT(server != NULL);
    server->net = net;
    server->next = e->servers;
    e->servers = server;
    good = nif_conn_open(&net->tcpip.stack, &server->listener, NIF_TCP,
               &(struct nif_conn_cfg){ .rx_cap = 0 }) == 0;
    for (unsigned i = 0; i < SERVER_CONNS && good; i++) {
        good = nif_conn_open(&net->tcpip.stack, &server->backlog[i], NIF_TCP,
                   &(struct nif_conn_cfg){ .rx = server->room[i].rx,
                       .rx_cap = espat__window(e->passive[0]),
                       .tx = server->room[i].tx,
                       .tx_cap = CONN_TX }) == 0;
    }
    good = good && nif_conn_bind(&server->listener, &at) == 0 &&
        nif_conn_listen(&server->listener, server->backlog, SERVER_CONNS) == 0;
    NIF_ASSERT(good);
}

static enum espat_result server_stop(struct espat *e, bool links)
{
    if (!e->serving) {
        return RESULT_STATE;
    }
    e->serving = false;
    for (struct espat_server *s = e->servers; s; s = s->next) {
        if (nif_conn_state(&s->listener) == NIF_CONN_LISTENING) {
            nif_conn_close(&s->listener);
        }
    }
    for (unsigned i = 0; i < LINKS && links; i++) {
        if (e->link[i].server) {
            close_link(e, &e->link[i]);
        }
    }
    return RESULT_OK;
}

static enum espat_result server_start(struct espat *e,
    const struct espat_args *args)
{
    const char *type = "TCP";
    long port = 333;

    if ((espat__given(args, 1) &&
            !espat__number(args, 1, 1, UINT16_MAX, &port)) ||
        (espat__given(args, 2) && !espat__text(args, 2, 5, &type))) {
        return RESULT_INVALID;
    }
    if (e->serving) {
        if (e->dialect->nonos) {
            espat__say(e, "no change\r\n");
        }
        return e->dialect->nonos ? RESULT_OK : RESULT_STATE;
    }
    if (!e->mux || (e->dialect->nonos && strcmp(type, "TCP") != 0) ||
        (strcmp(type, "TCP") != 0 && strcmp(type, "SSL") != 0)) {
        return RESULT_STATE;
    }
    e->serving = true;
    e->server_port = (uint16_t)port;
    e->server_proto = type[0] == 'S' ? PROTO_SSL : PROTO_TCP;
    serve_on(e, &e->net[0]);
    serve_on(e, &e->net[1]);
    return RESULT_OK;
}

enum espat_result espat__cipserver(struct espat *e,
    const struct espat_args *args)
{
    long on;
    long links = 0;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%d", args->name, e->serving);
        if (e->serving) {
            char text[48];
            int len = snprintf(text, sizeof(text), ",%u,\"%s\",0",
                e->server_port, e->server_proto == PROTO_SSL ? "SSL" : "TCP");

            espat__echo(e, text, (size_t)len);
        }
        espat__echo(e, "\r\n", 2);
        return RESULT_OK;
    }
    if (!espat__number(args, 0, 0, 1, &on)) {
        return RESULT_INVALID;
    }
    if (on != 0) {
        return server_start(e, args);
    }
    if (espat__given(args, 1) && !espat__number(args, 1, 0, 1, &links)) {
        return RESULT_INVALID;
    }
    return server_stop(e, links != 0);
}

enum espat_result espat__cipservermaxconn(struct espat *e,
    const struct espat_args *args)
{
    long most;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%u\r\n", args->name, e->server_max);
        return RESULT_OK;
    }
    if (!espat__number(args, 0, 1, LINKS, &most)) {
        return RESULT_INVALID;
    }
    if (e->serving) {
        return RESULT_STATE;
    }
    e->server_max = (uint8_t)most;
    return RESULT_OK;
}

enum espat_result espat__cipsto(struct espat *e, const struct espat_args *args)
{
    long seconds;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%u\r\n", args->name, e->sto_s);
        return RESULT_OK;
    }
    if (!espat__number(args, 0, 0, 7200, &seconds)) {
        return RESULT_INVALID;
    }
    e->sto_s = (uint16_t)seconds;
    espat__net_kick(&e->net[0]);
    espat__net_kick(&e->net[1]);
    return RESULT_OK;
}

// The link for a client that comes in: the lowest that is free, or NULL.
static struct espat_link *seat(struct espat *e)
{
    unsigned clients = 0;
    struct espat_link *free_link = NULL;

    for (unsigned i = LINKS; i-- > 0;) {
        struct espat_link *link = &e->link[i];

        clients += link->server && link->state != LINK_FREE &&
            link->state != LINK_ENDED;
        if (link->state == LINK_FREE || link->state == LINK_ENDED) {
            free_link = link;
        }
    }
    return clients < e->server_max ? free_link : NULL;
}

static void welcome(struct espat *e, struct espat_server *server,
    struct nif_conn *conn, const struct nif_endpoint *peer)
{
    struct espat_link *link = seat(e);

    if (!link) {
        espat__say(e, "Have %u Connections\r\n", espat__links_open(e));
        nif_conn_close(conn);
        espat__net_kick(server->net);
        return;
    }
    *link = (struct espat_link){
        .state = LINK_HANDSHAKE,
        .proto = e->server_proto,
        .server = true,
        .passive = e->passive[espat__id(e, link)],
        .conn = conn,
        .net = server->net,
        .peer = *peer,
        .lport = e->server_port,
        .ready_ns = e->world->now_ns +
            (e->server_proto == PROTO_SSL ? e->chip->cfg.tls_ms * SIM_MS : 0),
    };
}

void espat__server_service(struct espat *e)
{
    for (struct espat_server *s = e->servers; s; s = s->next) {
        struct nif_endpoint peer;
        struct nif_conn *conn;

        while (nif_conn_state(&s->listener) == NIF_CONN_LISTENING &&
            nif_conn_accept(&s->listener, &conn, &peer) == 0) {
            welcome(e, s, conn, &peer);
        }
    }
}

// ---- what there is

static void say_links(struct espat *e, const char *name)
{
    for (unsigned i = 0; i < LINKS; i++) {
        const struct espat_link *link = &e->link[i];
        char text[NIF_IP_TEXT_MAX];

        if (link->state == LINK_OPEN) {
            espat__say(e, "%s:%u,\"%s\",\"%s\",%u,%u,%d\r\n", name, i,
                espat__proto_name(link), nif_ip_format(&link->peer.ip, text),
                link->peer.port, link->lport, link->server);
        }
    }
}

enum espat_result espat__cipstatus(struct espat *e,
    const struct espat_args *args)
{
    unsigned status = 2;

    if (espat__links_open(e) > 0) {
        status = 3;
    } else if (e->now.mode == 0) {
        status = 0;
    } else if (!e->joined && !e->ap_on) {
        status = 5;
    } else if (e->dropped) {
        status = 4;
    }
    espat__say(e, "STATUS:%u\r\n", status);
    say_links(e, args->name);
    return RESULT_OK;
}

enum espat_result espat__cipstate(struct espat *e,
    const struct espat_args *args)
{
    say_links(e, args->name);
    return RESULT_OK;
}
