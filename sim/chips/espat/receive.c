// SPDX-License-Identifier: MIT
//
// What comes in on links: told with its bytes (active), or just announced and
// fetched later (passive).

#include "sim/chips/espat/model.h"

// So much room is wanted towards the host before more is taken from a peer.
#define ROOM_MIN (2920 + 80)

// Until a full line is looked at again; that it is empty is told, too.
#define STALL_NS (5 * SIM_MS)

// ---- +IPD

// One +IPD with its bytes, in a piece.
static void say_ipd(struct espat *e, const struct espat_link *link,
    const uint8_t *data, size_t len, const struct nif_endpoint *from)
{
    uint8_t piece[ROOM_MIN];
    char text[NIF_IP_TEXT_MAX];
    const char *quote = e->dialect->nonos ? "" : "\"";
    char id[8] = "";
    char sender[64] = "";
    int head;

    if (e->chip->cfg.firmware == SIM_ESPAT_2_0 && e->state == STATE_DATA) {
        e->ipd_dead = true; // its known fault: none is said after this one
    }
    if (e->mux) {
        snprintf(id, sizeof(id), "%u,", espat__id(e, link));
    }
    if (e->dinfo) {
        snprintf(sender, sizeof(sender), ",%s%s%s,%u", quote,
            nif_ip_format(&from->ip, text), quote, from->port);
    }
    head = snprintf((char *)piece, sizeof(piece), "\r\n+IPD,%s%zu%s:", id, len,
        sender);
    memcpy(piece + head, data, len);
    espat__out(e, piece, (size_t)head + len);
}

static void announce(struct espat *e, struct espat_link *link)
{
    if (link->told || link->len == 0 || e->ipd_dead) {
        return;
    }
    link->told = true;
    if (espat__hit(e, SIM_ESPAT_F_NO_IPD)) {
        return;
    }
    if (e->chip->cfg.firmware == SIM_ESPAT_2_0 && e->state == STATE_DATA) {
        e->ipd_dead = true;
    }
    if (e->mux) {
        espat__say(e, "\r\n+IPD,%u,%zu\r\n", espat__id(e, link), link->len);
    } else {
        espat__say(e, "\r\n+IPD,%zu\r\n", link->len);
    }
}

// ---- TCP

static bool receive_passive(struct espat *e, struct espat_link *link)
{
    size_t before = link->len;
    int got = NIF_EAGAIN;

    while (link->len < sizeof(link->buf)) {
        got = nif_conn_recv(link->conn, link->buf + link->len,
            sizeof(link->buf) - link->len, NULL);
        if (got <= 0) {
            break;
        }
        link->len += (size_t)got;
    }
    if (link->len > before) {
        link->active_ns = e->world->now_ns;
        espat__net_kick(link->net); // the window is open again
        announce(e, link);
    }
    return got > 0 || got == NIF_EAGAIN;
}

static bool receive_active(struct espat *e, struct espat_link *link,
    uint64_t *again_ns)
{
    uint8_t data[2920];

    for (unsigned n = 0; n < 16; n++) {
        int got;

        if (espat__room(e) < ROOM_MIN) {
            *again_ns = e->world->now_ns + STALL_NS;
            return true;
        }
        got = nif_conn_recv(link->conn, data, e->dialect->ipd_max, NULL);
        if (got == NIF_EAGAIN) {
            return true;
        }
        if (got <= 0) {
            return false;
        }
        link->active_ns = e->world->now_ns;
        espat__net_kick(link->net);
        if (!e->ipd_dead) {
            say_ipd(e, link, data, (size_t)got, &link->peer);
        }
    }
    *again_ns = e->world->now_ns;
    return true;
}

// ---- UDP

static bool same(const struct nif_endpoint *a, const struct nif_endpoint *b)
{
    return nif_ip_equal(&a->ip, &b->ip) && a->port == b->port;
}

// Mode 0: only the peer. 1: another one once, it is the peer then. 2: all,
// and the last one is the peer.
static bool wanted(struct espat_link *link, const struct nif_endpoint *from)
{
    if (link->udp_mode == 0 || (link->udp_mode == 1 && link->udp_met)) {
        return same(from, &link->peer);
    }
    link->udp_met = !same(from, &link->peer);
    link->peer = *from;
    return true;
}

static void receive_udp(struct espat *e, struct espat_link *link,
    uint64_t *again_ns)
{
    for (unsigned n = 0; n < 16; n++) {
        struct nif_endpoint from;
        uint8_t data[1600];
        int got;

        if (!link->passive && espat__room(e) < ROOM_MIN) {
            *again_ns = e->world->now_ns + STALL_NS;
            return;
        }
        got = nif_conn_recv(link->conn, data, sizeof(data), &from);
        if (got == NIF_EAGAIN) {
            return;
        }
        if (got <= 0 || got > 1460 || !wanted(link, &from)) {
            continue;
        }
        if (!link->passive) {
            if (!e->ipd_dead) {
                say_ipd(e, link, data, (size_t)got, &from);
            }
        } else if (e->chip->cfg.firmware != SIM_ESPAT_2_0 &&
            link->len + (size_t)got <= sizeof(link->buf)) {
            memcpy(link->buf + link->len, data, (size_t)got);
            link->len += (size_t)got;
            link->sender = from;
            announce(e, link);
        }
    }
    *again_ns = e->world->now_ns;
}

bool espat__receive(struct espat *e, struct espat_link *link,
    uint64_t *again_ns)
{
    if (link->proto == PROTO_UDP) {
        receive_udp(e, link, again_ns);
        return true;
    }
    return link->passive ? receive_passive(e, link)
                         : receive_active(e, link, again_ns);
}

// ---- fetching it

static void say_data(struct espat *e, const struct espat_link *link, size_t len)
{
    const struct nif_endpoint *from =
        link->proto == PROTO_UDP ? &link->sender : &link->peer;
    uint8_t piece[LINK_BUF + 80];
    char text[NIF_IP_TEXT_MAX];
    int head;

    if (e->dialect->nonos) {
        head = snprintf((char *)piece, sizeof(piece), "+CIPRECVDATA,%zu:", len);
    } else if (e->dinfo) {
        head = snprintf((char *)piece, sizeof(piece),
            "+CIPRECVDATA:%zu,\"%s\",%u,", len, nif_ip_format(&from->ip, text),
            from->port);
    } else {
        head = snprintf((char *)piece, sizeof(piece), "+CIPRECVDATA:%zu,", len);
    }
    memcpy(piece + head, link->buf, len);
    if (e->dialect->nonos) {
        piece[(size_t)head + len++] = '\r';
        piece[(size_t)head + len++] = '\n';
    }
    espat__out(e, piece, (size_t)head + len);
}

enum espat_result espat__ciprecvdata(struct espat *e,
    const struct espat_args *args)
{
    struct espat_link *link;
    long id = 0;
    long most;
    size_t len;

    if (args->count != (e->mux ? 2u : 1u)) {
        return RESULT_COUNT;
    }
    if ((e->mux && !espat__number(args, 0, 0, LINKS - 1, &id)) ||
        !espat__number(args, e->mux, 1, INT32_MAX, &most)) {
        return RESULT_INVALID;
    }
    link = &e->link[id];
    if (link->len == 0) {
        return RESULT_FAILED;
    }
    len = (size_t)most < link->len ? (size_t)most : link->len;
    if (espat__hit(e, SIM_ESPAT_F_DEBUG)) {
        espat__say(e, "to read %zu bytes\r\n", len);
    }
    say_data(e, link, len);
    link->len -= link->proto == PROTO_UDP ? link->len : len;
    memmove(link->buf, link->buf + len, link->len);
    link->told = false;
    if (link->state == LINK_ENDED && link->len == 0) {
        link->state = LINK_FREE;
    }
    if (link->net) {
        espat__net_kick(link->net);
    }
    return RESULT_OK;
}

enum espat_result espat__ciprecvlen(struct espat *e,
    const struct espat_args *args)
{
    const struct sim_espat_fault *f = espat__hit(e, SIM_ESPAT_F_RECVLEN);
    char text[96] = "";

    for (unsigned i = 0; i < LINKS; i++) {
        const struct espat_link *link = &e->link[i];
        size_t at = strlen(text);

        if (link->state == LINK_OPEN || link->state == LINK_ENDED) {
            snprintf(text + at, sizeof(text) - at, "%s%zu", i ? "," : "",
                link->len + (f && link->len > 0 ? f->value : 0));
        } else {
            snprintf(text + at, sizeof(text) - at, "%s%s", i ? "," : "",
                e->dialect->recvlen_none);
        }
    }
    espat__say(e, "%s:%s\r\n", args->name, text);
    return RESULT_OK;
}

// ---- which way

static void set_passive(struct espat *e, unsigned id, bool passive)
{
    e->passive[id] = passive;
    e->link[id].passive = passive;
    if (e->link[id].net) {
        espat__net_kick(e->link[id].net);
    }
}

enum espat_result espat__ciprecvmode(struct espat *e,
    const struct espat_args *args)
{
    long passive;

    if (args->form == FORM_QUERY) {
        espat__say(e, "%s:%d\r\n", args->name, e->passive[0]);
        return RESULT_OK;
    }
    if (!espat__number(args, 0, 0, 1, &passive) || args->count != 1) {
        return RESULT_INVALID;
    }
    for (unsigned i = 0; i < LINKS; i++) {
        set_passive(e, i, passive != 0);
    }
    return RESULT_OK;
}

enum espat_result espat__ciprecvtype(struct espat *e,
    const struct espat_args *args)
{
    long id = 0;
    long passive;

    if (args->form == FORM_QUERY) {
        for (unsigned i = 0; i < (e->mux ? LINKS : 1u); i++) {
            espat__say(e, "%s:%u,%d\r\n", args->name, i, e->passive[i]);
        }
        return RESULT_OK;
    }
    if (args->count != (e->mux ? 2u : 1u)) {
        return RESULT_COUNT;
    }
    if ((e->mux && !espat__number(args, 0, 0, LINKS, &id)) ||
        !espat__number(args, e->mux, 0, 1, &passive)) {
        return RESULT_INVALID;
    }
    for (unsigned i = 0; i < LINKS; i++) {
        if (id == LINKS || (long)i == id) {
            set_passive(e, i, passive != 0);
        }
    }
    return RESULT_OK;
}
