// SPDX-License-Identifier: MIT
//
// CIPSEND: a prompt, exactly as many bytes as were announced, and what has
// become of them.

#include "sim/chips/espat/model.h"

// A peer address of its own for one datagram.
static bool read_peer(const struct espat_args *args, size_t n,
    struct nif_endpoint *to)
{
    const char *host;
    long port;

    if (!espat__text(args, n, HOST_MAX, &host) ||
        !espat__number(args, n + 1, 1, UINT16_MAX, &port)) {
        return false;
    }
    to->port = (uint16_t)port;
    return nif_ip_parse(host, &to->ip) == 0;
}

static enum espat_result begin(struct espat *e, const struct espat_args *args,
    bool ends)
{
    size_t n = e->mux;
    struct nif_endpoint to;
    struct espat_link *link;
    long id = 0;
    long len;

    if (args->count < n + 1) {
        return RESULT_COUNT;
    }
    if ((e->mux && !espat__number(args, 0, 0, LINKS - 1, &id)) ||
        !espat__number(args, n, 1, e->dialect->send_max, &len)) {
        return RESULT_INVALID;
    }
    link = &e->link[id];
    to = link->peer;
    if (link->state != LINK_OPEN) {
        if (e->dialect->nonos) {
            espat__say(e, "link is not valid\r\n");
        }
        return RESULT_STATE;
    }
    if (args->count > n + 1 &&
        (link->proto != PROTO_UDP || !read_peer(args, n + 1, &to))) {
        return RESULT_INVALID;
    }
    e->send.id = (uint8_t)id;
    e->send.ends = ends;
    e->send.failed = false;
    e->send.len = (size_t)len;
    e->send.got = 0;
    e->send.sent = 0;
    e->send.to = to;
    e->state = STATE_DATA;
    espat__out(e, e->dialect->prompt, strlen(e->dialect->prompt));
    return RESULT_SAID;
}

enum espat_result espat__cipsend(struct espat *e, const struct espat_args *args)
{
    return begin(e, args, false);
}

enum espat_result espat__cipsendex(struct espat *e,
    const struct espat_args *args)
{
    return begin(e, args, true);
}

void espat__send_failed(struct espat *e)
{
    e->send.failed = true;
    if (e->state == STATE_SENDING && !sim_event_pending(&e->send_timer)) {
        sim_event_at(e->world, &e->send_timer,
            e->world->now_ns + e->chip->cfg.exec_us * SIM_US);
    }
}

// ---- the payload

void espat__send_byte(struct espat *e, uint8_t byte)
{
    size_t got = e->send.got;
    bool stop =
        e->send.ends && byte == '0' && got > 0 && e->send.data[got - 1] == '\\';

    if (stop) {
        e->send.got--;
        e->send.len = e->send.got;
    } else {
        e->send.data[e->send.got++] = byte;
    }
    e->payload_ns = e->world->now_ns;
    if (!stop && e->send.got < e->send.len) {
        return;
    }
    e->state = STATE_SENDING;
    e->line_len = 0;
    e->line_cr = false;
    espat__say(e, "\r\nRecv %zu bytes\r\n", e->send.got);
    if (e->send.failed) {
        espat__send_failed(e);
    } else {
        espat__net_kick(e->link[e->send.id].net);
    }
}

// ---- what becomes of it

// Gives more of it to the stack. True when all is taken.
static bool give(struct espat *e, struct espat_link *link)
{
    bool udp = link->proto == PROTO_UDP;

    while (e->send.sent < e->send.len) {
        int got = nif_conn_send(link->conn, e->send.data + e->send.sent,
            e->send.len - e->send.sent, udp ? &e->send.to : NULL);

        if (got == NIF_EAGAIN) {
            return false;
        }
        if (got < 0) {
            e->send.failed = true;
            return true;
        }
        e->send.sent += (size_t)got;
        espat__net_kick(link->net);
    }
    link->active_ns = e->world->now_ns;
    return true;
}

uint64_t espat__send_service(struct espat *e)
{
    const struct sim_espat_fault *late;

    if (e->state != STATE_SENDING || sim_event_pending(&e->send_timer)) {
        return SIM_NEVER;
    }
    if (!e->send.failed && !give(e, &e->link[e->send.id])) {
        return e->world->now_ns + SIM_MS;
    }
    late = espat__hit(e, SIM_ESPAT_F_SEND_LATE);
    sim_event_at(e->world, &e->send_timer,
        e->world->now_ns + e->chip->cfg.exec_us * SIM_US +
            (late ? late->value * SIM_MS : 0));
    return SIM_NEVER;
}

void espat__send_event(struct sim_event *event)
{
    struct espat *e = nif_container_of(event, struct espat, send_timer);
    bool failed = e->send.failed || espat__hit(e, SIM_ESPAT_F_SEND_FAIL);

    e->state = STATE_IDLE;
    e->line_len = 0;
    e->send.id = LINKS;
    if (espat__hit(e, SIM_ESPAT_F_NO_SEND_OK)) {
        return;
    }
    if (!failed) {
        espat__say(e, "\r\nSEND OK\r\n");
        return;
    }
    e->chip->error_count++;
    if (e->dialect->nonos) {
        espat__say(e, "link is not valid\r\n");
        espat__say(e, "\r\nERROR\r\n");
    } else {
        espat__say(e, "\r\nSEND FAIL\r\n");
    }
}
