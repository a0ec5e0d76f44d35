// SPDX-License-Identifier: MIT
//
// Ethernet, IPv4 and ICMP: exact frames in, exact frames out.

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

// ------------------------------------------------------------------ ICMP

// RFC 1122 2.3.3-a 3.1-a 3.2.2.6-a 3.2.2.6-c 3.2.2.6-d 3.3.4.2-a
// RFC 792
static void an_echo_comes_back_as_it_was(void **state)
{
    static const size_t sizes[] = { 0, 1, 17, 56, 1000, 1471, 1472 };

    (void)state;
    for (size_t i = 0; i < nif_countof(sizes); i++) {
        size_t len = pair_echo(&p, in, sizes[i]);
        uint8_t copy[NIF_ETH_FRAME_MAX];

        assert_int_equal(answer_to(len), len < 60 ? 60 : len);
        assert_memory_equal(out, p.dev[1].hwaddr.byte, 6);
        assert_memory_equal(out + 6, p.dev[0].hwaddr.byte, 6);
        assert_int_equal(nif_get_be32(out + 26), PAIR_IP0);
        assert_int_equal(nif_get_be32(out + 30), PAIR_IP1);
        assert_int_equal(out[34], 0);
        assert_memory_equal(out + 38, in + 38, 4 + sizes[i]);
        memcpy(copy, out, len);
        pair_resum(copy);
        assert_memory_equal(copy, out, len); // both sums were right
    }
    assert_int_equal(stats()->icmp_tx, nif_countof(sizes));
}

static void the_sum_of_an_echo_survives_its_corners(void **state)
{
    (void)state;
    // All values of two bytes that the sum depends on, so that it passes
    // through 0xF7FF and 0xFFFF.
    for (uint32_t v = 0; v < 0x10000; v += 0xFF) {
        size_t len = pair_echo(&p, in, 2);
        uint8_t copy[60];

        nif_put_be16(in + 42, (uint16_t)v);
        pair_resum(in);
        assert_int_equal(answer_to(len), 60);
        memcpy(copy, out, 60);
        pair_resum(copy);
        // 0000 and FFFF are the same number in this arithmetic.
        assert_int_equal(nif_get_be16(copy + 36) % 0xFFFF,
            nif_get_be16(out + 36) % 0xFFFF);
    }
}

// RFC 1122 3.2.1.8-c
static void an_echo_with_options_is_answered_without_them(void **state)
{
    static const uint8_t options[8] = { 7, 5, 4, 0, 0, 130, 2, 1 };
    const struct pair_ip ip = { PAIR_IP1, PAIR_IP0, 1, options, 8 };
    size_t len;

    (void)state;
    pair_echo(&p, in, 10);
    memmove(in + 42, in + 34, 18);
    len = pair_wrap(&p, in, &ip, 18);
    assert_int_equal(answer_to(len), 60);
    assert_int_equal(out[14], 0x45);
    assert_int_equal(nif_get_be16(out + 16), 38);
    assert_int_equal(out[34], 0);
    assert_memory_equal(out + 42, in + 50, 10);
}

static void a_reply_that_waits_keeps_others_waiting(void **state)
{
    size_t len = pair_echo(&p, in, 100);

    (void)state;
    p.dev[0].refill = 0;
    p.dev[0].room = 0;
    assert_int_equal(answer_to(len), 0);
    assert_int_equal(answer_to(len), 0);
    assert_int_equal(p.dev[0].queued, 1);
    p.dev[0].refill = 1;
    (void)nif_stack_poll(&p.stack[0].stack);
    (void)nif_stack_poll(&p.stack[0].stack);
    assert_int_equal(p.dev[1].queued, 2);
    assert_int_equal(stats()->hold_drop, 0);
}

static void a_reply_does_not_wait_for_ever(void **state)
{
    size_t len = pair_echo(&p, in, 100);

    (void)state;
    p.dev[0].refill = 0;
    p.dev[0].room = 0;
    assert_int_equal(answer_to(len), 0);
    pair_pass(&p, NIF_HOLD_MS * 1000 + 1000);
    assert_int_equal(stats()->hold_drop, 1);
    assert_null(p.stack[0].held);
}

// RFC 1122 3.2.2-a 3.2.2.7-a 3.2.2.9-c
// CVE-2020-11910 CVE-2020-11911
static void echoes_to_all_and_other_messages_are_not_answered(void **state)
{
    size_t len;

    (void)state;
    pair_echo(&p, in, 10);
    nif_put_be32(in + 30, 0xFFFFFFFF);
    pair_resum(in);
    assert_int_equal(answer_to(52), 0);
    nif_put_be32(in + 30, 0xC00002FF);
    pair_resum(in);
    assert_int_equal(answer_to(52), 0);
    for (unsigned type = 0; type < 256; type++) {
        len = pair_echo(&p, in, 10);
        in[34] = (uint8_t)type;
        pair_resum(in);
        assert_int_equal(answer_to(len) != 0, type == 8);
    }
    len = pair_echo(&p, in, 10);
    in[45] ^= 1; // its sum is wrong
    assert_int_equal(answer_to(len), 0);
    pair_echo(&p, in, 0);
    nif_put_be16(in + 16, 27); // shorter than its header
    pair_resum(in);
    assert_int_equal(answer_to(60), 0);
}

// ------------------------------------------------------------------ IPv4

struct ip_case {
    const char *what;
    size_t at;
    uint16_t value;
    size_t counter; // which must grow
};

#define COUNTER(name) offsetof(struct nif_tcpip_stats, name)

// RFC 1122 3.1-c 3.2.1.1-a 3.2.1.3-c 3.2.1.3-d 3.2.2.2-a
// CVE-1999-0016 CVE-1999-0128 CVE-2020-11896 CVE-2020-11898
static void a_bad_header_is_dropped_and_counted(void **state)
{
    static const struct ip_case cases[] = {
        { "version 6", 14, 0x6500, COUNTER(ip_bad) },
        { "header shorter than the least", 14, 0x4400, COUNTER(ip_bad) },
        { "header of no length", 14, 0x4000, COUNTER(ip_bad) },
        { "header longer than the packet", 14, 0x4F00, COUNTER(ip_bad) },
        { "total shorter than the header", 16, 19, COUNTER(ip_bad) },
        { "total longer than the frame", 16, 1000, COUNTER(ip_bad) },
        { "first fragment", 20, 0x2000, COUNTER(ip_fragment) },
        { "last fragment", 20, 0x00B9, COUNTER(ip_fragment) },
        { "ping of death", 20, 0x1FFF, COUNTER(ip_fragment) },
        { "from a group", 26, 0xE000, COUNTER(ip_source) },
        { "from the loop", 26, 0x7F00, COUNTER(ip_source) },
        { "from class E", 26, 0xF000, COUNTER(ip_source) },
        { "from ourselves (LAND)", 28, 0x0201, COUNTER(ip_source) },
        { "from the broadcast address", 28, 0x02FF, COUNTER(ip_source) },
        { "for another", 32, 0x0203, COUNTER(ip_other) },
        { "for a group", 30, 0xE000, COUNTER(ip_other) },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint32_t before;
        const uint32_t *counter =
            (const uint32_t *)(const void *)((char *)stats() +
                cases[i].counter);
        size_t len = pair_echo(&p, in, 30);

        nif_put_be16(in + cases[i].at, cases[i].value);
        nif_put_be16(in + 24, 0);
        if (cases[i].counter != COUNTER(ip_bad)) {
            pair_resum(in);
        }
        before = *counter;
        if (answer_to(len) != 0 || *counter != before + 1) {
            fail_msg("%s: answered or not counted", cases[i].what);
        }
    }
}

// RFC 1122 3.2.1.2-a
static void a_wrong_sum_of_the_header_is_noticed(void **state)
{
    (void)state;
    for (size_t at = 14; at < 34; at++) {
        size_t len = pair_echo(&p, in, 10);

        in[at] ^= 0x10;
        assert_int_equal(answer_to(len), 0);
    }
}

// CVE-2019-12256 CVE-2020-11897
static void source_routes_are_dropped_without_a_word(void **state)
{
    static const uint8_t options[][8] = {
        { 131, 7, 4, 1, 2, 3, 4, 0 },
        { 137, 7, 4, 1, 2, 3, 4, 0 },
        { 1, 1, 1, 131, 3, 4, 0, 0 },
        { 131, 3, 4, 137, 3, 4, 131, 0 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(options); i++) {
        const struct pair_ip ip = { PAIR_IP1, PAIR_IP0, 1, options[i], 8 };

        pair_echo(&p, in, 10);
        memmove(in + 42, in + 34, 18);
        assert_int_equal(answer_to(pair_wrap(&p, in, &ip, 18)), 0);
        assert_int_equal(stats()->ip_option, i + 1);
    }
}

// RFC 1122 2.4-a 3.3.6-d
// CVE-2020-11906
static void frames_for_others_and_runts_are_dropped(void **state)
{
    (void)state;
    for (size_t len = 0; len < 42; len++) {
        pair_echo(&p, in, 0);
        assert_int_equal(answer_to(len), 0);
    }
    pair_echo(&p, in, 10);
    in[5] = 9; // the device is promiscuous
    assert_int_equal(answer_to(60), 0);
    pair_echo(&p, in, 10);
    in[6] |= 1; // from a group
    assert_int_equal(answer_to(60), 0);
    pair_echo(&p, in, 10);
    memset(in, 0xFF, 6); // to all cards, but to our address
    assert_int_equal(answer_to(60), 0);
    pair_echo(&p, in, 10);
    nif_put_be16(in + 12, 0x86DD);
    assert_int_equal(answer_to(60), 0);
    pair_echo(&p, in, 10);
    assert_int_equal(answer_to(60), 60);
}

static void without_an_address_nobody_is_answered(void **state)
{
    const struct nif_net none = { .prefix_len = 0 };

    (void)state;
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &none), 0);
    pair_echo(&p, in, 10);
    assert_int_equal(answer_to(60), 0);
    assert_int_equal(answer_to(pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0)), 0);
    assert_int_equal(send_to(2, "x"), NIF_EADDR);
}

// RFC 1122 3.3.1.1-a 3.3.1.2-b
static void the_way_to_far_away_leads_over_the_gateway(void **state)
{
    const struct nif_endpoint far = { .ip = nif_ip4(198, 51, 100, 1),
        .port = 9 };
    const struct nif_endpoint loop = { .ip = nif_ip4(127, 0, 0, 1), .port = 9 };
    struct nif_net net;

    (void)state;
    assert_int_equal(send_to(2, "x"), 1); // opens the connection
    pair_clear(&p);
    assert_int_equal(nif_conn_send(&conn, "y", 1, &far), 1);
    assert_int_equal(pair_take(&p, out), 60);
    assert_int_equal(nif_get_be16(out + 12), 0x0806);
    assert_int_equal(nif_get_be32(out + 38), PAIR_GATE);
    nif_stack_net(&p.stack[0].stack, &net);
    net.gateway.family = NIF_IP_NONE;
    assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &net), 0);
    assert_int_equal(nif_conn_send(&conn, "y", 1, &far), NIF_EUNREACH);
    assert_int_equal(send_to(1, "x"), NIF_EUNREACH); // to ourselves
    assert_int_equal(nif_conn_send(&conn, "y", 1, &loop), NIF_EUNREACH);
}

// RFC 1122 3.2.2.9-b
// CVE-2019-12264
static void bad_addresses_are_not_set(void **state)
{
    static const struct nif_net bad[] = {
        { .ip = { NIF_IPV4, { 224, 0, 0, 1 }, 0 }, .prefix_len = 24 },
        { .ip = { NIF_IPV4, { 127, 0, 0, 1 }, 0 }, .prefix_len = 8 },
        { .ip = { NIF_IPV4, { 0, 0, 0, 0 }, 0 }, .prefix_len = 8 },
        { .ip = { NIF_IPV6, { 1 }, 0 }, .prefix_len = 24 },
        { .ip = { NIF_IPV4, { 10, 0, 0, 1 }, 0 }, .prefix_len = 33 },
        { .ip = { NIF_IPV4, { 10, 0, 0, 1 }, 0 },
            .prefix_len = 8,
            .gateway = { NIF_IPV4, { 255, 255, 255, 255 }, 0 } },
    };
    struct nif_net net;

    (void)state;
    for (size_t i = 0; i < nif_countof(bad); i++) {
        assert_int_equal(nif_stack_set_net(&p.stack[0].stack, &bad[i]),
            NIF_EINVAL);
    }
    nif_stack_net(&p.stack[0].stack, &net);
    assert_int_equal(nif_ip4_value(&net.ip), PAIR_IP0);
    assert_int_equal(net.hwaddr.byte[5], 1);
}

// ---------------------------------------------------------------- device

static void errors_of_the_device_are_counted_and_nothing_stops(void **state)
{
    (void)state;
    p.dev[0].poll_err = NIF_EIO;
    p.dev[0].recv_err = NIF_EPROTO;
    pair_echo(&p, in, 10);
    assert_int_equal(answer_to(60), 60);
    assert_true(stats()->eth_error >= 2);
    p.dev[0].send_err = NIF_EIO;
    assert_int_equal(answer_to(pair_echo(&p, in, 10)), 0);
    p.dev[0].send_err = 0;
    assert_int_equal(answer_to(pair_echo(&p, in, 20)), 62);
    p.dev[0].recv_err = NIF_ETOOBIG;
    assert_int_equal(answer_to(pair_echo(&p, in, 20)), 62);
}

static void one_poll_takes_no_more_than_its_share(void **state)
{
    size_t len = pair_echo(&p, in, 1472);

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        p.dev[0].queue[i].at_us = 0;
        p.dev[0].queue[i].len = len;
        memcpy(p.dev[0].queue[i].data, in, len);
    }
    p.dev[0].queued = 10;
    assert_true(nif_stack_poll(&p.stack[0].stack) <= p.now_us);
    assert_true(p.dev[0].queued >= 8);
    pair_pass(&p, 100);
    assert_int_equal(p.dev[1].queued, 10);
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int poll_without_a_wish(struct nif_iface *iface, uint64_t *again_us)
{
    (void)iface;
    (void)again_us;
    return 0;
}

static void what_is_left_of_a_share_is_asked_for_at_once(void **state)
{
    struct nif_iface_ops ops = *p.dev[0].iface.ops;

    (void)state;
    ops.poll = poll_without_a_wish;
    p.dev[0].iface.ops = &ops;
    memset(in, 2, NIF_ETH_FRAME_MAX); // for somebody else
    for (unsigned i = 0; i < 2; i++) {
        p.dev[0].queue[i].at_us = 0;
        p.dev[0].queue[i].len = NIF_ETH_FRAME_MAX;
        memcpy(p.dev[0].queue[i].data, in, NIF_ETH_FRAME_MAX);
    }
    p.dev[0].queued = 2;
    assert_true(nif_stack_poll(&p.stack[0].stack) <= p.now_us);
    assert_int_equal(p.dev[0].queued, 1);
    assert_true(nif_stack_poll(&p.stack[0].stack) <= p.now_us);
    assert_true(nif_stack_poll(&p.stack[0].stack) == NIF_NEVER);
}

static void an_idle_stack_sleeps(void **state)
{
    (void)state;
    assert_true(nif_stack_poll(&p.stack[0].stack) == NIF_NEVER);
    pair_echo(&p, in, 10);
    answer_to(60);
    assert_true(nif_stack_poll(&p.stack[0].stack) == NIF_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_reply_that_waits_keeps_others_waiting,
            setup_conn),
        cmocka_unit_test_setup(an_echo_comes_back_as_it_was, setup_conn),
        cmocka_unit_test_setup(the_sum_of_an_echo_survives_its_corners,
            setup_conn),
        cmocka_unit_test_setup(an_echo_with_options_is_answered_without_them,
            setup_conn),
        cmocka_unit_test_setup(a_reply_does_not_wait_for_ever, setup_conn),
        cmocka_unit_test_setup(
            echoes_to_all_and_other_messages_are_not_answered, setup_conn),
        cmocka_unit_test_setup(a_bad_header_is_dropped_and_counted, setup_conn),
        cmocka_unit_test_setup(a_wrong_sum_of_the_header_is_noticed,
            setup_conn),
        cmocka_unit_test_setup(source_routes_are_dropped_without_a_word,
            setup_conn),
        cmocka_unit_test_setup(frames_for_others_and_runts_are_dropped,
            setup_conn),
        cmocka_unit_test_setup(without_an_address_nobody_is_answered,
            setup_conn),
        cmocka_unit_test_setup(the_way_to_far_away_leads_over_the_gateway,
            setup_conn),
        cmocka_unit_test_setup(bad_addresses_are_not_set, setup_conn),
        cmocka_unit_test_setup(
            errors_of_the_device_are_counted_and_nothing_stops, setup_conn),
        cmocka_unit_test_setup(one_poll_takes_no_more_than_its_share,
            setup_conn),
        cmocka_unit_test_setup(what_is_left_of_a_share_is_asked_for_at_once,
            setup_conn),
        cmocka_unit_test_setup(an_idle_stack_sleeps, setup_conn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
