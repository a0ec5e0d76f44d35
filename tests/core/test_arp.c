// SPDX-License-Identifier: MIT
//
// ARP: exact frames in, exact frames out, and the table between.

#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct pair p;
static uint8_t in[NIF_ETH_FRAME_MAX + 100];
static uint8_t out[NIF_ETH_FRAME_MAX];

static struct nif_tcpip_stats *stats(void)
{
    return &p.stack[0].stats;
}

static int setup(void **state)
{
    (void)state;
    pair_init_single(&p, 7);
    return 0;
}

static size_t answer_to(size_t len)
{
    pair_inject(&p, in, len);
    return pair_take(&p, out);
}

// RFC 1122 2.3.3-e
// RFC 826
static void who_asks_for_our_address_is_told(void **state)
{
    static const uint8_t expected[42] = {
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6, // Ethernet
        0, 1, 8, 0, 6, 4, 0, 2,                   // a reply
        2, 0, 0, 0, 0, 1, 192, 0, 2, 1,           // we are here
        2, 0, 0, 0, 0, 2, 192, 0, 2, 2,           // for you
    };

    (void)state;
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0)), 60);
    assert_memory_equal(out, expected, sizeof(expected));
    assert_int_equal(pair_take(&p, out), 0);
    // Without the padding of a frame, too.
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0) - 18),
        60);
}

static void without_an_address_nothing_is_said_or_learned(void **state)
{
    const struct nif_net none = { .prefix_len = 0 };

    (void)state;
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &none), 0);
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, 0)), 0);
    assert_int_equal(answer_to(pair_arp(&p, in, 1, 0, 0)), 0);
    assert_int_equal(p.stack[0].arp[0].state, 0);
}

// RFC 5227 2.4
static void a_probe_is_answered_but_not_learned(void **state)
{
    (void)state;
    assert_int_equal(answer_to(pair_arp(&p, in, 1, 0, PAIR_IP0)), 60);
    assert_int_equal(nif_get_be32(out + 38), 0);
    assert_int_equal(p.stack[0].arp[0].state, 0);
}

struct arp_case {
    const char *what;
    size_t at;
    uint8_t value;
};

// RFC 826
// CVE-2020-11906
static void arp_that_makes_no_sense_is_dropped(void **state)
{
    static const struct arp_case cases[] = {
        { "hardware type", 15, 6 },
        { "protocol type", 16, 0x86 },
        { "hardware length", 18, 8 },
        { "protocol length", 19, 16 },
        { "sender is a group", 22, 3 },
        { "sender is from another subnet", 28, 10 },
        { "sender is ourselves", 31, 1 },
        { "sender is the broadcast address", 31, 255 },
        { "another's address is asked for", 41, 9 },
        { "reverse ARP", 21, 3 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        size_t len = pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0);

        in[cases[i].at] = cases[i].value;
        if (answer_to(len) != 0) {
            fail_msg("answered: %s", cases[i].what);
        }
    }
    for (size_t len = 14; len < 42; len++) {
        pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0);
        assert_int_equal(answer_to(len), 0);
    }
    memset(in, 0, sizeof(in));
    pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0);
    memset(in + 22, 0, 6);
    assert_int_equal(answer_to(60), 0);
}

static struct nif_conn conn;
static uint8_t ring[200];

static int send_to(uint8_t last, const char *text)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, last),
        .port = 9 };
    const struct nif_conn_cfg cfg = { .tx = ring, .tx_cap = sizeof(ring) };

    if (conn.stack == NULL) {
        assert_int_equal(nif_conn_open(&p.stack[0].stack, &conn, NIF_UDP, &cfg),
            0);
    }
    return nif_conn_send(&conn, text, strlen(text), &to);
}

static int setup_conn(void **state)
{
    memset(&conn, 0, sizeof(conn));
    return setup(state);
}

// RFC 1122 2.3.2.1-b
static void a_neighbour_is_asked_for_three_times_a_second_apart(void **state)
{
    uint64_t begun_us = p.now_us;

    (void)state;
    assert_int_equal(send_to(77, "x"), 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(pair_take(&p, out), 60);
        assert_int_equal(nif_get_be16(out + 12), 0x0806);
        assert_int_equal(out[0], 0xFF);
        assert_int_equal(nif_get_be32(out + 38), PAIR_IP0 - 1 + 77);
        assert_int_equal(pair_take(&p, out), 0);
        pair_run(&p, begun_us + (i + 1) * 1000000ull - 10000, NULL);
        assert_int_equal(p.dev[1].queued, 0);
        pair_run(&p, begun_us + (i + 1) * 1000000ull + 10000, NULL);
    }
    assert_int_equal(p.dev[1].queued, 0);
    assert_int_equal(stats()->arp_failed, 1);
    assert_int_equal(stats()->udp_lost, 1);
    assert_int_equal(send_to(77, "x"), NIF_EUNREACH);
    assert_int_equal(p.dev[1].queued, 0);
    pair_pass(&p, 4000000); // and after some seconds, again
    assert_int_equal(send_to(77, "x"), 1);
    assert_int_equal(p.dev[1].queued, 1);
}

// RFC 1122 2.3.2.2-a 2.3.3-e 2.4-c
static void what_waited_for_an_answer_goes_when_it_comes(void **state)
{
    static const uint8_t question[42] = {
        255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, // Ethernet
        0, 1, 8, 0, 6, 4, 0, 1,                               // a question
        2, 0, 0, 0, 0, 1, 192, 0, 2, 1,                       // from us
        0, 0, 0, 0, 0, 0, 192, 0, 2, 2,                       // for him
    };
    uint32_t tx = stats()->arp_tx;

    (void)state;
    assert_int_equal(send_to(2, "one"), 3);
    assert_int_equal(send_to(2, "two"), 3);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(stats()->arp_tx, 1 + tx);
    assert_memory_equal(out, question, sizeof(question));
    pair_pass(&p, 1000);
    pair_arp(&p, in, 2, PAIR_IP1, PAIR_IP0);
    memcpy(in, p.dev[0].hwaddr.byte, 6);
    pair_inject(&p, in, 60);
    assert_int_equal(pair_take(&p, out), 60);
    assert_memory_equal(out + 42, "one", 3);
    assert_int_equal(nif_get_be16(out + 36), 9);
    assert_memory_equal(out, p.dev[1].hwaddr.byte, 6);
    assert_int_equal(pair_take(&p, out), 60);
    assert_memory_equal(out + 42, "two", 3);
    assert_int_equal(pair_take(&p, out), 0);
}

// RFC 826
static void broadcasts_change_only_what_is_known(void **state)
{
    (void)state;
    pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP1); // gratuitous
    pair_inject(&p, in, 60);
    assert_int_equal(p.stack[0].arp[0].state, 0);
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0)), 60);
    assert_int_equal(p.stack[0].arp[0].ip, PAIR_IP1);
    for (size_t i = 0; i < 6; i++) {
        pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP1);
        in[22 + i] = 0x54; // he has a new card
        pair_inject(&p, in, 60);
        assert_memory_equal(p.stack[0].arp[0].hwaddr.byte, in + 22, 6);
    }
}

static void a_neighbour_that_speaks_up_is_known_for_as_long_again(void **state)
{
    const uint64_t age_us = NIF_ARP_AGE_S * 1000000ull;

    (void)state;
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0)), 60);
    pair_pass(&p, age_us / 2);
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0)), 60);
    pair_pass(&p, age_us - 1000000);
    assert_int_not_equal(p.stack[0].arp[0].state, 0);
    pair_pass(&p, 1010000);
    assert_int_equal(p.stack[0].arp[0].state, 0);
}

// RFC 1122 2.3.2.1-a 3.3.1.4-a 3.3.1.4-b
static void a_neighbour_in_use_is_asked_again_in_time(void **state)
{
    (void)state;
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0)), 60);
    assert_int_equal(send_to(2, "a"), 1);
    pair_clear(&p);
    pair_pass(&p, NIF_ARP_AGE_S * 1000000ull + 10000);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(nif_get_be16(out + 12), 0x0806);
    assert_memory_equal(out, p.dev[1].hwaddr.byte, 6); // to him alone
    assert_int_equal(send_to(2, "b"), 1);              // still usable
    assert_int_equal(pair_take(&p, out), 60);
    assert_memory_equal(out + 42, "b", 1);
    pair_run(&p, p.now_us + 1000000, NULL); // no answer, once more
    assert_int_equal(pair_take(&p, out), 60);
    assert_memory_equal(out, p.dev[1].hwaddr.byte, 6);
    for (unsigned i = 0; i < 3; i++) { // then to all
        pair_run(&p, p.now_us + 1000000, NULL);
        assert_int_equal(pair_take(&p, out), 60);
        assert_int_equal(out[0], 0xFF);
        assert_int_equal(nif_get_be32(out + 38), PAIR_IP1);
    }
    assert_int_equal(send_to(2, "c"), 1); // and all that time it is used
    pair_clear(&p);
    pair_pass(&p, 1000000);
    assert_int_equal(send_to(2, "d"), NIF_EUNREACH);
}

// RFC 826
// CVE-2019-12262
static void an_answer_that_nobody_asked_for_is_not_believed(void **state)
{
    (void)state;
    pair_arp(&p, in, 2, PAIR_IP1, PAIR_IP0);
    memcpy(in, p.dev[0].hwaddr.byte, 6);
    pair_inject(&p, in, 60);
    assert_int_equal(p.stack[0].arp[0].state, 0);
    assert_int_equal(answer_to(pair_arp(&p, in, 4, PAIR_IP1, PAIR_IP0)), 0);
    assert_int_equal(p.stack[0].arp[0].state, 0);
}

static void strangers_take_no_place_of_neighbours_in_use(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NIF_ARP_ENTRIES; i++) {
        answer_to(pair_arp(&p, in, 1, PAIR_IP1 + i, PAIR_IP0));
        assert_int_equal(send_to((uint8_t)(2 + i), "x"), 1);
        pair_clear(&p);
    }
    for (unsigned i = 0; i < 1000; i++) {
        // All are told, as ARP wants it.
        assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1 + 20 + i % 200,
                             PAIR_IP0)),
            60);
    }
    for (unsigned i = 0; i < NIF_ARP_ENTRIES; i++) {
        assert_int_equal(send_to((uint8_t)(2 + i), "x"), 1);
        assert_int_equal(pair_take(&p, out), 60);
        assert_int_equal(nif_get_be16(out + 12), 0x0800);
    }
}

// Answers to what somebody makes us say to addresses that are not there.
static void our_own_questions_leave_half_of_the_table(void **state)
{
    unsigned known = 0;

    (void)state;
    for (unsigned i = 0; i < NIF_ARP_ENTRIES; i++) {
        answer_to(pair_arp(&p, in, 1, PAIR_IP1 + i, PAIR_IP0));
        assert_int_equal(send_to((uint8_t)(2 + i), "x"), 1);
    }
    for (unsigned i = 0; i < 100; i++) {
        (void)!send_to((uint8_t)(100 + i), "x");
    }
    for (unsigned i = 0; i < NIF_ARP_ENTRIES; i++) {
        known += p.stack[0].arp[i].ip < PAIR_IP1 + NIF_ARP_ENTRIES;
    }
    assert_int_equal(known, NIF_ARP_ENTRIES / 2);
}

// RFC 5227 2.3
static void a_new_address_is_announced_twice(void **state)
{
    struct nif_net net = { .ip = nif_ip4(192, 0, 2, 9), .prefix_len = 24 };

    (void)state;
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    for (unsigned i = 0; i < 2; i++) {
        pair_pass(&p, 1000);
        assert_int_equal(pair_take(&p, out), 60);
        assert_int_equal(out[0], 0xFF);
        assert_int_equal(nif_get_be16(out + 20), 1);
        assert_int_equal(nif_get_be32(out + 28), 0xC0000209);
        assert_int_equal(nif_get_be32(out + 38), 0xC0000209);
        pair_pass(&p, 1990000);
        assert_int_equal(p.dev[1].queued, 0);
        pair_pass(&p, 10000);
    }
    pair_pass(&p, 10000000);
    assert_int_equal(p.dev[1].queued, 0);
    // The same once more, as DHCP sets it at each renewal.
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    pair_pass(&p, 10000000);
    assert_int_equal(p.dev[1].queued, 0);
}

// RFC 3927 2.5
static void from_a_link_local_address_everything_goes_to_all(void **state)
{
    struct nif_net net = { .ip = nif_ip4(169, 254, 7, 7), .prefix_len = 16 };

    (void)state;
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    pair_pass(&p, 5000000);
    pair_clear(&p);
    assert_int_equal(answer_to(pair_arp(&p, in, 1, 0xA9FE0808, 0xA9FE0707)),
        60);
    assert_int_equal(out[0] & out[5], 0xFF);
    assert_memory_equal(out + 32, p.dev[1].hwaddr.byte, 6);
}

// RFC 1122 2.3.2.1-a 3.3.1.4-c
static void a_neighbour_not_in_use_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0)), 60);
    pair_pass(&p, NIF_ARP_AGE_S * 1000000ull + 10000);
    assert_int_equal(p.dev[1].queued, 0);
    assert_int_equal(p.stack[0].arp[0].state, 0);
}

static void a_full_table_gives_up_whom_it_heard_of_longest_ago(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= NIF_ARP_ENTRIES; i++) {
        answer_to(pair_arp(&p, in, 1, PAIR_IP1 + i, PAIR_IP0));
        p.now_us += 1000;
    }
    assert_int_equal(p.stack[0].arp[0].ip, PAIR_IP1 + NIF_ARP_ENTRIES);
    assert_int_equal(p.stack[0].arp[1].ip, PAIR_IP1 + 1);
}

static void whoever_is_asked_for_keeps_his_place_in_a_full_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NIF_ARP_ENTRIES; i++) {
        assert_int_equal(send_to((uint8_t)(100 + i), "x"), 1);
    }
    assert_int_equal(send_to(200, "x"), 1); // waits for a place
    assert_int_equal(p.dev[1].queued, NIF_ARP_ENTRIES);
    pair_pass(&p, 10000000);
    // All is lost in the end; nothing waits for ever.
    assert_int_equal(stats()->udp_lost, NIF_ARP_ENTRIES + 1);
}

static void another_cable_has_other_neighbours(void **state)
{
    (void)state;
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0)), 60);
    assert_int_not_equal(p.stack[0].arp[0].state, 0);
    p.dev[0].link = false;
    (void)nif_stack_poll(&p.stack[0].stack);
    assert_int_equal(p.stack[0].arp[0].state, 0);
}

// As clouds and some providers have it: an address alone, /32, and a gateway.
static void a_gateway_beside_the_subnet_is_asked_for_and_believed(void **state)
{
    struct nif_net net = { .ip = nif_ip4(192, 0, 2, 1),
        .prefix_len = 32,
        .gateway = nif_ip4(192, 0, 2, 254) };

    (void)state;
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    assert_int_equal(send_to(77, "far"), 3);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(nif_get_be32(out + 38), PAIR_GATE);
    // Nobody else is a neighbour.
    pair_inject(&p, in, pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    assert_int_equal(stats()->arp_drop, 1);
    assert_int_equal(pair_take(&p, out), 0);
    pair_inject(&p, in, pair_arp(&p, in, 2, PAIR_GATE, PAIR_IP0));
    assert_int_equal(pair_take(&p, out), 60);
    assert_memory_equal(out + 42, "far", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_neighbour_in_use_is_asked_again_in_time,
            setup_conn),
        cmocka_unit_test_setup(who_asks_for_our_address_is_told, setup_conn),
        cmocka_unit_test_setup(without_an_address_nothing_is_said_or_learned,
            setup_conn),
        cmocka_unit_test_setup(a_probe_is_answered_but_not_learned, setup_conn),
        cmocka_unit_test_setup(arp_that_makes_no_sense_is_dropped, setup_conn),
        cmocka_unit_test_setup(
            a_neighbour_is_asked_for_three_times_a_second_apart, setup_conn),
        cmocka_unit_test_setup(what_waited_for_an_answer_goes_when_it_comes,
            setup_conn),
        cmocka_unit_test_setup(broadcasts_change_only_what_is_known,
            setup_conn),
        cmocka_unit_test_setup(a_neighbour_not_in_use_is_forgotten, setup_conn),
        cmocka_unit_test_setup(
            a_neighbour_that_speaks_up_is_known_for_as_long_again, setup_conn),
        cmocka_unit_test_setup(
            a_full_table_gives_up_whom_it_heard_of_longest_ago, setup_conn),
        cmocka_unit_test_setup(
            whoever_is_asked_for_keeps_his_place_in_a_full_table, setup_conn),
        cmocka_unit_test_setup(an_answer_that_nobody_asked_for_is_not_believed,
            setup_conn),
        cmocka_unit_test_setup(strangers_take_no_place_of_neighbours_in_use,
            setup_conn),
        cmocka_unit_test_setup(our_own_questions_leave_half_of_the_table,
            setup_conn),
        cmocka_unit_test_setup(a_new_address_is_announced_twice, setup_conn),
        cmocka_unit_test_setup(from_a_link_local_address_everything_goes_to_all,
            setup_conn),
        cmocka_unit_test_setup(another_cable_has_other_neighbours, setup_conn),
        cmocka_unit_test_setup(
            a_gateway_beside_the_subnet_is_asked_for_and_believed, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
