// SPDX-License-Identifier: MIT
//
// DHCP server after RFC 2131 4.3. Nothing is timed: an entry of the table is
// free again when its time has passed.

#include "nif/dhcp_server.h"

#include "dhcp_message.h"

#include <string.h>

#define LEASE_S    3600
#define OFFER_S    30  // an offer waits for its request
#define DECLINED_S 600 // an address in use by another is left alone
#define ANSWERS    4   // in one poll()

#define NONE SIZE_MAX

// A request, taken apart.
struct request {
    struct nif__dhcp_options options;
    uint64_t now_us;
    uint32_t id[2];
    uint32_t ip;     // which it is about: option 50, else ciaddr
    uint32_t server; // option 54
    size_t held;     // the client's entry, or NONE
};

// ----------------------------------------------------------------- table

static bool usable(const struct nif_dhcp_server *s, size_t i)
{
    uint32_t ip = s->first + (uint32_t)i;
    uint32_t host = ip & ~s->mask;

    return i < s->cfg.count && ((ip ^ s->own) & s->mask) == 0 && host != 0 &&
        host != ~s->mask && ip != s->own && ip != nif_ip4_value(&s->cfg.router);
}

// The entry of an address; NONE if it is not in the pool.
static size_t entry_of(const struct nif_dhcp_server *s, uint32_t ip)
{
    size_t i = ip - s->first;

    return usable(s, i) ? i : NONE;
}

// The entry that this client has or had.
static size_t find(const struct nif_dhcp_server *s, const uint32_t id[2])
{
    for (size_t i = 0; i < s->cfg.count; i++) {
        const struct nif_dhcp_lease *l = &s->cfg.leases[i];

        if ((l->state == NIF_DHCP_LEASE_OFFERED ||
                l->state == NIF_DHCP_LEASE_GIVEN) &&
            l->id[0] == id[0] && l->id[1] == id[1] && usable(s, i)) {
            return i;
        }
    }
    return NONE;
}

static bool is_free(const struct nif_dhcp_server *s, size_t i,
    const struct request *r)
{
    return i != NONE && s->cfg.leases[i].until_us <= r->now_us;
}

// An entry for a new client (RFC 2131 4.3.1): what it asks for; the one that
// was free longest, the search beginning where its identifier says; what was
// declined, if nothing else is left.
static size_t pick(const struct nif_dhcp_server *s, const struct request *r)
{
    size_t i = entry_of(s, r->ip);
    size_t best = NONE;

    if (is_free(s, i, r)) {
        return i;
    }
    i = (size_t)((uint64_t)r->id[0] * s->cfg.count >> 32);
    for (size_t n = 0; n < s->cfg.count; n++) {
        const struct nif_dhcp_lease *l = &s->cfg.leases[i];

        if (usable(s, i) &&
            (is_free(s, i, r) || l->state == NIF_DHCP_LEASE_DECLINED) &&
            (best == NONE || l->until_us < s->cfg.leases[best].until_us)) {
            best = i;
        }
        i = i + 1 < s->cfg.count ? i + 1 : 0;
    }
    return best;
}

static void note(const struct nif_dhcp_server *s, size_t i,
    const struct request *r, uint8_t state, uint32_t seconds)
{
    struct nif_dhcp_lease *l = &s->cfg.leases[i];

    l->state = state;
    l->until_us = seconds == DHCP_FOREVER_S
        ? NIF_NEVER
        : r->now_us + seconds * NIF__SECOND_US;
    memcpy(l->hwaddr.byte, s->in + MSG_CHADDR, 6);
    memcpy(l->id, r->id, sizeof(l->id));
}

// --------------------------------------------------------------- answers

static uint8_t *put_net(const struct nif_dhcp_server *s, uint8_t *at)
{
    uint8_t dns[8];
    size_t len = 0;

    at = nif__dhcp_put_word(at, OPT_MASK, s->mask);
    if (s->cfg.router.family == NIF_IPV4) {
        at = nif__dhcp_put(at, OPT_ROUTER, s->cfg.router.byte, 4);
    }
    for (size_t i = 0; i < 2; i++) {
        if (s->cfg.dns[i].family == NIF_IPV4) {
            memcpy(dns + len, s->cfg.dns[i].byte, 4);
            len += 4;
        }
    }
    return len > 0 ? nif__dhcp_put(at, OPT_DNS, dns, len) : at;
}

// Sends an answer (RFC 2131 table 3) about the entry `i`, or about none.
static void reply(struct nif_dhcp_server *s, const struct request *r,
    uint8_t type, size_t i)
{
    struct nif_endpoint to = { .ip = nif_ip4(255, 255, 255, 255),
        .port = CLIENT_PORT };
    uint8_t *at = nif__dhcp_begin(s->out, OP_REPLY, type);
    const uint8_t *id = r->options.at[OPT_CLIENT];

    memcpy(s->out + MSG_XID, s->in + MSG_XID, 4);
    memcpy(s->out + MSG_FLAGS, s->in + MSG_FLAGS, 2);
    memcpy(s->out + MSG_CHADDR, s->in + MSG_CHADDR, 16);
    at = nif__dhcp_put_word(at, OPT_SERVER, s->own);
    if (type == DHCP_ACK) {
        memcpy(s->out + MSG_CIADDR, s->in + MSG_CIADDR, 4);
        // Nobody's address: whoever is asked by unicast has one (4.1). An
        // offer or a promise to one without goes to all, as a stack can not
        // send to an address that does not answer ARP yet.
        if (nif_load_be32(s->in + MSG_CIADDR) != 0) {
            nif__set_ip(&to.ip, nif_load_be32(s->in + MSG_CIADDR));
        }
    }
    if (i != NONE) {
        nif_store_be32(s->out + MSG_YIADDR, s->first + (uint32_t)i);
        at = nif__dhcp_put_word(at, OPT_LEASE, s->cfg.lease_s);
    }
    if (type != DHCP_NAK) {
        at = put_net(s, at);
    }
    if (id != NULL) { // RFC 6842 3
        at = nif__dhcp_put(at, OPT_CLIENT, id + 1, id[0]);
    }
    // What the stack does not take is as a message lost: the client asks
    // again.
    (void)!nif_conn_send(&s->conn, s->out, nif__dhcp_end(s->out, at), &to);
}

static void offer(struct nif_dhcp_server *s, const struct request *r)
{
    size_t i = r->held != NONE ? r->held : pick(s, r);

    if (i == NONE) {
        s->full_count++;
        return;
    }
    // Who has the address does not lose it by asking again.
    if (s->cfg.leases[i].state != NIF_DHCP_LEASE_GIVEN || is_free(s, i, r)) {
        note(s, i, r, NIF_DHCP_LEASE_OFFERED, OFFER_S);
    }
    s->offer_count++;
    reply(s, r, DHCP_OFFER, i);
}

static void release(const struct nif_dhcp_server *s, const struct request *r)
{
    if (r->held != NONE) {
        s->cfg.leases[r->held].until_us = r->now_us;
    }
}

// RFC 2131 4.3.2
static void promise(struct nif_dhcp_server *s, const struct request *r)
{
    size_t i = entry_of(s, r->ip);

    if (r->server != 0 && r->server != s->own) {
        release(s, r); // it has chosen another
        return;
    }
    // Its own; or a free one, unless it has another or answers an offer that
    // we do not know.
    if (i != NONE &&
        (i == r->held ||
            (r->held == NONE && r->server == 0 && is_free(s, i, r)))) {
        note(s, i, r, NIF_DHCP_LEASE_GIVEN, s->cfg.lease_s);
        s->ack_count++;
        reply(s, r, DHCP_ACK, i);
        return;
    }
    s->nak_count++;
    reply(s, r, DHCP_NAK, NONE);
}

// RFC 2131 4.3.5: the network without an address.
static void inform(struct nif_dhcp_server *s, const struct request *r)
{
    uint32_t ip = nif_load_be32(s->in + MSG_CIADDR);

    if (nif__host_ip(ip) && ((ip ^ s->own) & s->mask) == 0) {
        reply(s, r, DHCP_ACK, NONE);
    }
}

// ------------------------------------------------------------- receiving

// A hash under a fixed key: the same after each start, and nobody finds
// another's 64 bits.
static void identify(const struct nif_dhcp_server *s, struct request *r)
{
    static const uint32_t key[2] = { 1, 2 };
    const uint8_t *id = r->options.at[OPT_CLIENT];

    if (id != NULL) {
        nif__digest(key, id, id[0] + 1u, r->id); // its length in front
    } else {
        nif__digest(key, s->in + MSG_CHADDR, 6, r->id);
    }
}

// The stack's address may have changed since the last message. False if there
// is none.
static bool know_ourselves(struct nif_dhcp_server *s)
{
    struct nif_net net;

    nif_stack_net(s->cfg.stack, &net);
    s->own = nif_ip4_value(&net.ip);
    s->mask = nif__mask(net.prefix_len);
    s->first = nif_ip4_value(&s->cfg.first);
    if (s->first == 0) {
        s->first = s->own + 1;
    }
    return net.ip.family == NIF_IPV4;
}

static void handle(struct nif_dhcp_server *s, size_t len)
{
    struct request r;

    if (!nif__dhcp_read(s->in, len, OP_REQUEST, &r.options) ||
        nif_load_be32(s->in + MSG_GIADDR) != 0 || !know_ourselves(s)) {
        return;
    }
    r.now_us = nif_clock_now_us(s->cfg.stack->clock);
    r.server = nif__dhcp_word(&r.options, OPT_SERVER, 0);
    r.ip = nif__dhcp_word(&r.options, OPT_ADDRESS, 0);
    if (r.ip == 0) {
        r.ip = nif_load_be32(s->in + MSG_CIADDR);
    }
    identify(s, &r);
    r.held = find(s, r.id);
    switch (nif__dhcp_type(&r.options)) {
    case DHCP_DISCOVER: offer(s, &r); break;
    case DHCP_REQUEST: promise(s, &r); break;
    case DHCP_INFORM: inform(s, &r); break;
    case DHCP_DECLINE:
        if (r.server == s->own && r.held != NONE &&
            r.held == entry_of(s, r.ip)) {
            note(s, r.held, &r, NIF_DHCP_LEASE_DECLINED, DECLINED_S);
        }
        break;
    case DHCP_RELEASE:
        if (r.server == s->own && r.held == entry_of(s, r.ip)) {
            release(s, &r);
        }
        break;
    default: break;
    }
}

// --------------------------------------------------------------- surface

uint64_t nif_dhcp_server_poll(struct nif_dhcp_server *server)
{
    struct nif_endpoint from;

    for (unsigned i = 0; server->open && i < ANSWERS; i++) {
        int len =
            nif_conn_recv(&server->conn, server->in, sizeof(server->in), &from);

        if (len < 0) {
            return NIF_NEVER;
        }
        if (from.port == CLIENT_PORT) {
            handle(server, (size_t)len);
        }
    }
    return server->open ? nif_clock_now_us(server->cfg.stack->clock)
                        : NIF_NEVER;
}

int nif_dhcp_server_start(struct nif_dhcp_server *server)
{
    const struct nif_conn_cfg buffers = {
        .rx = server->rx,
        .rx_cap = sizeof(server->rx),
        .tx = server->tx,
        .tx_cap = sizeof(server->tx),
    };
    int err = 0;

    if (!server->open) {
        err = nif__client_open(server->cfg.stack, &server->conn, &buffers,
            SERVER_PORT);
        server->open = err == 0;
    }
    return err;
}

void nif_dhcp_server_stop(struct nif_dhcp_server *server)
{
    if (server->open) {
        nif_conn_abort(&server->conn);
        server->open = false;
    }
}

void nif_dhcp_server_init(struct nif_dhcp_server *server,
    const struct nif_dhcp_server_cfg *cfg)
{
    memset(server, 0, sizeof(*server));
    server->cfg = *cfg;
    if (cfg->lease_s == 0) {
        server->cfg.lease_s = LEASE_S;
    }
    memset(cfg->leases, 0, cfg->count * sizeof(cfg->leases[0]));
}
