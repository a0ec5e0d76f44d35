// SPDX-License-Identifier: MIT
//
// DHCP client after RFC 2131 (states: figure 5) and RFC 2132 (options).

#include "nif/dhcp.h"

#include "nif/clock.h"

#include <string.h>

// The message, RFC 2131 2.
enum {
    MSG_OP = 0,
    MSG_HTYPE = 1,
    MSG_HLEN = 2,
    MSG_XID = 4,
    MSG_SECS = 8,
    MSG_FLAGS = 10,
    MSG_CIADDR = 12,
    MSG_YIADDR = 16,
    MSG_CHADDR = 28,
    MSG_COOKIE = 236,
    MSG_OPTIONS = 240,
    MSG_LEAST = 300, // BOOTP relays drop what is shorter (RFC 1542 2.1)

    OP_REQUEST = 1,
    OP_REPLY = 2,
    HTYPE_ETHERNET = 1,
};

#define COOKIE         0x63825363u
#define FLAG_BROADCAST 0x8000u
#define SERVER_PORT    67
#define CLIENT_PORT    68

// Options, RFC 2132.
enum {
    OPT_PAD = 0,
    OPT_MASK = 1,
    OPT_ROUTER = 3,
    OPT_DNS = 6,
    OPT_ADDRESS = 50,
    OPT_LEASE = 51,
    OPT_TYPE = 53,
    OPT_SERVER = 54,
    OPT_WANTED = 55,
    OPT_SIZE = 57,
    OPT_T1 = 58,
    OPT_T2 = 59,
    OPT_CLIENT = 61,
    OPT_END = 255,

    DISCOVER = 1,
    OFFER = 2,
    REQUEST = 3,
    ACK = 5,
    NAK = 6,
};

#define SECOND_US     ((uint64_t)1000000)
#define FIRST_US      (4u * SECOND_US)  // RFC 2131 4.1, then doubled ...
#define LONGEST_US    (64u * SECOND_US) // ... up to here
#define REQUEST_MAX   4                 // questions for one offer
#define RENEW_LEAST_S 60                // RFC 2131 4.4.5
#define RESEND_US     10000u            // when the stack would not take it
#define LEASE_LEAST_S 60                // a shorter one would be all renewal
#define FOREVER_S     UINT32_MAX

// What an offer or a promise says.
struct reply {
    uint8_t type;
    struct nif_net net;
    struct nif_ip server;
    uint32_t lease_s;
    uint32_t t1_s; // 0: not said
    uint32_t t2_s;
};

static uint64_t now_us(const struct nif_dhcp *dhcp)
{
    return nif_clock_now_us(dhcp->cfg.stack->clock);
}

// Spreads boards that were switched on together; nothing here is secret
// (xorshift, Marsaglia).
static uint32_t draw(struct nif_dhcp *dhcp)
{
    uint32_t x = dhcp->random;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    dhcp->random = x;
    return x;
}

// Plus or minus up to a second (RFC 2131 4.1).
static uint64_t jitter(struct nif_dhcp *dhcp, uint64_t us)
{
    return us - SECOND_US + (draw(dhcp) & 0x1FFFFF);
}

static uint64_t after_s(uint64_t us, uint32_t s)
{
    return s == FOREVER_S ? NIF_NEVER : us + (uint64_t)s * SECOND_US;
}

// --------------------------------------------------------------- sending

static uint8_t *put_option(uint8_t *at, uint8_t code, const void *data,
    uint8_t len)
{
    at[0] = code;
    at[1] = len;
    memcpy(at + 2, data, len);
    return at + 2 + len;
}

static uint8_t *put_options(const struct nif_dhcp *dhcp, uint8_t *at,
    const struct nif_hwaddr *hwaddr)
{
    static const uint8_t wanted[] = { OPT_MASK, OPT_ROUTER, OPT_DNS, OPT_LEASE,
        OPT_T1, OPT_T2 };
    uint8_t type = dhcp->state == NIF_DHCP_SELECTING ? DISCOVER : REQUEST;
    uint8_t client[7] = { HTYPE_ETHERNET };
    uint8_t size[2];

    memcpy(client + 1, hwaddr->byte, 6);
    nif_put_be16(size, 20 + 8 + NIF_DHCP_MESSAGE_MAX);
    at = put_option(at, OPT_TYPE, &type, 1);
    at = put_option(at, OPT_CLIENT, client, sizeof(client));
    if (dhcp->state == NIF_DHCP_REQUESTING ||
        dhcp->state == NIF_DHCP_REBOOTING) {
        at = put_option(at, OPT_ADDRESS, dhcp->offer.ip.byte, 4);
    }
    if (dhcp->state == NIF_DHCP_REQUESTING) {
        at = put_option(at, OPT_SERVER, dhcp->server.byte, 4);
    }
    at = put_option(at, OPT_SIZE, size, sizeof(size));
    at = put_option(at, OPT_WANTED, wanted, sizeof(wanted));
    *at++ = OPT_END;
    return at;
}

// Builds the message that belongs to the state (RFC 2131 table 5).
static size_t build(struct nif_dhcp *dhcp)
{
    uint8_t *m = dhcp->msg;
    uint64_t waited_us = now_us(dhcp) - dhcp->begun_us;
    struct nif_net net;
    size_t len;

    nif_stack_net(dhcp->cfg.stack, &net);
    memset(m, 0, sizeof(dhcp->msg));
    m[MSG_OP] = OP_REQUEST;
    m[MSG_HTYPE] = HTYPE_ETHERNET;
    m[MSG_HLEN] = 6;
    nif_put_be32(m + MSG_XID, dhcp->xid);
    // Shifted, not divided: 1.05 s are good enough for "how desperate".
    nif_put_be16(m + MSG_SECS, (uint16_t)(waited_us >> 20));
    if (dhcp->state >= NIF_DHCP_BOUND) {
        memcpy(m + MSG_CIADDR, dhcp->offer.ip.byte, 4);
    } else {
        nif_put_be16(m + MSG_FLAGS, FLAG_BROADCAST);
    }
    memcpy(m + MSG_CHADDR, net.hwaddr.byte, 6);
    nif_put_be32(m + MSG_COOKIE, COOKIE);
    len = (size_t)(put_options(dhcp, m + MSG_OPTIONS, &net.hwaddr) - m);
    return len < MSG_LEAST ? MSG_LEAST : len;
}

static void send_message(struct nif_dhcp *dhcp)
{
    const struct nif_endpoint to = {
        .ip = dhcp->state == NIF_DHCP_RENEWING ? dhcp->server
                                               : nif_ip4(255, 255, 255, 255),
        .port = SERVER_PORT,
    };
    size_t len = build(dhcp);
    int err = nif_conn_send(&dhcp->conn, dhcp->msg, len, &to);

    // Any error but "not now" is as a message lost: the next one is timed.
    dhcp->unsent = err == NIF_EAGAIN;
}

// ---------------------------------------------------------------- states

static void search(struct nif_dhcp *dhcp)
{
    dhcp->state = NIF_DHCP_SELECTING;
    dhcp->tries = 0;
    dhcp->unsent = false;
    dhcp->xid = draw(dhcp);
    dhcp->begun_us = now_us(dhcp);
    // RFC 2131 4.4.1: wait a little, so that a street of boards does not
    // call at once after a power cut. Up to a quarter of a second.
    dhcp->at_us = dhcp->begun_us + (draw(dhcp) & 0x3FFFF);
}

// The lease is over: nobody may use the address any more.
static void lose(struct nif_dhcp *dhcp)
{
    struct nif_net none = { .ip = { .family = NIF_IP_NONE } };

    dhcp->end_us = 0;
    // Cannot be refused: "none" is always a valid address.
    if (nif_stack_set_net(dhcp->cfg.stack, &none) == 0) {
        search(dhcp);
    } else {
        dhcp->state = NIF_DHCP_OFF;
    }
}

// Asks whether the lease still holds, without giving it up.
static void confirm(struct nif_dhcp *dhcp)
{
    dhcp->state = NIF_DHCP_REBOOTING;
    dhcp->tries = 0;
    dhcp->unsent = false;
    dhcp->xid = draw(dhcp);
    dhcp->begun_us = now_us(dhcp);
    dhcp->at_us = dhcp->begun_us;
}

static void bind_lease(struct nif_dhcp *dhcp, const struct reply *r)
{
    uint32_t lease_s = r->lease_s < LEASE_LEAST_S ? LEASE_LEAST_S : r->lease_s;
    uint32_t t1_s = r->t1_s;
    uint32_t t2_s = r->t2_s;
    uint64_t from_us = now_us(dhcp);

    // RFC 2131 4.4.5: a half, and seven eighths, if not said or not sane.
    if (t2_s == 0 || t2_s >= lease_s) {
        t2_s = lease_s - (lease_s >> 3);
    }
    if (t1_s == 0 || t1_s >= t2_s) {
        t1_s = lease_s >> 1;
    }
    if (lease_s == FOREVER_S) {
        t1_s = FOREVER_S;
        t2_s = FOREVER_S;
    }
    if (nif_stack_set_net(dhcp->cfg.stack, &r->net) != 0) {
        search(dhcp);
        return;
    }
    dhcp->state = NIF_DHCP_BOUND;
    dhcp->lease_count++;
    dhcp->unsent = false;
    dhcp->offer = r->net;
    if (r->server.family != NIF_IP_NONE) {
        dhcp->server = r->server;
    }
    dhcp->t1_us = after_s(from_us, t1_s);
    dhcp->t2_us = after_s(from_us, t2_s);
    dhcp->end_us = after_s(from_us, lease_s);
    dhcp->at_us = dhcp->t1_us;
}

// The time of the next message: doubled each time, or half of what is left.
static void schedule(struct nif_dhcp *dhcp)
{
    uint64_t now = now_us(dhcp);
    uint64_t limit_us =
        dhcp->state == NIF_DHCP_RENEWING ? dhcp->t2_us : dhcp->end_us;
    uint64_t wait_us = FIRST_US;

    if (dhcp->state >= NIF_DHCP_RENEWING) {
        wait_us = limit_us > now ? (limit_us - now) >> 1 : 0;
        if (wait_us < RENEW_LEAST_S * SECOND_US) {
            wait_us = RENEW_LEAST_S * SECOND_US;
        }
        dhcp->at_us = now + wait_us < limit_us ? now + wait_us : limit_us;
        return;
    }
    for (unsigned i = 0; i < dhcp->tries && wait_us < LONGEST_US; i++) {
        wait_us <<= 1;
    }
    dhcp->at_us = now + jitter(dhcp, wait_us);
}

// It is time for the next step of the state.
static void step(struct nif_dhcp *dhcp)
{
    uint64_t now = now_us(dhcp);

    if (dhcp->state >= NIF_DHCP_BOUND && now >= dhcp->end_us) {
        lose(dhcp);
        return;
    }
    if (dhcp->state == NIF_DHCP_REQUESTING && dhcp->tries >= REQUEST_MAX) {
        search(dhcp);
        return;
    }
    if (dhcp->state == NIF_DHCP_REBOOTING && dhcp->tries >= REQUEST_MAX) {
        // No server says no: the lease holds (RFC 2131 4.4.2).
        dhcp->state = NIF_DHCP_BOUND;
        dhcp->unsent = false;
        dhcp->at_us = dhcp->t1_us;
        return;
    }
    if (dhcp->state == NIF_DHCP_BOUND) {
        dhcp->state = NIF_DHCP_RENEWING;
        dhcp->xid = draw(dhcp);
        dhcp->begun_us = now;
    }
    if (dhcp->state == NIF_DHCP_RENEWING && now >= dhcp->t2_us) {
        dhcp->state = NIF_DHCP_REBINDING;
    }
    send_message(dhcp);
    schedule(dhcp);
    if (dhcp->tries < UINT8_MAX) {
        dhcp->tries++;
    }
}

// ------------------------------------------------------------- receiving

static bool usable(const struct nif_ip *ip)
{
    uint32_t v = nif_ip4_value(ip);

    return v >> 24 != 0 && v >> 24 != 127 && v >> 28 < 0xE;
}

// 255.255.255.0 is 24; 33 if the ones are not in a row.
static uint8_t prefix_of(uint32_t mask)
{
    uint8_t len = 0;

    while (len < 32 && (mask & 0x80000000u)) {
        mask <<= 1;
        len++;
    }
    return mask == 0 ? len : 33;
}

// One option, `len` bytes at `p`. A length that is wrong for its kind makes
// the option as if it were not there.
static void read_option(struct reply *r, uint8_t code, const uint8_t *p,
    uint8_t len)
{
    bool word = len >= 4;

    switch (code) {
    case OPT_TYPE: r->type = len == 1 ? p[0] : 0; break;
    case OPT_MASK:
        r->net.prefix_len = len == 4 ? prefix_of(nif_get_be32(p)) : 0;
        break;
    case OPT_ROUTER:
        if (word) {
            r->net.gateway = nif_ip4_from(p);
        }
        break;
    case OPT_DNS:
        for (size_t i = 0; i < 2 && len >= 4 * (i + 1); i++) {
            r->net.dns[i] = nif_ip4_from(p + 4 * i);
        }
        break;
    case OPT_SERVER:
        if (len == 4) {
            r->server = nif_ip4_from(p);
        }
        break;
    case OPT_LEASE: r->lease_s = len == 4 ? nif_get_be32(p) : 0; break;
    case OPT_T1: r->t1_s = len == 4 ? nif_get_be32(p) : 0; break;
    case OPT_T2: r->t2_s = len == 4 ? nif_get_be32(p) : 0; break;
    default: break;
    }
}

static bool read_options(struct reply *r, const uint8_t *opt, size_t len)
{
    size_t at = 0;

    while (at < len && opt[at] != OPT_END) {
        if (opt[at] == OPT_PAD) {
            at++;
            continue;
        }
        if (len - at < 2 || opt[at + 1] > len - at - 2) {
            return false;
        }
        read_option(r, opt[at], opt + at + 2, opt[at + 1]);
        at += 2u + opt[at + 1];
    }
    return true;
}

// A reply to us, to what we asked last, that holds together.
static bool read_message(struct nif_dhcp *dhcp, size_t len, struct reply *r)
{
    const uint8_t *m = dhcp->msg;
    struct nif_net own;

    nif_stack_net(dhcp->cfg.stack, &own);
    if (len < MSG_OPTIONS || m[MSG_OP] != OP_REPLY ||
        nif_get_be32(m + MSG_XID) != dhcp->xid ||
        memcmp(m + MSG_CHADDR, own.hwaddr.byte, 6) != 0 ||
        nif_get_be32(m + MSG_COOKIE) != COOKIE) {
        return false;
    }
    memset(r, 0, sizeof(*r));
    r->net.ip = nif_ip4_from(m + MSG_YIADDR);
    if (!read_options(r, m + MSG_OPTIONS, len - MSG_OPTIONS)) {
        return false;
    }
    if (r->type == NAK) {
        return true;
    }
    if (!usable(&r->net.ip) || r->net.prefix_len > 32) {
        return false;
    }
    if (!usable(&r->net.gateway)) {
        r->net.gateway = (struct nif_ip){ .family = NIF_IP_NONE };
    }
    for (size_t i = 0; i < nif_countof(r->net.dns); i++) {
        if (!usable(&r->net.dns[i])) {
            r->net.dns[i] = (struct nif_ip){ .family = NIF_IP_NONE };
        }
    }
    if (r->net.prefix_len == 0) { // not said: by the old classes
        r->net.prefix_len = r->net.ip.byte[0] < 128 ? 8
            : r->net.ip.byte[0] < 192               ? 16
                                                    : 24;
    }
    return true;
}

static void take_offer(struct nif_dhcp *dhcp, const struct reply *r)
{
    if (r->server.family == NIF_IP_NONE || r->lease_s == 0) {
        return;
    }
    dhcp->offer = r->net;
    dhcp->server = r->server;
    dhcp->state = NIF_DHCP_REQUESTING;
    dhcp->tries = 0;
    dhcp->at_us = now_us(dhcp);
}

static void take_reply(struct nif_dhcp *dhcp, const struct reply *r)
{
    bool asked =
        dhcp->state >= NIF_DHCP_REQUESTING && dhcp->state != NIF_DHCP_BOUND;
    bool anybody =
        dhcp->state == NIF_DHCP_REBOOTING || dhcp->state == NIF_DHCP_REBINDING;

    if (r->type == OFFER && dhcp->state == NIF_DHCP_SELECTING) {
        take_offer(dhcp, r);
    } else if (r->type == ACK && asked && r->lease_s != 0 &&
        nif_ip_equal(&r->net.ip, &dhcp->offer.ip)) {
        bind_lease(dhcp, r);
    } else if (r->type == NAK && asked &&
        (anybody || nif_ip_equal(&r->server, &dhcp->server))) {
        dhcp->nak_count++;
        lose(dhcp);
    }
}

static void receive(struct nif_dhcp *dhcp)
{
    struct nif_endpoint from;
    struct reply r;

    // One datagram per turn would do; two keep up with the chatter of others.
    for (unsigned i = 0; i < 2; i++) {
        int len =
            nif_conn_recv(&dhcp->conn, dhcp->msg, sizeof(dhcp->msg), &from);

        if (len < 0) {
            return;
        }
        if (from.port == SERVER_PORT && read_message(dhcp, (size_t)len, &r)) {
            take_reply(dhcp, &r);
        }
    }
}

// --------------------------------------------------------------- surface

uint64_t nif_dhcp_poll(struct nif_dhcp *dhcp)
{
    if (dhcp->state == NIF_DHCP_OFF) {
        return NIF_NEVER;
    }
    receive(dhcp);
    if (dhcp->unsent) {
        send_message(dhcp);
    }
    if (now_us(dhcp) >= dhcp->at_us) {
        step(dhcp);
    }
    if (dhcp->unsent && dhcp->at_us > now_us(dhcp) + RESEND_US) {
        return now_us(dhcp) + RESEND_US;
    }
    return dhcp->at_us;
}

int nif_dhcp_start(struct nif_dhcp *dhcp)
{
    const struct nif_conn_cfg buffers = {
        .rx = dhcp->rx,
        .rx_cap = sizeof(dhcp->rx),
    };
    const struct nif_endpoint local = { .port = CLIENT_PORT };
    int err = 0;

    if (!dhcp->open) {
        err = nif_conn_open(dhcp->cfg.stack, &dhcp->conn, NIF_UDP, &buffers);
        if (err == 0) {
            dhcp->open = true;
            err = nif_conn_bind(&dhcp->conn, &local);
        }
    }
    if (err != 0) {
        nif_dhcp_stop(dhcp);
        return err;
    }
    if (dhcp->end_us > now_us(dhcp)) {
        confirm(dhcp);
    } else {
        lose(dhcp);
    }
    return 0;
}

void nif_dhcp_stop(struct nif_dhcp *dhcp)
{
    if (dhcp->open) {
        nif_conn_abort(&dhcp->conn);
        dhcp->open = false;
    }
    dhcp->state = NIF_DHCP_OFF;
}

void nif_dhcp_init(struct nif_dhcp *dhcp, const struct nif_dhcp_cfg *cfg)
{
    memset(dhcp, 0, sizeof(*dhcp));
    dhcp->cfg = *cfg;
    dhcp->random = (uint32_t)(cfg->seed ^ cfg->seed >> 32) | 1;
}
