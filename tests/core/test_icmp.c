// SPDX-License-Identifier: MIT
//
// ICMP errors: what we say about others' packets, and what we make of what
// is said about ours.

#include "core/tcpip/internal.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct pair p;
static struct nif_conn c;
static uint8_t rx[100];
static uint8_t in[NIF_ETH_FRAME_MAX + 100];
static uint8_t out[NIF_ETH_FRAME_MAX];
static uint8_t got[200];

static const struct nif_endpoint peer = { .ip = { NIF_IPV4, { 192, 0, 2, 2 },
                                              0 },
    .port = 5000 };

static struct nif_tcpip_stats *stats(void)
{
    return &p.stack[0].stats;
}

// A connection of port 7 with a peer.
static int setup(void **state)
{
    const struct nif_endpoint local = { .port = 7 };
    const struct nif_conn_cfg cfg = { .rx = rx, .rx_cap = sizeof(rx) };

    (void)state;
    pair_init_single(&p, 17);
    assert_int_equal(nif_conn_open(&p.stack[0].stack, &c, NIF_UDP, &cfg), 0);
    assert_int_equal(nif_conn_bind(&c, &local), 0);
    assert_int_equal(nif_conn_connect(&c, &peer), 0);
    pair_inject(&p, in, pair_arp(&p, in, 1, PAIR_IP1, PAIR_IP0));
    pair_clear(&p);
    return 0;
}

static size_t answer_to(size_t len)
{
    pair_inject(&p, in, len);
    return pair_take(&p, out);
}

// The answer is this ICMP error about the packet in `in`, sums right.
static void expect_error(size_t len, uint16_t what, uint32_t rest)
{
    size_t quote = (size_t)(in[14] & 15) * 4 + 8;
    uint8_t copy[NIF_ETH_FRAME_MAX];

    if (answer_to(len) == 0) {
        fail_msg("silence, where ICMP %04x was expected", what);
    }
    assert_memory_equal(out, p.dev[1].hwaddr.byte, 6);
    assert_int_equal(out[22], 64);
    assert_int_equal(out[23], 1);
    assert_int_equal(nif_get_be32(out + 30), PAIR_IP1);
    assert_int_equal(nif_get_be16(out + 34), what);
    assert_int_equal(nif_get_be32(out + 38), rest);
    assert_int_equal(nif_get_be16(out + 16), 28 + quote);
    assert_memory_equal(out + 42, in + 14, quote);
    memcpy(copy, out, sizeof(copy));
    pair_resum(copy);
    assert_memory_equal(copy, out, 42 + quote);
}

static size_t with_options(const uint8_t *options, uint32_t src, uint32_t dst)
{
    const struct pair_ip ip = { src, dst, 1, options, 8 };

    pair_echo(&p, in, 10);
    memmove(in + 42, in + 34, 18);
    return pair_wrap(&p, in, &ip, 18);
}

// ------------------------------------------------------------ what we say

// RFC 1122 3.2.2-b 3.2.2.1-a 3.3.8-a
// CVE-2020-11896 CVE-2020-11900
static void an_unknown_protocol_is_reported(void **state)
{
    static const uint8_t protos[] = { 4, 41, 47, 132, 255, 0, 2 };

    (void)state;
    for (size_t i = 0; i < nif_countof(protos); i++) {
        size_t len = pair_echo(&p, in, 30);

        in[23] = protos[i];
        pair_resum(in);
        expect_error(len, 0x0302, 0);
    }
    assert_int_equal(stats()->ip_proto, nif_countof(protos));
}

// RFC 1122 3.2.2-b 3.2.2.5-a
// CVE-2021-31344
static void an_option_that_does_not_hold_is_pointed_at(void **state)
{
    static const struct {
        uint8_t options[8];
        uint32_t at;
    } cases[] = {
        { { 7, 0, 0, 0, 0, 0, 0, 0 }, 20 },
        { { 7, 1, 0, 0, 0, 0, 0, 0 }, 20 },
        { { 7, 9, 0, 0, 0, 0, 0, 0 }, 20 },
        { { 1, 1, 1, 1, 1, 1, 1, 7 }, 27 },
        { { 1, 68, 4, 5, 0, 130, 4, 0 }, 25 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        expect_error(with_options(cases[i].options, PAIR_IP1, PAIR_IP0), 0x0C00,
            cases[i].at << 24);
        assert_int_equal(stats()->ip_option, i + 1);
    }
}

// RFC 1122 3.2.2-e 3.2.2-f 3.2.2-h 3.2.2-i
static void nothing_is_said_where_it_could_be_a_flood(void **state)
{
    static const uint8_t broken[8] = { 7, 0 };
    static const struct {
        const char *what;
        size_t at;
        uint16_t value;
    } cases[] = {
        { "about an ICMP error", 42, 0x0300 },
        { "about a redirect", 42, 0x0500 },
        { "about an echo reply", 42, 0x0000 },
        { "to all, in IP", 32, 0x02FF },
        { "a fragment but the first", 20, 0x0001 },
        { "from nobody", 26, 0x0000 },
        { "from a group", 26, 0xE000 },
        { "from all", 28, 0x02FF },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        size_t len = with_options(broken, PAIR_IP1, PAIR_IP0);

        nif_put_be16(in + cases[i].at, cases[i].value);
        if (cases[i].at == 26 && cases[i].value == 0) {
            nif_put_be16(in + 28, 0);
        }
        pair_resum(in);
        if (answer_to(len) != 0) {
            fail_msg("answered: %s", cases[i].what);
        }
    }
    expect_error(with_options(broken, PAIR_IP1, PAIR_IP0), 0x0C00, 20u << 24);
}

// RFC 1812 4.3.2.8
static void errors_are_few_in_a_second(void **state)
{
    size_t len = pair_udp(&p, in, 5000, 9, "hello", 5);
    unsigned count = 0;

    (void)state;
    for (unsigned second = 0; second < 3; second++) {
        for (unsigned i = 0; i < 1000; i++) {
            count += answer_to(len) != 0;
        }
        assert_int_equal(count, 8 * (second + 1));
        p.now_us += 1000000;
    }
    assert_int_equal(stats()->icmp_limit, 3 * 992);
}

// ----------------------------------------------------------- what is said

// A packet of ours to the peer, as somebody quotes it.
static size_t quote(uint8_t *at, uint16_t src, uint16_t dst)
{
    memset(at, 0, 28);
    at[0] = 0x45;
    nif_put_be16(at + 2, 33);
    at[8] = 60;
    at[9] = 17;
    nif_put_be32(at + 12, PAIR_IP0);
    nif_put_be32(at + 16, PAIR_IP1);
    nif_put_be16(at + 20, src);
    nif_put_be16(at + 22, dst);
    nif_put_be16(at + 24, 13);
    return 28;
}

// RFC 1122 3.2.2-c 3.2.2.1-b 3.2.2.1-c 3.2.2.1-d 3.2.2.4-a
// RFC 1122 3.2.2.5-b 4.1.3.3-a
static void a_report_fails_the_next_call_once(void **state)
{
    static const struct {
        uint16_t what;
        int err;
    } cases[] = {
        { 0x0303, NIF_EREFUSED },
        { 0x0302, NIF_EREFUSED },
        { 0x0300, NIF_EUNREACH },
        { 0x0301, NIF_EUNREACH },
        { 0x0305, NIF_EUNREACH },
        { 0x030D, NIF_EUNREACH },
        { 0x0B00, NIF_EUNREACH },
        { 0x0B01, NIF_EUNREACH },
        { 0x0C00, NIF_EPROTO },
    };
    uint8_t ours[28];

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        quote(ours, 7, 5000);
        assert_int_equal(nif_conn_ready(&c) & NIF_READABLE, 0);
        assert_int_equal(answer_to(pair_icmp(&p, in, cases[i].what, 0, ours,
                             28)),
            0);
        assert_int_equal(nif_conn_ready(&c) & NIF_READABLE, NIF_READABLE);
        if (i % 2 == 0) {
            assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL),
                cases[i].err);
        } else {
            assert_int_equal(nif_conn_send(&c, "x", 1, NULL), cases[i].err);
            assert_int_equal(pair_take(&p, out), 0);
        }
        assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
        assert_int_equal(nif_conn_send(&c, "x", 1, NULL), 1);
        assert_int_equal(nif_conn_state(&c), NIF_CONN_OPEN);
        pair_clear(&p);
    }
    assert_int_equal(stats()->icmp_error, nif_countof(cases));
    assert_int_equal(stats()->icmp_drop, 0);
}

// RFC 1122 3.2.2.2-d 3.2.2.3-a
// RFC 6633
// RFC 5927
// CVE-2020-11910
static void what_is_not_about_us_changes_nothing(void **state)
{
    static const struct {
        const char *what;
        uint16_t type;
        uint16_t at; // of the quote
        uint16_t value;
        uint16_t len;
    } cases[] = {
        { "source quench", 0x0400, 0, 0x4500, 28 },
        { "redirect", 0x0501, 0, 0x4500, 28 },
        { "too big, although it may be cut", 0x0304, 0, 0x4500, 28 },
        { "another's packet", 0x0303, 14, 0x0203, 28 },
        { "another peer", 0x0303, 18, 0x0203, 28 },
        { "another port of ours", 0x0303, 20, 8, 28 },
        { "another port of the peer", 0x0303, 22, 5001, 28 },
        { "a later fragment", 0x0303, 6, 1, 28 },
        { "another protocol", 0x0303, 8, 0x4001, 28 },
        { "version 6", 0x0303, 0, 0x6500, 28 },
        { "a header too short", 0x0303, 0, 0x4400, 28 },
        { "a header longer than the quote", 0x0303, 0, 0x4F00, 28 },
        { "a quote without its ports", 0x0303, 0, 0x4500, 27 },
        { "a quote that ends in its header", 0x0303, 0, 0x4500, 19 },
        { "no quote", 0x0303, 0, 0x4500, 0 },
    };
    uint8_t ours[28];

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        quote(ours, 7, 5000);
        nif_put_be16(ours + cases[i].at, cases[i].value);
        assert_int_equal(answer_to(pair_icmp(&p, in, cases[i].type, 0, ours,
                             cases[i].len)),
            0);
        if (nif_conn_recv(&c, got, sizeof(got), NULL) != NIF_EAGAIN) {
            fail_msg("believed: %s", cases[i].what);
        }
    }
    quote(ours, 7, 5000);
    pair_icmp(&p, in, 0x0303, 0, ours, 28);
    in[36] ^= 1; // its sum
    assert_int_equal(answer_to(70), 0);
    pair_icmp(&p, in, 0x0303, 0, ours, 28);
    memset(in, 0xFF, 6);
    nif_put_be32(in + 30, 0xFFFFFFFF); // to all
    pair_resum(in);
    assert_int_equal(answer_to(70), 0);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
    // Sound, but not ours to act on: 5 of them.
    assert_int_equal(stats()->icmp_error, 5);
    assert_int_equal(stats()->icmp_drop, nif_countof(cases) - 5 + 2);
}

static void a_quote_with_options_is_read_behind_them(void **state)
{
    uint8_t ours[36];

    (void)state;
    quote(ours, 7, 5000);
    memmove(ours + 28, ours + 20, 8);
    memset(ours + 20, 1, 8);
    ours[0] = 0x47;
    assert_int_equal(answer_to(pair_icmp(&p, in, 0x0303, 0, ours, 36)), 0);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EREFUSED);
}

static void who_has_no_peer_hears_nothing(void **state)
{
    static struct nif_conn d;
    const struct nif_endpoint local = { .port = 8 };
    const struct nif_conn_cfg cfg = { .rx = rx, .rx_cap = sizeof(rx) };
    uint8_t ours[28];

    (void)state;
    assert_int_equal(nif_conn_open(&p.stack[0].stack, &d, NIF_UDP, &cfg), 0);
    assert_int_equal(nif_conn_bind(&d, &local), 0);
    quote(ours, 8, 0);
    nif_put_be32(ours + 16, 0);
    assert_int_equal(answer_to(pair_icmp(&p, in, 0x0303, 0, ours, 28)), 0);
    assert_int_equal(nif_conn_recv(&d, got, sizeof(got), NULL), NIF_EAGAIN);
    // A new peer has nothing to do with what was said of the old one.
    quote(ours, 7, 5000);
    assert_int_equal(answer_to(pair_icmp(&p, in, 0x0303, 0, ours, 28)), 0);
    assert_int_equal(nif_conn_connect(&c, &peer), 0);
    assert_int_equal(nif_conn_recv(&c, got, sizeof(got), NULL), NIF_EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_unknown_protocol_is_reported, setup),
        cmocka_unit_test_setup(an_option_that_does_not_hold_is_pointed_at,
            setup),
        cmocka_unit_test_setup(nothing_is_said_where_it_could_be_a_flood,
            setup),
        cmocka_unit_test_setup(errors_are_few_in_a_second, setup),
        cmocka_unit_test_setup(a_report_fails_the_next_call_once, setup),
        cmocka_unit_test_setup(what_is_not_about_us_changes_nothing, setup),
        cmocka_unit_test_setup(a_quote_with_options_is_read_behind_them, setup),
        cmocka_unit_test_setup(who_has_no_peer_hears_nothing, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
