// SPDX-License-Identifier: MIT
//
// The DHCP client against a scripted server.

#include "nif/dhcp.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
    DISCOVER = 1,
    OFFER = 2,
    REQUEST = 3,
    ACK = 5,
    NAK = 6,
};

#define SECOND 1000000ull

static struct pair p;
static struct nif_dhcp dhcp;
static uint8_t frame[NIF_ETH_FRAME_MAX];
static uint8_t msg[600]; // the client's last message
static size_t msg_len;
static uint64_t again_us;

// A stack without an address, and the other end of the cable is the server.
static int setup(void **state)
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

static const uint8_t *option(uint8_t code)
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
static uint8_t hear(uint64_t limit_us)
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
    assert_non_null(option(53));
    return option(53)[1];
}

// What the server says; a test changes what it wants to.
struct answer {
    uint8_t type;
    uint32_t xid;
    uint32_t ip;
    uint32_t server;
    uint32_t mask;
    uint32_t router;
    uint32_t dns;
    uint32_t lease_s;
    uint32_t t1_s;
    uint32_t t2_s;
    const uint8_t *raw; // options as they are, in place of all these
    size_t raw_len;
};

static struct answer answer(uint8_t type)
{
    return (struct answer){
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

static void say(const struct answer *a)
{
    uint8_t body[300] = { 2, 1, 6, 0 };
    uint8_t *at = body + 240;
    size_t len;

    nif_put_be32(body + 4, a->xid);
    nif_put_be32(body + 16, a->ip);
    memcpy(body + 28, p.dev[0].hwaddr.byte, 6);
    nif_put_be32(body + 236, 0x63825363);
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
    len = pair_udp(&p, frame, 67, 68, body, (size_t)(at - body));
    memset(frame, 0xFF, 6);
    nif_put_be32(frame + 26, PAIR_IP1);
    nif_put_be32(frame + 30, 0xFFFFFFFF);
    pair_resum(frame);
    pair_inject(&p, frame, len);
    again_us = nif_dhcp_poll(&dhcp);
}

static void get_a_lease_of(struct answer *a)
{
    a->type = OFFER;
    assert_int_equal(hear(10 * SECOND), DISCOVER);
    a->xid = nif_get_be32(msg + 4);
    say(a);
    assert_int_equal(hear(SECOND), REQUEST);
    a->type = ACK;
    say(a);
}

static void get_a_lease(void)
{
    struct answer a = answer(OFFER);

    get_a_lease_of(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
}

static uint32_t address(void)
{
    struct nif_net net;

    nif_stack_net(&p.stack[0].stack, &net);
    return net.ip.family == NIF_IP_NONE ? 0 : nif_ip4_value(&net.ip);
}

static void an_address_is_asked_for_offered_chosen_and_set(void **state)
{
    struct answer a;
    struct nif_net net;

    (void)state;
    assert_int_equal(hear(SECOND), DISCOVER);
    assert_int_equal(frame[0] & frame[5], 0xFF);
    assert_int_equal(nif_get_be32(frame + 26), 0);
    assert_int_equal(nif_get_be32(frame + 30), 0xFFFFFFFF);
    assert_int_equal(nif_get_be16(msg + 10), 0x8000); // answer to all
    assert_non_null(option(61));
    assert_non_null(option(55));
    a = answer(OFFER);
    say(&a);
    assert_int_equal(hear(SECOND), REQUEST);
    assert_int_equal(nif_get_be32(option(50) + 1), a.ip);
    assert_int_equal(nif_get_be32(option(54) + 1), a.server);
    assert_int_equal(address(), 0);
    a.type = ACK;
    say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    nif_stack_net(&p.stack[0].stack, &net);
    assert_int_equal(nif_ip4_value(&net.ip), a.ip);
    assert_int_equal(net.prefix_len, 24);
    assert_int_equal(nif_ip4_value(&net.gateway), a.router);
    assert_int_equal(nif_ip4_value(&net.dns[0]), a.dns);
    assert_int_equal(net.dns[1].family, NIF_IP_NONE);
    assert_true(again_us >= p.now_us + 1799 * SECOND);
}

static void without_an_answer_it_asks_again_ever_later(void **state)
{
    static const uint64_t waits_s[] = { 4, 8, 16, 32, 64, 64 };
    uint64_t last_us;

    (void)state;
    assert_int_equal(hear(SECOND), DISCOVER);
    last_us = p.now_us;
    for (size_t i = 0; i < nif_countof(waits_s); i++) {
        assert_int_equal(hear(70 * SECOND), DISCOVER);
        assert_in_range(p.now_us - last_us, (waits_s[i] - 1) * SECOND,
            (waits_s[i] + 2) * SECOND);
        last_us = p.now_us;
    }
}

static void an_offer_that_is_not_kept_leads_to_a_new_search(void **state)
{
    struct answer a;

    (void)state;
    assert_int_equal(hear(SECOND), DISCOVER);
    a = answer(OFFER);
    say(&a);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(hear(70 * SECOND), REQUEST);
    }
    assert_int_equal(hear(100 * SECOND), DISCOVER);
    assert_int_not_equal(nif_get_be32(msg + 4), a.xid);
}

static void a_refusal_leads_to_a_new_search(void **state)
{
    struct answer a;

    (void)state;
    assert_int_equal(hear(SECOND), DISCOVER);
    a = answer(OFFER);
    say(&a);
    assert_int_equal(hear(SECOND), REQUEST);
    a.type = NAK;
    a.server++;
    say(&a); // of a server that was not asked
    assert_int_equal(dhcp.nak_count, 0);
    a.server--;
    say(&a);
    assert_int_equal(dhcp.nak_count, 1);
    assert_int_equal(hear(2 * SECOND), DISCOVER);
}

static void a_lease_is_renewed_at_half_time_from_its_server(void **state)
{
    struct answer a;
    uint64_t begun_us;

    (void)state;
    get_a_lease();
    begun_us = p.now_us;
    assert_int_equal(hear(2000 * SECOND), REQUEST);
    assert_in_range(p.now_us - begun_us, 1799 * SECOND, 1802 * SECOND);
    assert_int_equal(nif_get_be32(msg + 12), 0xC0000232);
    assert_int_equal(nif_get_be32(frame + 30), PAIR_IP1); // to him alone
    assert_null(option(50));
    assert_null(option(54));
    a = answer(ACK);
    a.ip++;
    say(&a); // another address than ours: not believed
    assert_int_equal(dhcp.lease_count, 1);
    a.ip--;
    say(&a);
    assert_int_equal(dhcp.lease_count, 2);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
}

static void
a_silent_server_is_asked_more_often_then_any_then_it_ends(void **state)
{
    uint64_t begun_us;
    unsigned renewals = 0;
    unsigned rebinds = 0;

    (void)state;
    get_a_lease();
    begun_us = p.now_us;
    while (address() != 0 && p.now_us < begun_us + 4000 * SECOND) {
        if (hear(100 * SECOND) != 0) {
            renewals += dhcp.state == NIF_DHCP_RENEWING;
            rebinds += dhcp.state == NIF_DHCP_REBINDING;
        }
    }
    assert_in_range(p.now_us - begun_us, 3590 * SECOND, 3710 * SECOND);
    assert_in_range(renewals, 3, 20);
    assert_in_range(rebinds, 2, 20);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
}

static void the_servers_times_are_taken_if_they_make_sense(void **state)
{
    static const struct {
        uint32_t lease_s;
        uint32_t t1_s;
        uint32_t t2_s;
        uint64_t expected_s; // of the first renewal; 0: never
    } cases[] = {
        { 1000, 0, 0, 500 },
        { 1000, 300, 800, 300 },
        { 1000, 900, 800, 500 },  // T1 behind T2
        { 1000, 300, 2000, 300 }, // T2 behind the end
        { 10, 0, 0, 30 },         // silly: a minute at least
        { UINT32_MAX, 0, 0, 0 },  // for ever
        { UINT32_MAX, 5, 7, 0 },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct answer a = answer(OFFER);

        setup(state);
        a.lease_s = cases[i].lease_s;
        a.t1_s = cases[i].t1_s;
        a.t2_s = cases[i].t2_s;
        get_a_lease_of(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
        if (cases[i].expected_s == 0) {
            assert_true(again_us == NIF_NEVER);
        } else {
            assert_in_range(again_us - p.now_us,
                cases[i].expected_s * SECOND - 1000,
                cases[i].expected_s * SECOND + 1000);
        }
    }
}

static void offers_that_make_no_sense_are_not_taken(void **state)
{
    static const uint32_t bad_ips[] = { 0, 0x7F000001, 0xE0000001, 0xFFFFFFFF,
        0x00000001 };
    struct answer a;

    (void)state;
    assert_int_equal(hear(SECOND), DISCOVER);
    for (size_t i = 0; i < nif_countof(bad_ips); i++) {
        a = answer(OFFER);
        a.ip = bad_ips[i];
        say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    }
    a = answer(OFFER);
    a.mask = 0xFF00FF00;
    say(&a);
    a = answer(OFFER);
    a.xid++;
    say(&a);
    a = answer(OFFER);
    a.server = 0;
    say(&a);
    a = answer(OFFER);
    a.lease_s = 0;
    say(&a);
    a = answer(ACK); // not asked for
    say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
}

static void a_gateway_or_server_that_makes_no_sense_is_left_out(void **state)
{
    struct answer a = answer(OFFER);
    struct nif_net net;

    (void)state;
    a.router = 0xE0000005;
    a.dns = 0x7F000001;
    a.mask = 0;
    get_a_lease_of(&a);
    nif_stack_net(&p.stack[0].stack, &net);
    assert_int_equal(net.gateway.family, NIF_IP_NONE);
    assert_int_equal(net.dns[0].family, NIF_IP_NONE);
    assert_int_equal(net.prefix_len, 24); // by the old classes
}

static void options_are_read_within_bounds(void **state)
{
    static const uint8_t full[] = { 53, 1, 2, 54, 4, 192, 0, 2, 2, 51, 4, 0, 0,
        14, 16, 1, 4, 255, 255, 255, 0, 6, 8, 9, 9, 9, 9, 8, 8, 8, 8, 12, 3,
        'a', 'b', 'c', 255 };
    static const uint8_t bad[][8] = {
        { 53, 1, 2, 54, 200, 1, 1, 1 }, // beyond the end
        { 53, 2, 2, 2, 54, 4, 1, 1 },   // cut
        { 53, 1, 2, 0, 0, 0, 0, 54 },   // a code alone
        { 53, 0, 53, 9, 2, 2, 2, 2 },
    };
    struct answer a;

    (void)state;
    assert_int_equal(hear(SECOND), DISCOVER);
    a = answer(OFFER);
    for (size_t i = 0; i < nif_countof(bad); i++) {
        a.raw = bad[i];
        a.raw_len = sizeof(bad[i]);
        say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    }
    a.raw = full;
    for (a.raw_len = 0; a.raw_len < 9 + 6; a.raw_len++) {
        say(&a);
        assert_int_equal(dhcp.state, NIF_DHCP_SELECTING);
    }
    a.raw_len = sizeof(full);
    say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_REQUESTING);
    assert_int_equal(nif_ip4_value(&dhcp.offer.dns[1]), 0x08080808);
}

static void after_the_cable_was_out_the_lease_is_asked_about(void **state)
{
    struct answer a;

    (void)state;
    get_a_lease();
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    assert_int_equal(address(), 0xC0000232); // kept meanwhile
    assert_int_equal(hear(SECOND), REQUEST);
    assert_int_equal(nif_get_be32(option(50) + 1), 0xC0000232);
    assert_null(option(54));
    a = answer(ACK);
    say(&a);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    // Nobody answers: it holds.
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(hear(70 * SECOND), REQUEST);
    }
    assert_int_equal(hear(100 * SECOND), 0);
    assert_int_equal(dhcp.state, NIF_DHCP_BOUND);
    // Another network: a server says no.
    assert_int_equal(nif_dhcp_start(&dhcp), 0);
    assert_int_equal(hear(SECOND), REQUEST);
    a = answer(NAK);
    a.server = 0xC0000203;
    say(&a);
    assert_int_equal(address(), 0);
    assert_int_equal(hear(SECOND), DISCOVER);
}

static void what_the_device_had_no_room_for_is_sent_soon(void **state)
{
    (void)state;
    p.dev[0].refill = 0;
    p.dev[0].room = 0;
    assert_int_equal(hear(SECOND), 0);
    assert_true(dhcp.unsent);
    p.dev[0].refill = 10;
    assert_int_equal(hear(SECOND / 10), DISCOVER);
}

static void only_one_client_has_port_68(void **state)
{
    static struct nif_dhcp other;

    (void)state;
    nif_dhcp_init(&other,
        &(struct nif_dhcp_cfg){ .stack = &p.stack[0].stack, .seed = 1 });
    assert_int_equal(nif_dhcp_start(&other), NIF_EADDRINUSE);
    assert_int_equal(other.state, NIF_DHCP_OFF);
    nif_dhcp_stop(&dhcp);
    assert_int_equal(nif_dhcp_start(&other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_address_is_asked_for_offered_chosen_and_set,
            setup),
        cmocka_unit_test_setup(without_an_answer_it_asks_again_ever_later,
            setup),
        cmocka_unit_test_setup(an_offer_that_is_not_kept_leads_to_a_new_search,
            setup),
        cmocka_unit_test_setup(a_refusal_leads_to_a_new_search, setup),
        cmocka_unit_test_setup(a_lease_is_renewed_at_half_time_from_its_server,
            setup),
        cmocka_unit_test_setup(
            a_silent_server_is_asked_more_often_then_any_then_it_ends, setup),
        cmocka_unit_test(the_servers_times_are_taken_if_they_make_sense),
        cmocka_unit_test_setup(offers_that_make_no_sense_are_not_taken, setup),
        cmocka_unit_test_setup(
            a_gateway_or_server_that_makes_no_sense_is_left_out, setup),
        cmocka_unit_test_setup(options_are_read_within_bounds, setup),
        cmocka_unit_test_setup(after_the_cable_was_out_the_lease_is_asked_about,
            setup),
        cmocka_unit_test_setup(what_the_device_had_no_room_for_is_sent_soon,
            setup),
        cmocka_unit_test_setup(only_one_client_has_port_68, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
