// SPDX-License-Identifier: MIT
//
// What RFC 1122 asks of a host, as far as the tests of the single protocols
// do not show it already.

#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct pair p;
static struct nif_conn c;
static uint8_t rx[400];
static uint8_t tx[400];
static uint8_t got[400];
static uint8_t in[NIF_ETH_FRAME_MAX];
static uint8_t out[NIF_ETH_FRAME_MAX];

static const struct nif_conn_cfg rings = { rx, sizeof(rx), tx, sizeof(tx) };
static const struct nif_endpoint peer = { .ip = { NIF_IPV4, { 192, 0, 2, 2 },
                                              0 },
    .port = 5000 };

static struct nif_stack *stack(void)
{
    return &p.stack[0].stack;
}

// A UDP connection on port 7; the peer's Ethernet address is known.
static int setup(void **state)
{
    (void)state;
    pair_init_single(&p, 19);
    memset(&c, 0, sizeof(c));
    assert_int_equal(nif_conn_open(stack(), &c, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&c, &(struct nif_endpoint){ .port = 7 }), 0);
    pair_inject(&p, in, pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(&p);
    return 0;
}

static size_t answer_to(size_t len)
{
    pair_inject(&p, in, len);
    return pair_take(&p, out);
}

static int heard(void)
{
    return nif_conn_recv(&c, got, sizeof(got), NULL);
}

// ------------------------------------------------------------ what is sent

// Looks at every frame that two stacks exchange.
static bool look(struct pair *pair, int from, const uint8_t *frame, size_t len)
{
    uint32_t own = from == 0 ? PAIR_IP0 : PAIR_IP1;
    uint32_t dst = nif_get_be32(frame + 30);
    uint16_t type = nif_get_be16(frame + 12);

    (void)pair;
    assert_true(len >= 60);
    assert_true(type == 0x0800 || type == 0x0806); // RFC 894, no length
    if (type == 0x0800) {
        assert_int_equal(frame[14], 0x45); // no options
        assert_int_equal(nif_get_be32(frame + 26), own);
        assert_int_not_equal(frame[22], 0); // time to live
        assert_int_not_equal(frame[30], 127);
        assert_int_equal((frame[0] & frame[5]) == 0xFF,
            dst == 0xFFFFFFFF || dst == 0xC00002FF);
    }
    return true;
}

static struct nif_conn listener;
static struct nif_conn backlog;
static struct nif_conn client;
static uint8_t ring[4][2000];

// Two stacks: UDP to one and to all, a TCP connection, an error.
// RFC 1122 2.3.3-a 2.3.3-d 3.2.1.3-b 3.2.1.3-e 3.2.1.3-g 3.2.1.7-a
// RFC 1122 3.2.1.8-h 3.2.1.8-i 3.3.6-c 4.1.3.6-b
// RFC 9293 MUST-44 MUST-45
static void every_frame_is_one_that_may_be_sent(void **state)
{
    struct nif_stack *other = &p.stack[1].stack;
    const struct nif_endpoint all = { .ip = nif_ip4(192, 0, 2, 255),
        .port = 9 };
    const struct nif_conn_cfg a = { ring[0], 2000, ring[1], 2000 };
    const struct nif_conn_cfg b = { ring[2], 2000, ring[3], 2000 };

    (void)state;
    pair_init(&p, 3);
    p.tap = look;
    assert_int_equal(nif_conn_open(stack(), &c, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_send(&c, "a closed port", 13, &peer), 13);
    assert_int_equal(nif_conn_send(&c, "to all", 6, &all), 6);
    assert_int_equal(nif_conn_open(other, &listener, NIF_TCP,
                         &(struct nif_conn_cfg){ .rx = NULL }),
        0);
    assert_int_equal(nif_conn_bind(&listener,
                         &(struct nif_endpoint){ .port = 80 }),
        0);
    assert_int_equal(nif_conn_open(other, &backlog, NIF_TCP, &a), 0);
    assert_int_equal(nif_conn_listen(&listener, &backlog, 1), 0);
    assert_int_equal(nif_conn_open(stack(), &client, NIF_TCP, &b), 0);
    assert_int_equal(nif_conn_connect(&client,
                         &(struct nif_endpoint){ .ip = peer.ip, .port = 80 }),
        0);
    pair_pass(&p, 1000000);
    assert_int_equal(nif_conn_state(&client), NIF_CONN_OPEN);
    assert_int_equal(nif_conn_send(&client, ring, 2000, NULL), 2000);
    pair_pass(&p, 1000000);
    nif_conn_close(&client);
    pair_pass(&p, 1000000);
    assert_true(p.sent[0] > 6);
    assert_true(p.sent[1] > 4);
}

// RFC 1122 3.2.2-d
static void an_icmp_error_has_type_of_service_0(void **state)
{
    (void)state;
    pair_udp(&p, in, 5000, 9, "hello", 5);
    in[15] = 0xB8; // the datagram that it is about has another
    pair_resum(in);
    assert_int_equal(answer_to(60), 70);
    assert_int_equal(out[34], 3);
    assert_int_equal(out[15], 0);
}

// RFC 1122 3.2.2-g
static void no_error_is_sent_about_a_link_layer_broadcast(void **state)
{
    size_t len = pair_udp(&p, in, 5000, 9, "hello", 5);

    (void)state;
    assert_true(answer_to(len) != 0);
    pair_udp(&p, in, 5000, 9, "hello", 5);
    memset(in, 0xFF, 6);
    assert_int_equal(answer_to(len), 0);
}

// ------------------------------------------------------------ what is taken

// RFC 1122 3.2.1.7-b
static void time_to_live_does_not_matter_to_who_receives(void **state)
{
    (void)state;
    for (uint8_t ttl = 0; ttl < 2; ttl++) {
        pair_udp(&p, in, 5000, 7, "hello", 5);
        in[22] = ttl;
        pair_resum(in);
        assert_int_equal(answer_to(60), 0);
        assert_int_equal(heard(), 5);
    }
}

// RFC 1122 3.2.1.8-c 3.2.1.8-d
static void options_that_nobody_knows_are_passed_over(void **state)
{
    static const uint8_t options[][8] = {
        { 136, 4, 1, 2, 0, 0, 0, 0 },     // stream identifier
        { 0x1E, 8, 1, 2, 3, 4, 5, 6 },    // one for experiments
        { 1, 0x9F, 3, 1, 1, 0xDF, 2, 0 }, // two, not aligned
        { 130, 8, 1, 2, 3, 4, 5, 6 },     // security
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(options); i++) {
        const struct pair_ip ip = { PAIR_IP1, PAIR_IP0, 17, options[i], 8 };

        pair_udp(&p, in, 5000, 7, "hello", 5);
        memmove(in + 42, in + 34, 13);
        assert_int_equal(answer_to(pair_wrap(&p, in, &ip, 13)), 0);
        assert_int_equal(heard(), 5);
        assert_memory_equal(got, "hello", 5);
    }
}

// RFC 1122 3.2.1.3-d 4.1.3.6-a
static void datagrams_from_impossible_addresses_are_dropped(void **state)
{
    static const uint32_t sources[] = {
        0xE0000001, // a group
        0xFFFFFFFF, // all
        0xC00002FF, // all of our network
        0x7F000001, // the loop
        0xF0000001, // class E
        PAIR_IP0,   // ourselves
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(sources); i++) {
        pair_udp(&p, in, 5000, 7, "hello", 5);
        nif_put_be32(in + 26, sources[i]);
        pair_resum(in);
        assert_int_equal(answer_to(60), 0);
        if (heard() != NIF_EAGAIN) {
            fail_msg("taken from %08x", (unsigned)sources[i]);
        }
    }
}

// ------------------------------------------------------- addresses and ways

static void set(uint8_t prefix_len, bool gateway)
{
    struct nif_net net = { .ip = nif_ip4(192, 0, 2, 1),
        .prefix_len = prefix_len };

    if (gateway) {
        net.gateway = nif_ip4(192, 0, 2, 14);
    }
    assert_int_equal(nif_stack_set_net(stack(), &net), 0);
    pair_pass(&p, 10000000); // announces it
    pair_clear(&p);
}

// Whom our ARP asks for to reach 192.0.2.200; 0: nobody.
static uint32_t asked_for(void)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 200), .port = 9 };

    if (nif_conn_send(&c, "x", 1, &to) < 0) {
        return 0;
    }
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(nif_get_be16(out + 12), 0x0806);
    return nif_get_be32(out + 38);
}

// RFC 1122 3.2.1.3-a 3.2.2.9-a 3.3.1.1-a 3.3.1.6-a
static void the_mask_that_was_set_says_who_is_near(void **state)
{
    (void)state;
    set(28, true); // 192.0.2.0 to 192.0.2.15
    assert_int_equal(asked_for(), 0xC000020E);
    set(24, true);
    assert_int_equal(asked_for(), 0xC00002C8);
}

// RFC 1122 3.3.1.1-b
static void without_a_gateway_neighbours_are_reached(void **state)
{
    (void)state;
    set(28, false);
    assert_int_equal(asked_for(), 0); // far
    set(24, false);
    assert_int_equal(asked_for(), 0xC00002C8);
}

// RFC 1122 3.3.4.2-b 4.1.3.5-a 4.1.3.5-b 4.1.3.5-d
static void an_application_may_choose_its_address(void **state)
{
    static struct nif_conn d;
    struct nif_endpoint local = { .ip = nif_ip4(192, 0, 2, 1), .port = 8 };
    struct nif_net net;

    (void)state;
    nif_stack_net(stack(), &net);
    assert_true(nif_ip_equal(&net.ip, &local.ip));
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&d, &local), 0);
    pair_inject(&p, in, pair_udp(&p, in, 5000, 8, "hello", 5));
    assert_int_equal(nif_conn_recv(&d, got, sizeof(got), NULL), 5);
    assert_int_equal(nif_conn_send(&d, "x", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(nif_get_be32(out + 26), PAIR_IP0);
    assert_int_equal(nif_get_be16(out + 34), 8);
    nif_conn_abort(&d);
    local.ip = nif_ip4(192, 0, 2, 9); // not ours
    assert_int_equal(nif_conn_open(stack(), &d, NIF_UDP, &rings), 0);
    assert_int_equal(nif_conn_bind(&d, &local), NIF_EADDR);
    nif_conn_abort(&d);
}

// RFC 1122 3.2.1.7-c 3.2.1.7-d
static void the_time_to_live_is_64_unless_it_is_set(void **state)
{
    (void)state;
    assert_int_equal(nif_conn_send(&c, "x", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[22], 64);
    assert_int_equal(nif_conn_option(&c, NIF_OPT_TTL, 5), 0);
    assert_int_equal(nif_conn_send(&c, "x", 1, &peer), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(out[22], 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_frame_is_one_that_may_be_sent, setup),
        cmocka_unit_test_setup(an_icmp_error_has_type_of_service_0, setup),
        cmocka_unit_test_setup(no_error_is_sent_about_a_link_layer_broadcast,
            setup),
        cmocka_unit_test_setup(time_to_live_does_not_matter_to_who_receives,
            setup),
        cmocka_unit_test_setup(options_that_nobody_knows_are_passed_over,
            setup),
        cmocka_unit_test_setup(datagrams_from_impossible_addresses_are_dropped,
            setup),
        cmocka_unit_test_setup(the_mask_that_was_set_says_who_is_near, setup),
        cmocka_unit_test_setup(without_a_gateway_neighbours_are_reached, setup),
        cmocka_unit_test_setup(an_application_may_choose_its_address, setup),
        cmocka_unit_test_setup(the_time_to_live_is_64_unless_it_is_set, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
