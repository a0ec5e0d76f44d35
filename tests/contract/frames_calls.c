// SPDX-License-Identifier: MIT
//
// What a frame device is, and what its calls do one at a time: start, send and
// receive of every length, what cannot be sent, buffers that are too small,
// what is received and what is not.

#include "tests/contract/frames.h"

#include <string.h>

static unsigned flags(void)
{
    return nif_iface_flags(b.iface);
}

// ---- what it is

static void it_is_an_ethernet_device_with_an_address(void **state)
{
    struct nif_hwaddr own;

    (void)state;
    assert_non_null(b.iface->eth);
    assert_non_null(b.iface->eth->send);
    assert_non_null(b.iface->eth->recv);
    assert_int_equal(b.iface->eth->lend == NULL, b.iface->eth->commit == NULL);
    assert_int_equal(nif_iface_mtu(b.iface), 1500);
    bench_up(&b);
    nif_iface_hwaddr(b.iface, &own);
    assert_memory_equal(&own, &bench_own, sizeof(own));
    assert_true(flags() & NIF_IFACE_STARTED);
    assert_true(flags() & NIF_IFACE_LINK);
    assert_true(flags() & NIF_IFACE_BROADCAST);
    assert_true(flags() & NIF_IFACE_MULTICAST);
    assert_true(flags() & NIF_IFACE_FULL_DUPLEX);
    assert_int_equal(b.ups, 1);
    assert_int_equal(b.downs + b.restarts, 0);
}

static void before_its_start_it_does_nothing(void **state)
{
    uint64_t again_us = NIF_NEVER;
    uint64_t calls = b.board.cpu.bus_calls;
    uint8_t *frame;

    (void)state;
    assert_int_equal(flags() & (NIF_IFACE_STARTED | NIF_IFACE_LINK), 0);
    assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
    bench_card_send(&b, &bench_own, 1, 100);
    sim_pass_ns(b.world, 10 * SIM_MS);
    assert_true(nif_iface_poll(b.iface, &again_us) >= 0);
    assert_true(again_us == NIF_NEVER);
    assert_int_equal(nif_eth_recv(b.iface, b.in.frame, 1514, &frame),
        NIF_EAGAIN);
    assert_int_equal(b.ups + b.downs + b.restarts, 0);
    assert_int_equal(b.out.count, 0);
    // A call may cost a step; nothing is said to the chip.
    assert_true(b.board.cpu.bus_calls - calls <= 2);
}

static void a_board_without_its_chip_ends_its_start_with_enodev(void **state)
{
    uint8_t *frame;

    (void)state;
    bench_close(&b);
    bench_open(&b, &(struct host_board_cfg){ .absent = true });
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bench_try_start(&b), NIF_ENODEV);
        assert_int_equal(flags() & (NIF_IFACE_STARTED | NIF_IFACE_LINK), 0);
        assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
        assert_int_equal(bench_recv(&b, 1514, &frame), NIF_EAGAIN);
        bench_run(&b, 100000);
        assert_int_equal(nif_iface_stop(b.iface), 0);
    }
    assert_int_equal(b.ups + b.restarts, 0);
}

static void it_can_be_started_again_at_any_time(void **state)
{
    (void)state;
    bench_up(&b);
    for (unsigned i = 0; i < 5; i++) {
        bench_card_send(&b, &bench_own, bench_number(&b), 1000);
        (void)bench_send(&b, bench_number(&b), 1000);
        bench_run(&b, UINT64_C(150) * i);
        bench_start(&b);
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
    }
    bench_exact(&b);
    assert_int_equal(b.restarts, 0);
}

// ---- lengths

// What came last at `flow` is frame `number` of `len` bytes, filled up with
// zeros to 60 (IEEE 802.3 4.2.3.3, RFC 1042 for the zeros).
static void expect(struct bench_flow *flow, const struct nif_hwaddr *to,
    const struct nif_hwaddr *from, unsigned number, size_t len)
{
    uint8_t want[1514] = { 0 };

    bench_frame(want, len, to, from, number);
    assert_int_equal(flow->len, len < 60 ? 60 : len);
    assert_memory_equal(flow->frame, want, flow->len);
    if (len < 20) {
        flow->bad = 0; // there was no room for the number
    }
}

static void each_length_is_sent_byte_by_byte(void **state)
{
    (void)state;
    bench_up(&b);
    for (size_t len = 14; len <= 1514; len++) {
        unsigned n = (unsigned)len;

        assert_int_equal(bench_send(&b, n, len), 0);
        assert_true(bench_run_to(&b, &b.out.count, n - 13, BENCH_LATE_US));
        expect(&b.out, &bench_card, &bench_own, n, len);
    }
}

static void each_length_is_received_byte_by_byte(void **state)
{
    (void)state;
    bench_up(&b);
    for (size_t len = 14; len <= 1514; len++) {
        unsigned n = (unsigned)len;

        bench_card_send(&b, &bench_own, n, len);
        assert_true(bench_run_to(&b, &b.in.count, n - 13, BENCH_LATE_US));
        expect(&b.in, &bench_own, &bench_card, n, len);
    }
}

static void a_frame_may_come_in_any_number_of_stretches(void **state)
{
    uint8_t frame[600];
    struct nif_seg segs[600];

    (void)state;
    bench_up(&b);
    bench_frame(frame, sizeof(frame), &bench_card, &bench_own, 1);
    for (size_t i = 0; i < nif_countof(segs); i++) {
        segs[i] = (struct nif_seg){ frame + i, 1 };
    }
    assert_int_equal(nif_eth_send(b.iface, segs, nif_countof(segs)), 0);
    assert_true(bench_run_to(&b, &b.out.count, 1, BENCH_LATE_US));
    expect(&b.out, &bench_card, &bench_own, 1, sizeof(frame));
}

static void what_is_too_short_or_too_long_is_refused_and_not_sent(void **state)
{
    static const uint8_t bytes[3000];
    const struct nif_seg long_one[] = { { bytes, 1500 }, { bytes, 15 } };

    (void)state;
    bench_up(&b);
    for (size_t len = 0; len < 14; len++) {
        assert_int_equal(bench_send(&b, 1, len), NIF_EINVAL);
    }
    assert_int_equal(nif_eth_send(b.iface, long_one, 0), NIF_EINVAL);
    assert_int_equal(nif_eth_send(b.iface, long_one, 2), NIF_ETOOBIG);
    for (size_t len = 1515; len < 3000; len += 99) {
        assert_int_equal(bench_send(&b, 1, len), NIF_ETOOBIG);
    }
    bench_run(&b, 20000);
    assert_int_equal(b.out.count, 0);
    bench_exact(&b);
}

static void a_frame_that_the_buffer_cannot_hold_is_gone_alone(void **state)
{
    static const size_t caps[] = { 0, 1, 14, 59, 60, 299 };
    uint8_t *frame;

    (void)state;
    bench_up(&b);
    for (unsigned i = 0; i < nif_countof(caps); i++) {
        uint64_t until_ns;
        int got;

        b.deaf = true;
        bench_card_send(&b, &bench_own, 2 * i + 1, 300);
        bench_card_send(&b, &bench_own, 2 * i + 2, 300);
        bench_run(&b, 2 * BENCH_LATE_US);
        until_ns = b.world->now_ns + BENCH_LATE_US * SIM_US;
        do {
            got = bench_recv(&b, caps[i], &frame);
        } while (got == NIF_EAGAIN && b.world->now_ns < until_ns);
        assert_int_equal(got, NIF_ETOOBIG);
        b.deaf = false;
        assert_int_equal(bench_recv(&b, 300, &frame), 300);
        assert_int_equal(nif_get_be32(frame + 14), 2 * i + 2);
        assert_int_equal(bench_recv(&b, 1514, &frame), NIF_EAGAIN);
    }
    bench_exact(&b);
}

static void frames_can_be_built_in_place_where_that_is_possible(void **state)
{
    const struct nif_eth_ops *eth = b.iface->eth;
    uint8_t *buf;

    (void)state;
    if (!eth->lend) {
        skip();
        return;
    }
    bench_up(&b);
    assert_int_equal(eth->lend(b.iface, 1515, &buf), NIF_ETOOBIG);
    for (size_t len = 60; len <= 1514; len += 7) {
        unsigned count = b.out.count;

        assert_int_equal(eth->lend(b.iface, len, &buf), 0);
        bench_frame(buf, len, &bench_card, &bench_own, (unsigned)len);
        assert_int_equal(eth->commit(b.iface, len), 0);
        assert_true(bench_run_to(&b, &b.out.count, count + 1, BENCH_LATE_US));
        expect(&b.out, &bench_card, &bench_own, (unsigned)len, len);
    }
}

// ---- one frame at a time to a function

struct taken {
    unsigned count;
    unsigned number;
};

static void on_one(void *arg, uint8_t *frame, size_t len)
{
    struct taken *taken = arg;

    taken->count++;
    taken->number = len >= 20 ? nif_get_be32(frame + 14) : 0;
}

static void poll_one_says_truthfully_whether_there_was_a_frame(void **state)
{
    struct taken taken = { 0 };
    uint8_t buf[1514];

    (void)state;
    bench_up(&b);
    for (unsigned i = 1; i <= 20; i++) {
        unsigned turns = 0;
        int got;

        assert_int_equal(nif_iface_poll_one(b.iface, buf, sizeof(buf), on_one,
                             &taken),
            0);
        bench_card_send(&b, &bench_own, i, bench_len(i));
        sim_pass_ns(b.world, 2 * SIM_MS);
        do {
            got = nif_iface_poll_one(b.iface, buf, sizeof(buf), on_one, &taken);
            sim_cpu_step(&b.board.cpu);
            assert_int_equal(taken.count, got == 1 ? i : i - 1);
        } while (got == 0 && ++turns < 1000);
        assert_int_equal(got, 1);
        assert_int_equal(taken.number, i);
    }
    b.again_us = 0;
}

// ---- what is received

// How many of 32 frames to addresses like `to` are received.
static unsigned received(const struct nif_hwaddr *to, bool same)
{
    unsigned before = b.in.count;

    for (unsigned i = 0; i < 32; i++) {
        struct nif_hwaddr addr = *to;

        if (!same) {
            addr.byte[4] = (uint8_t)(addr.byte[4] + 37 * i);
            addr.byte[5] = (uint8_t)(addr.byte[5] + 1 + 5 * i);
        }
        bench_card_send(&b, &addr, b.in.last + 1, 64);
        bench_run(&b, 3000);
    }
    return b.in.count - before;
}

static const struct nif_hwaddr mdns = { { 1, 0, 0x5E, 0, 0, 0xFB } };
static const struct nif_hwaddr router = { { 1, 0, 0x5E, 0, 0, 2 } };
static const struct nif_hwaddr stranger = { { 2, 0, 0, 0, 0x40, 2 } };

static void only_what_is_for_the_board_is_received(void **state)
{
    (void)state;
    bench_up(&b);
    assert_int_equal(received(&bench_own, true), 32);
    assert_int_equal(received(&bench_all, true), 32);
    assert_int_equal(received(&stranger, false), 0);
    assert_int_equal(received(&mdns, false), 0);
}

static void filter(const struct nif_eth_filter *f)
{
    assert_non_null(b.iface->eth->filter);
    assert_int_equal(b.iface->eth->filter(b.iface, f), 0);
    bench_run(&b, 1000); // some chips begin anew
}

// A filter may let too much pass of what is for other groups, but not much of
// what is for other stations, and must let pass what was asked for.
static void expect_two_groups(void)
{
    assert_int_equal(received(&bench_own, true), 32);
    assert_int_equal(received(&bench_all, true), 32);
    assert_int_equal(received(&mdns, true), 32);
    assert_int_equal(received(&router, true), 32);
    assert_in_range(received(&stranger, false), 0, 4);
}

static void groups_are_received_that_were_asked_for(void **state)
{
    const struct nif_hwaddr groups[] = { mdns, router };
    struct nif_hwaddr many[40];

    (void)state;
    if (!b.iface->eth->filter) {
        skip();
        return;
    }
    bench_up(&b);
    filter(&(struct nif_eth_filter){ .groups = groups, .group_count = 2 });
    expect_two_groups();
    filter(&(struct nif_eth_filter){ .group_count = 0 });
    assert_int_equal(received(&mdns, true), 0);
    assert_int_equal(received(&bench_own, true), 32);
    for (unsigned i = 0; i < nif_countof(many); i++) {
        many[i] = mdns;
        many[i].byte[4] = (uint8_t)i;
    }
    filter(&(struct nif_eth_filter){ .groups = many, .group_count = 40 });
    for (unsigned i = 0; i < nif_countof(many); i += 13) {
        assert_int_equal(received(&many[i], true), 32);
    }
    filter(&(struct nif_eth_filter){ .all_multicast = true });
    assert_int_equal(received(&router, false), 32);
    assert_int_equal(received(&bench_own, true), 32);
    assert_int_equal(received(&stranger, false), 0);
}

static void all_is_received_if_that_is_asked_for(void **state)
{
    (void)state;
    if (!b.iface->eth->filter) {
        skip();
        return;
    }
    bench_up(&b);
    filter(&(struct nif_eth_filter){ .promiscuous = true });
    assert_int_equal(received(&stranger, false), 32);
    assert_int_equal(received(&mdns, false), 32);
    assert_int_equal(received(&bench_own, true), 32);
    assert_int_equal(received(&bench_all, true), 32);
    filter(&(struct nif_eth_filter){ .promiscuous = false });
    assert_int_equal(received(&stranger, false), 0);
}

// What has come already stays, and so does what is on its way out. Three frames
// fit into 2 KiB, which is all that some have.
static void another_filter_costs_no_frame(void **state)
{
    (void)state;
    if (!b.iface->eth->filter) {
        skip();
        return;
    }
    bench_up(&b);
    for (unsigned i = 0; i < 30; i++) {
        unsigned number = bench_number(&b);

        b.deaf = true;
        for (unsigned k = 1; k <= 3; k++) {
            bench_card_send(&b, &bench_own, number + k, 60 + 17 * i);
        }
        bench_run(&b, 2 * BENCH_LATE_US);
        if (i % 4 == 3) {
            assert_int_equal(bench_send(&b, number + 1, 1000), 0);
        }
        b.deaf = false;
        filter(&(struct nif_eth_filter){ .promiscuous = i % 2 == 0,
            .all_multicast = i % 3 == 0 });
        b.again_us = 0;
        bench_run(&b, 2 * BENCH_LATE_US);
        assert_int_equal(b.in.count, 3 * (i + 1));
        assert_int_equal(b.out.count, (i + 1) / 4);
    }
}

// Each kind of filter, set before the first start.
static void a_filter_outlives(const struct nif_eth_filter *f,
    void (*look)(void))
{
    filter(f);
    bench_up(&b);
    look();
    bench_start(&b);
    assert_true(bench_traffic(&b, BENCH_RECOVER_US));
    look();
    if (b.board.chip->reset) {
        bench_hush(&b);
        b.board.chip->reset(&b.board);
        assert_true(bench_wait_restart(&b, 1));
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
        bench_forgive(&b);
        look();
    }
    bench_close(&b);
    bench_open(&b, NULL);
}

static void expect_all_groups(void)
{
    assert_int_equal(received(&router, false), 32);
    assert_int_equal(received(&bench_own, true), 32);
}

static void expect_everything(void)
{
    assert_int_equal(received(&stranger, false), 32);
    assert_int_equal(received(&mdns, false), 32);
}

static void a_filter_outlives_start_and_restart(void **state)
{
    const struct nif_hwaddr groups[] = { mdns, router };

    (void)state;
    if (!b.iface->eth->filter) {
        skip();
        return;
    }
    a_filter_outlives(&(struct nif_eth_filter){ .groups = groups,
                          .group_count = 2 },
        expect_two_groups);
    a_filter_outlives(&(struct nif_eth_filter){ .all_multicast = true },
        expect_all_groups);
    a_filter_outlives(&(struct nif_eth_filter){ .promiscuous = true },
        expect_everything);
}

static void frames_that_are_not_whole_are_not_received(void **state)
{
    uint8_t frame[2000];
    size_t len;

    (void)state;
    bench_up(&b);
    for (unsigned i = 1; i <= 40; i++) {
        bench_frame(frame, 100, &bench_own, &bench_card, i);
        len = sim_fcs_put(frame, 100);
        frame[i] ^= 1;
        assert_true(sim_nic_send_raw(&b.nic, frame, len)); // wrong FCS
        bench_frame(frame, 40, &bench_own, &bench_card, i);
        len = sim_fcs_put(frame, 40);
        assert_true(sim_nic_send_raw(&b.nic, frame, len)); // a runt
        bench_frame(frame, 1515 + i, &bench_own, &bench_card, i);
        len = sim_fcs_put(frame, 1515 + i);
        assert_true(sim_nic_send_raw(&b.nic, frame, len)); // a giant
        bench_run(&b, 10000);
    }
    assert_int_equal(b.in.count, 0);
    bench_exact(&b);
}

#define TEST(f) \
    cmocka_unit_test_setup_teardown(f, frames_setup, frames_teardown)

int frames_calls(const char *name)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_an_ethernet_device_with_an_address),
        TEST(before_its_start_it_does_nothing),
        TEST(a_board_without_its_chip_ends_its_start_with_enodev),
        TEST(it_can_be_started_again_at_any_time),
        TEST(each_length_is_sent_byte_by_byte),
        TEST(each_length_is_received_byte_by_byte),
        TEST(a_frame_may_come_in_any_number_of_stretches),
        TEST(what_is_too_short_or_too_long_is_refused_and_not_sent),
        TEST(a_frame_that_the_buffer_cannot_hold_is_gone_alone),
        TEST(frames_can_be_built_in_place_where_that_is_possible),
        TEST(poll_one_says_truthfully_whether_there_was_a_frame),
        TEST(only_what_is_for_the_board_is_received),
        TEST(groups_are_received_that_were_asked_for),
        TEST(all_is_received_if_that_is_asked_for),
        TEST(another_filter_costs_no_frame),
        TEST(a_filter_outlives_start_and_restart),
        TEST(frames_that_are_not_whole_are_not_received),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
