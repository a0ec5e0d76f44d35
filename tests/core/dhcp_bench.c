// SPDX-License-Identifier: MIT
//
// The DHCP server by hand.

#include "tests/core/dhcp_bench.h"

struct pair p;
struct nif_dhcp dhcp;
uint8_t frame[NIF_ETH_FRAME_MAX];
uint8_t msg[600];
uint64_t again_us;

static size_t msg_len;

// A stack without an address, and the other end of the cable is the server.
int dhcp_setup(void **state)
{
    const struct nif_net none = { .prefix_len = 0 };

    (void)state;
    pair_init_single(&p, 21);
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &none), 0);
    nif_dhcp_init(&dhcp,
        &(struct nif_dhcp_cfg){ .stack = &p.stack[0].stack, .seed = 99 });
    assert_true(nif_dhcp_poll(&dhcp) == NIF_NEVER);
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    return 0;
}

static bool step(struct pair *pair)
{
    again_us = nif_dhcp_poll(&dhcp);
    pair->also_us = again_us;
    return p.dev[1].queued > 0;
}

const uint8_t *dhcp_option(uint8_t code)
{
    for (size_t at = 240; at + 2 <= msg_len && msg[at] != 255;
         at += 2u + msg[at + 1]) {
        if (msg[at] == code) {
            return msg + at + 1;
        }
    }
    return NULL;
}

// Waits for the client's next message; 0 if none comes in that time.
uint8_t dhcp_hear(uint64_t limit_us)
{
    size_t len = 0;
    uint64_t until_us = p.now_us + limit_us;

    while (len == 0 && p.now_us < until_us) {
        pair_run(&p, until_us, step);
        len = pair_take(&p, frame);
        if (len > 0 && nif_get_be16(frame + 12) == 0x0806) {
            uint32_t who = nif_get_be32(frame + 38);

            pair_inject(&p, frame, pair_arp(&p, frame, 2, who, PAIR_IP0));
            pair_arp(&p, frame, 2, who, 0xC0000232);
            pair_inject(&p, frame, 60);
            len = 0;
        }
    }
    if (len == 0) {
        return 0;
    }
    assert_int_equal(nif_get_be16(frame + 34), 68);
    assert_int_equal(nif_get_be16(frame + 36), 67);
    msg_len = nif_get_be16(frame + 38) - 8u;
    assert_true(msg_len >= 300);
    memcpy(msg, frame + 42, msg_len);
    assert_int_equal(msg[0], 1);
    assert_int_equal(nif_get_be32(msg + 236), 0x63825363);
    assert_memory_equal(msg + 28, p.dev[0].hwaddr.byte, 6);
    assert_non_null(dhcp_option(53));
    return dhcp_option(53)[1];
}

struct dhcp_answer dhcp_answer(uint8_t type)
{
    return (struct dhcp_answer){
        .type = type,
        .xid = nif_get_be32(msg + 4),
        .ip = 0xC0000232, // 192.0.2.50
        .server = PAIR_IP1,
        .mask = 0xFFFFFF00,
        .router = PAIR_GATE,
        .dns = 0xC0000235,
        .lease_s = 3600,
    };
}

static uint8_t *put(uint8_t *at, uint8_t code, uint32_t v)
{
    if (v == 0) {
        return at;
    }
    at[0] = code;
    at[1] = 4;
    nif_put_be32(at + 2, v);
    return at + 6;
}

void dhcp_say(const struct dhcp_answer *a)
{
    uint8_t body[300] = { 2, 1, 6, 0 };
    uint8_t *at = body + 240;
    size_t len;

    nif_put_be32(body + 4, a->xid);
    nif_put_be32(body + 16, a->ip);
    memcpy(body + 28, p.dev[0].hwaddr.byte, 6);
    nif_put_be32(body + 236, 0x63825363);
    if (a->file != NULL) {
        memcpy(body + 108, a->file, 128);
    }
    if (a->sname != NULL) {
        memcpy(body + 44, a->sname, 64);
    }
    if (a->raw != NULL) {
        memcpy(at, a->raw, a->raw_len);
        at += a->raw_len;
    } else {
        memcpy(at, "\x35\x01", 2);
        at[2] = a->type;
        at = put(at + 3, 54, a->server);
        at = put(at, 1, a->mask);
        *at++ = 0; // padding
        at = put(at, 3, a->router);
        at = put(at, 6, a->dns);
        at = put(at, 51, a->lease_s);
        at = put(at, 58, a->t1_s);
        at = put(at, 59, a->t2_s);
        *at++ = 255;
    }
    body[a->spoil] = (uint8_t)(body[a->spoil] + a->spoilt);
    len = pair_udp(&p, frame, a->port != 0 ? a->port : 67, 68, body,
        (size_t)(at - body));
    memset(frame, 0xFF, 6);
    nif_put_be32(frame + 26, PAIR_IP1);
    nif_put_be32(frame + 30, 0xFFFFFFFF);
    pair_resum(frame);
    pair_inject(&p, frame, len);
    again_us = nif_dhcp_poll(&dhcp);
}

void dhcp_get_a_lease_of(struct dhcp_answer *a)
{
    a->type = OFFER;
    assert_int_equal(dhcp_hear(10 * SECOND), DISCOVER);
    a->xid = nif_get_be32(msg + 4);
    dhcp_say(a);
    assert_int_equal(dhcp_hear(SECOND), REQUEST);
    a->type = ACK;
    dhcp_say(a);
}

void dhcp_get_a_lease(void)
{
    struct dhcp_answer a = dhcp_answer(OFFER);

    dhcp_get_a_lease_of(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
}

uint32_t dhcp_address(void)
{
    struct nif_net net;

    nif_stack_net(&p.stack[0].stack, &net);
    return net.ip.family == NIF_IP_NONE ? 0 : nif_ip4_value(&net.ip);
}
