// SPDX-License-Identifier: MIT
//
// Multicast groups: who gets what, and what routers are told (RFC 1112, RFC
// 2236).

#include "tests/core/pair.h"

#include "nif/igmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull
#define ROUTER 0xC00002FEu
#define GROUP  0xEFFF0102u // 239.255.1.2
#define ALL    0xE0000001u

static struct pair p;
static struct nif_igmp igmp;
static struct nif_igmp_group groups[3];
static struct nif_conn c;
static struct nif_conn d;
static uint8_t rx[2][200];
static uint8_t in[NIF_ETH_FRAME_MAX + 100];
static uint8_t out[NIF_ETH_FRAME_MAX];
static uint8_t got[200];

static const struct nif_ip group = { NIF_IPV4, { 239, 255, 1, 2 }, 0 };
static const struct nif_ip other = { NIF_IPV4, { 239, 255, 1, 3 }, 0 };

// What the device was told to let through.
static struct nif_hwaddr passed[NIF_IGMP_GROUPS_MAX + 1];
static size_t passed_count;
static int filter_err;
static struct nif_eth_ops with_filter;

static int filter(struct nif_iface *iface, const struct nif_eth_filter *f)
{
    (void)iface;
    if (filter_err == 0) {
        passed_count = f->group_count;
        if (f->group_count > 0) {
            memcpy(passed, f->groups, f->group_count * sizeof(passed[0]));
        }
    }
    return filter_err;
}

static struct nif_stack *stack(void)
{
    return &p.stack[0].stack;
}

static void open_conn(struct nif_conn *conn, unsigned ring, uint16_t port)
{
    const struct nif_endpoint local = { .port = port };
    const struct nif_conn_cfg cfg = { .rx = rx[ring], .rx_cap = 200 };

    assert_int_equal(nif_conn_open(stack(), conn, NIF_UDP, &cfg), 0);
    assert_int_equal(nif_conn_option(conn, NIF_OPT_REUSE, 1), 0);
    assert_int_equal(nif_conn_bind(conn, &local), 0);
}

static int setup(void **state)
{
    (void)state;
    pair_init_single(&p, 41);
    filter_err = 0;
    passed_count = 0;
    with_filter = *p.dev[0].iface.eth;
    with_filter.filter = filter;
    p.dev[0].iface.eth = &with_filter;
    nif_igmp_init(&igmp,
        &(struct nif_igmp_cfg){ .groups = groups,
            .count = nif_countof(groups) });
    p.parts.igmp = &igmp;
    pair_restart(&p, 41);
    open_conn(&c, 0, 7);
    return 0;
}

// A message of IGMP to `dst`, sums right.
static size_t message(uint8_t type, uint8_t resp, uint32_t about, uint32_t dst)
{
    static const uint8_t alert[4] = { 0x94, 4, 0, 0 };
    const struct pair_ip ip = { ROUTER, dst, 2, alert, 4 };
    uint8_t *body = in + 38;
    uint32_t sum;
    size_t len;

    memset(body, 0, 8);
    body[0] = type;
    body[1] = resp;
    nif_put_be32(body + 4, about);
    sum = ((uint32_t)type << 8 | resp) + (about >> 16) + (about & 0xFFFF);
    sum = (sum >> 16) + (sum & 0xFFFF);
    nif_put_be16(body + 2, (uint16_t) ~((sum >> 16) + sum));
    len = pair_wrap(&p, in, &ip, 8);
    nif_put_be16(in, 0x0100);
    nif_put_be32(in + 2, 0x5E000000 | (dst & 0x7FFFFF));
    in[22] = 1;
    pair_resum(in);
    return len;
}

static void query(uint8_t resp, uint32_t about, uint32_t dst)
{
    pair_inject(&p, in, message(0x11, resp, about, dst));
}

// When, from now, the next message comes, within `us`; 0: none does.
static uint64_t next(uint64_t us)
{
    uint64_t begun = p.now_us;

    do {
        if (pair_take(&p, out) != 0) {
            return p.now_us - begun + 1;
        }
        pair_pass(&p, 1000);
    } while (p.now_us < begun + us);
    return 0;
}

// Exactly what RFC 2236 2 wants, router alert and all.
static void expect(uint8_t type, uint32_t dst, uint32_t about)
{
    uint8_t copy[60];

    assert_int_equal(out[0] << 8 | out[1], 0x0100);
    assert_int_equal(nif_get_be32(out + 2), 0x5E000000 | (dst & 0x7FFFFF));
    assert_memory_equal(out + 6, p.dev[0].hwaddr.byte, 6);
    assert_int_equal(out[14], 0x46);
    assert_int_equal(nif_get_be16(out + 16), 32);
    assert_int_equal(out[22], 1); // stays on the link
    assert_int_equal(out[23], 2);
    assert_int_equal(nif_get_be32(out + 26), PAIR_IP0);
    assert_int_equal(nif_get_be32(out + 30), dst);
    assert_int_equal(nif_get_be32(out + 34), 0x94040000);
    assert_int_equal(out[38], type);
    assert_int_equal(out[39], 0);
    assert_int_equal(nif_get_be32(out + 42), about);
    assert_int_equal((nif_get_be16(out + 38) + nif_get_be16(out + 40) +
                         nif_get_be16(out + 42) + nif_get_be16(out + 44)) %
            0xFFFF,
        0);
    memcpy(copy, out, sizeof(copy));
    pair_resum(copy);
    assert_memory_equal(copy, out, 34);
}

static void join(void)
{
    assert_int_equal(nif_conn_group(&c, &group, true), 0);
    pair_pass(&p, 20 * SECOND);
    pair_clear(&p);
}

static size_t datagram(uint32_t dst, uint16_t port)
{
    size_t len = pair_udp(&p, in, 5000, port, "hello", 5);

    nif_put_be16(in, 0x0100);
    nif_put_be32(in + 2, 0x5E000000 | (dst & 0x7FFFFF));
    nif_put_be32(in + 30, dst);
    pair_resum(in);
    return len;
}

static int heard(struct nif_conn *conn)
{
    return nif_conn_recv(conn, got, sizeof(got), NULL);
}

// ---------------------------------------------------------------- reports

// RFC 2236 3
static void joining_is_reported_at_once_and_once_more(void **state)
{
    (void)state;
    assert_int_equal(nif_conn_group(&c, &group, true), 0);
    assert_true(next(3000) != 0);
    expect(0x16, GROUP, GROUP);
    assert_true(next(10 * SECOND + 5000) != 0);
    expect(0x16, GROUP, GROUP);
    assert_int_equal(next(60 * SECOND), 0);
    // Somebody else who joins is no news for the router.
    open_conn(&d, 1, 7);
    assert_int_equal(nif_conn_group(&d, &group, true), 0);
    assert_int_equal(next(20 * SECOND), 0);
}

// RFC 2236 3
static void a_query_is_answered_within_its_time(void **state)
{
    static const uint8_t tenths[] = { 1, 10, 100, 255 };
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;

    (void)state;
    join();
    for (unsigned i = 0; i < 40; i++) {
        uint64_t at;

        query(tenths[i % 4], i % 8 < 4 ? 0 : GROUP, i % 8 < 4 ? ALL : GROUP);
        at = next(30 * SECOND);
        expect(0x16, GROUP, GROUP);
        assert_in_range(at, 1, tenths[i % 4] * 100000u + 3000);
        if (i % 4 == 2) {
            least = at < least ? at : least;
            most = at > most ? at : most;
        }
        assert_int_equal(next(30 * SECOND), 0); // once
    }
    assert_true(most - least > 2 * SECOND); // by lot
    assert_int_equal(igmp.query_count, 40);
}

// RFC 2236 3
static void an_answer_that_is_due_sooner_stays(void **state)
{
    (void)state;
    join();
    query(1, 0, ALL);
    query(255, 0, ALL);
    assert_in_range(next(30 * SECOND), 1, 110000);
    query(255, 0, ALL);
    query(1, 0, ALL);
    assert_in_range(next(30 * SECOND), 1, 110000);
}

// RFC 2236 3
static void whoever_hears_another_report_is_quiet(void **state)
{
    (void)state;
    join();
    query(100, 0, ALL);
    pair_inject(&p, in, message(0x16, 0, GROUP, GROUP));
    assert_int_equal(next(30 * SECOND), 0);
    // And leaves without a word, as he was not the last to report.
    assert_int_equal(nif_conn_group(&c, &group, false), 0);
    assert_int_equal(next(SECOND), 0);
    // Nor does he who has just come say it a second time.
    assert_int_equal(nif_conn_group(&c, &group, true), 0);
    assert_true(next(3000) != 0);
    pair_inject(&p, in, message(0x16, 0, GROUP, GROUP));
    assert_int_equal(next(30 * SECOND), 0);
    query(1, 0, ALL);
    assert_true(next(SECOND) != 0);
    assert_int_equal(next(30 * SECOND), 0);
}

// RFC 2236 3 6
static void the_last_to_leave_says_so(void **state)
{
    (void)state;
    join();
    open_conn(&d, 1, 7);
    assert_int_equal(nif_conn_group(&d, &group, true), 0);
    assert_int_equal(nif_conn_group(&c, &group, false), 0);
    assert_int_equal(nif_conn_group(&c, &group, false), 0); // is out already
    assert_int_equal(next(SECOND), 0);
    nif_conn_close(&d); // leaves by itself
    assert_true(next(3000) != 0);
    expect(0x17, 0xE0000002, GROUP);
    assert_int_equal(groups[0].ip, 0);
    query(1, 0, ALL);
    assert_int_equal(next(SECOND), 0);
}

// RFC 2236 4
static void with_a_router_of_version_1_we_speak_version_1(void **state)
{
    uint64_t most = 0;

    (void)state;
    join();
    for (unsigned i = 0; i < 10; i++) {
        uint64_t at;

        query(0, 0, ALL);
        at = next(11 * SECOND);
        assert_in_range(at, 1, 10 * SECOND + 5000);
        expect(0x12, GROUP, GROUP);
        most = at > most ? at : most;
    }
    assert_true(most > 5 * SECOND); // by lot, as nobody said within when
    assert_int_equal(nif_conn_group(&c, &group, false), 0);
    assert_int_equal(next(SECOND), 0); // version 1 knows no leave
    assert_int_equal(nif_conn_group(&c, &group, true), 0);
    assert_true(next(3000) != 0);
    expect(0x12, GROUP, GROUP);
    pair_pass(&p, 400 * SECOND);
    pair_clear(&p);
    query(10, 0, ALL);
    assert_true(next(2 * SECOND) != 0);
    expect(0x16, GROUP, GROUP);
}

// RFC 2236 6
static void the_group_of_all_hosts_is_never_reported(void **state)
{
    const struct nif_ip all = { NIF_IPV4, { 224, 0, 0, 1 }, 0 };

    (void)state;
    assert_int_equal(nif_conn_group(&c, &all, true), 0);
    assert_int_equal(next(20 * SECOND), 0);
    query(1, 0, ALL);
    assert_int_equal(next(SECOND), 0);
    pair_inject(&p, in, datagram(ALL, 7));
    assert_int_equal(heard(&c), 5);
    assert_int_equal(nif_conn_group(&c, &all, false), 0);
    assert_int_equal(next(SECOND), 0);
    pair_inject(&p, in, datagram(ALL, 7));
    assert_int_equal(heard(&c), NIF_EAGAIN);
}

static void a_new_cable_or_address_is_told_again(void **state)
{
    const struct nif_net none = { .prefix_len = 0 };
    const struct nif_net net = { .ip = nif_ip4(192, 0, 2, 1),
        .prefix_len = 24 };
    unsigned reports = 0;

    (void)state;
    join();
    p.dev[0].link = false;
    pair_pass(&p, SECOND);
    p.dev[0].link = true;
    while (next(12 * SECOND) != 0) {
        reports += nif_get_be16(out + 12) == 0x0800 && out[38] == 0x16;
    }
    assert_int_equal(reports, 2);
    assert_int_equal(nif_stack_set_net(stack(), &none), 0);
    query(1, 0, ALL);
    assert_int_equal(next(20 * SECOND), 0); // nobody to say it
    assert_int_equal(nif_stack_set_net(stack(), &net), 0);
    while (next(12 * SECOND) != 0) {
        reports += nif_get_be16(out + 12) == 0x0800 && out[38] == 0x16;
    }
    assert_int_equal(reports, 4);
}

static void a_full_device_delays_a_report(void **state)
{
    (void)state;
    p.dev[0].room = 0;
    p.dev[0].refill = 0;
    assert_int_equal(nif_conn_group(&c, &group, true), 0);
    assert_int_equal(next(SECOND), 0);
    p.dev[0].refill = 9;
    assert_true(next(SECOND) != 0);
    expect(0x16, GROUP, GROUP);
}

// CVE-2019-12259 CVE-2019-12265
static void messages_that_cannot_be_are_dropped(void **state)
{
    size_t len;

    (void)state;
    join();
    for (size_t cut = 0; cut < 8; cut++) { // too short
        message(0x11, 1, 0, ALL);
        nif_put_be16(in + 16, (uint16_t)(24 + cut));
        pair_resum(in);
        pair_inject(&p, in, 60);
    }
    len = message(0x11, 1, 0, ALL); // from beyond a router
    in[22] = 2;
    pair_resum(in);
    pair_inject(&p, in, len);
    len = message(0x11, 1, 0, ALL); // its sum
    in[41] ^= 1;
    pair_inject(&p, in, len);
    query(1, GROUP, ALL); // to the wrong address
    query(1, 0, GROUP);
    pair_inject(&p, in, message(0x99, 1, 0, ALL)); // no known type
    assert_int_equal(igmp.drop_count, 8 + 5);
    assert_int_equal(igmp.query_count, 0);
    assert_int_equal(next(12 * SECOND), 0);
    // Version 3 is longer, and for us the same (RFC 3376 7.2.1).
    message(0x11, 1, 0, ALL);
    memset(in + 46, 0, 4);
    nif_put_be16(in + 16, 36);
    pair_resum(in);
    pair_inject(&p, in, 60);
    assert_true(next(SECOND) != 0);
}

static void a_flood_of_queries_makes_few_reports(void **state)
{
    (void)state;
    join();
    for (unsigned i = 0; i < 10000; i++) {
        query(100, 0, ALL);
    }
    pair_pass(&p, 20 * SECOND);
    assert_int_equal(p.dev[1].queued, 1);
}

// ------------------------------------------------------------ who gets what

// RFC 1122 3.2.1.3-c
// RFC 1112 7
static void everybody_in_the_group_gets_a_copy(void **state)
{
    (void)state;
    join();
    open_conn(&d, 1, 7);
    pair_inject(&p, in, datagram(GROUP, 7));
    assert_int_equal(heard(&c), 5);
    assert_int_equal(heard(&d), NIF_EAGAIN); // has not joined
    assert_int_equal(nif_conn_group(&d, &group, true), 0);
    pair_inject(&p, in, datagram(GROUP, 7));
    assert_int_equal(heard(&c), 5);
    assert_int_equal(heard(&d), 5);
    assert_int_equal(nif_conn_group(&c, &group, false), 0);
    pair_inject(&p, in, datagram(GROUP, 7));
    assert_int_equal(heard(&c), NIF_EAGAIN);
    assert_int_equal(heard(&d), 5);
    pair_inject(&p, in, datagram(GROUP, 8)); // nobody's port: no word
    pair_clear(&p);
    pair_inject(&p, in, datagram(GROUP + 1, 7)); // nobody's group
    assert_int_equal(p.dev[1].queued, 0);
    assert_int_equal(heard(&d), NIF_EAGAIN);
}

static void the_groups_of_connections_do_not_mix(void **state)
{
    (void)state;
    open_conn(&d, 1, 7);
    assert_int_equal(nif_conn_group(&c, &group, true), 0);
    assert_int_equal(nif_conn_group(&d, &other, true), 0);
    pair_inject(&p, in, datagram(GROUP, 7));
    pair_inject(&p, in, datagram(GROUP + 1, 7));
    pair_inject(&p, in, datagram(GROUP + 1, 7));
    assert_int_equal(heard(&c), 5);
    assert_int_equal(heard(&c), NIF_EAGAIN);
    assert_int_equal(heard(&d), 5);
    assert_int_equal(heard(&d), 5);
}

static void the_device_is_told_which_groups_to_pass(void **state)
{
    static const uint8_t first[6] = { 1, 0, 0x5E, 0x7F, 1, 2 };
    static const uint8_t queries[6] = { 1, 0, 0x5E, 0, 0, 1 };

    (void)state;
    assert_int_equal(nif_conn_group(&c, &group, true), 0);
    assert_int_equal(passed_count, 2);
    assert_memory_equal(passed[0].byte, first, 6);
    assert_memory_equal(passed[1].byte, queries, 6);
    assert_int_equal(nif_conn_group(&c, &other, true), 0);
    assert_int_equal(passed_count, 3);
    assert_int_equal(nif_conn_group(&c, &group, false), 0);
    assert_int_equal(passed_count, 2);
    assert_int_equal(passed[0].byte[5], 3);
    nif_conn_abort(&c);
    assert_int_equal(passed_count, 0);
}

static void joining_can_fail(void **state)
{
    const struct nif_ip none = { NIF_IPV4, { 192, 0, 2, 9 }, 0 };
    const struct nif_ip six = { NIF_IPV6, { 0xFF, 2 }, 0 };
    struct nif_ip any = group;

    (void)state;
    assert_int_equal(nif_conn_group(&c, &none, true), NIF_EINVAL);
    assert_int_equal(nif_conn_group(&c, &six, true), NIF_EINVAL);
    filter_err = NIF_EIO;
    assert_int_equal(nif_conn_group(&c, &group, true), NIF_EIO);
    assert_int_equal(groups[0].ip, 0);
    filter_err = 0;
    for (size_t i = 0; i < nif_countof(groups); i++) {
        any.byte[3] = (uint8_t)(10 + i);
        assert_int_equal(nif_conn_group(&c, &any, true), 0);
        assert_int_equal(nif_conn_group(&c, &any, true), 0); // is in already
    }
    assert_int_equal(nif_conn_group(&c, &group, true), NIF_ENOBUFS);
    assert_int_equal(nif_conn_open(stack(), &d, NIF_TCP,
                         &(struct nif_conn_cfg){ .rx = NULL }),
        0);
    assert_int_equal(nif_conn_group(&d, &group, true), NIF_ENOTSUP);
    nif_conn_abort(&d);
}

static void without_the_part_there_are_no_groups(void **state)
{
    (void)state;
    p.parts.igmp = NULL;
    pair_restart(&p, 41);
    open_conn(&c, 0, 7);
    assert_int_equal(nif_conn_group(&c, &group, true), NIF_ENOTSUP);
    query(1, 0, ALL);
    pair_inject(&p, in, datagram(GROUP, 7));
    assert_int_equal(heard(&c), NIF_EAGAIN);
    assert_int_equal(p.stack[0].stats.ip_other, 2);
    assert_int_equal(p.dev[1].queued, 0);
}

// A fixed sample; 65,000 with NIF_FULL in the environment.
static void mutations_of_messages_do_no_harm(void **state)
{
    static const uint8_t types[] = { 0x11, 0x12, 0x16, 0x17 };
    const char *full = getenv("NIF_FULL");
    unsigned count = full != NULL && *full != 0 ? 65000 : 3000;

    (void)state;
    join();
    for (unsigned n = 0; n < count; n++) {
        size_t len = message(types[pair_roll(&p, 4)],
            (uint8_t)pair_roll(&p, 256), pair_roll(&p, 2) == 0 ? 0 : GROUP,
            pair_roll(&p, 2) == 0 ? ALL : GROUP);

        in[14 + pair_roll(&p, 32)] ^= (uint8_t)(1 << pair_roll(&p, 8));
        if (pair_roll(&p, 4) != 0 && (in[14] & 15) >= 5 && (in[14] & 15) <= 6 &&
            nif_get_be16(in + 16) == 32) {
            pair_resum(in);
        }
        pair_inject(&p, in, len - pair_roll(&p, 3));
        if (n % 32 == 0) {
            pair_pass(&p, SECOND);
            pair_clear(&p);
        }
    }
    pair_pass(&p, 600 * SECOND);
    pair_clear(&p);
    query(1, 0, ALL);
    assert_true(next(SECOND) != 0);
    expect(0x16, GROUP, GROUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(joining_is_reported_at_once_and_once_more,
            setup),
        cmocka_unit_test_setup(a_query_is_answered_within_its_time, setup),
        cmocka_unit_test_setup(an_answer_that_is_due_sooner_stays, setup),
        cmocka_unit_test_setup(whoever_hears_another_report_is_quiet, setup),
        cmocka_unit_test_setup(the_last_to_leave_says_so, setup),
        cmocka_unit_test_setup(with_a_router_of_version_1_we_speak_version_1,
            setup),
        cmocka_unit_test_setup(the_group_of_all_hosts_is_never_reported, setup),
        cmocka_unit_test_setup(a_new_cable_or_address_is_told_again, setup),
        cmocka_unit_test_setup(a_full_device_delays_a_report, setup),
        cmocka_unit_test_setup(messages_that_cannot_be_are_dropped, setup),
        cmocka_unit_test_setup(a_flood_of_queries_makes_few_reports, setup),
        cmocka_unit_test_setup(everybody_in_the_group_gets_a_copy, setup),
        cmocka_unit_test_setup(the_groups_of_connections_do_not_mix, setup),
        cmocka_unit_test_setup(the_device_is_told_which_groups_to_pass, setup),
        cmocka_unit_test_setup(joining_can_fail, setup),
        cmocka_unit_test_setup(without_the_part_there_are_no_groups, setup),
        cmocka_unit_test_setup(mutations_of_messages_do_no_harm, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
