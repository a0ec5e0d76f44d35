// SPDX-License-Identifier: MIT
//
// The cable, who is at its other end, stop and start, and two devices in one
// world.

#include "tests/contract/frames.h"

#include <string.h>

// ---- the cable

static void without_a_cable_there_is_no_link_until_it_comes(void **state)
{
    (void)state;
    host_board_link(&b.board, false);
    bench_start(&b);
    bench_run(&b, 1000000);
    assert_false(b.link);
    assert_int_equal(b.ups, 0);
    assert_true(nif_iface_flags(b.iface) & NIF_IFACE_STARTED);
    assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
    host_board_link(&b.board, true);
    assert_true(bench_wait_link(&b, true));
    bench_run(&b, 1000);
    bench_exact(&b);
    assert_int_equal(b.ups, 1);
    assert_int_equal(b.downs, 0);
}

static void each_pull_of_the_cable_is_told_once(void **state)
{
    (void)state;
    bench_up(&b);
    for (unsigned i = 1; i <= 10; i++) {
        host_board_link(&b.board, false);
        assert_true(bench_wait_link(&b, false));
        bench_run(&b, UINT64_C(100000) * i);
        assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
        assert_int_equal(b.downs, i);
        host_board_link(&b.board, true);
        assert_true(bench_wait_link(&b, true));
        bench_run(&b, 1000);
        assert_int_equal(b.ups, i + 1);
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
    }
    bench_exact(&b);
    assert_int_equal(b.restarts, 0);
}

static void a_cable_that_flaps_ends_with_the_truth(void **state)
{
    static const unsigned gaps_us[] = { 1, 50, 900, 7000, 19999, 40000 };

    (void)state;
    bench_up(&b);
    for (unsigned i = 0; i < 60; i++) {
        unsigned gap_us = gaps_us[i % nif_countof(gaps_us)];

        host_board_link(&b.board, false);
        bench_run(&b, gap_us);
        host_board_link(&b.board, true);
        bench_run(&b, gaps_us[i / 7 % nif_countof(gaps_us)]);
    }
    bench_run(&b, 1000);
    assert_true(bench_wait_link(&b, true));
    assert_true(bench_traffic(&b, BENCH_RECOVER_US));
    bench_exact(&b);
    host_board_link(&b.board, false);
    bench_run(&b, 2000);
    host_board_link(&b.board, true);
    bench_run(&b, 2000);
    host_board_link(&b.board, false);
    assert_true(bench_wait_link(&b, false));
    bench_run(&b, 500000);
    assert_false(b.link);
    assert_int_equal(b.restarts, 0);
}

// What is under way is lost; nothing else is, and nothing bent.
static void the_cable_may_be_pulled_in_the_middle_of_traffic(void **state)
{
    unsigned number = 0;

    (void)state;
    bench_up(&b);
    bench_begin_sending(&b, 0);
    for (unsigned i = 0; i < 25; i++) {
        b.send_left = 1000;
        for (unsigned k = 0; k < 4; k++) {
            number++;
            bench_card_send(&b, &bench_own, number, bench_len(number));
        }
        bench_run(&b, 1500 + UINT64_C(313) * i);
        host_board_link(&b.board, false);
        bench_run(&b, 50000);
        b.send_left = 0;
        host_board_link(&b.board, true);
        bench_run(&b, 1000);
        assert_true(bench_wait_link(&b, true));
        bench_run(&b, 10000);
        // Nothing from before is sent now but what the chip had.
        assert_int_equal(b.out.bad + b.out.wild, 0);
    }
    assert_true(bench_traffic(&b, BENCH_RECOVER_US));
    bench_exact(&b);
    assert_int_equal(b.restarts, 0);
}

// ---- who is at its other end

// Each kind of partner that the chip's row has, in place of each other.
static void whoever_is_at_the_other_end_frames_flow(void **state)
{
    (void)state;
    if (!b.board.chip->partner) {
        skip();
        return;
    }
    bench_up(&b);
    for (unsigned i = 0; i < 40; i++) {
        static const unsigned gaps_us[] = { 1, 3000, 40000, 700000 };
        bool full = true;
        bool unplug = i % 3 != 0; // else without a word
        unsigned ups = b.ups;

        if (unplug) {
            host_board_link(&b.board, false);
            bench_run(&b, gaps_us[i % nif_countof(gaps_us)]);
        }
        b.board.chip->partner(&b.board, i * 7 / 3, &full);
        b.nic.full_duplex = full;
        if (unplug) {
            host_board_link(&b.board, true);
        }
        bench_run(&b, 100000);
        assert_true(bench_wait_link(&b, true));
        bench_run(&b, 10000);
        assert_int_equal((nif_iface_flags(b.iface) & NIF_IFACE_FULL_DUPLEX) !=
                0,
            full);
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
        for (unsigned k = 0; k < 20; k++) { // one after the other
            unsigned in = b.in.count + 1;
            unsigned out = b.out.count + 1;

            bench_card_send(&b, &bench_own, bench_number(&b) + 1, 700);
            assert_true(bench_run_to(&b, &b.in.count, in, 2 * BENCH_LATE_US));
            assert_int_equal(bench_send(&b, bench_number(&b) + 1, 700), 0);
            assert_true(bench_run_to(&b, &b.out.count, out, 2 * BENCH_LATE_US));
        }
        assert_true(b.ups > ups); // and that it was away was told
    }
    assert_int_equal(b.restarts, 0);
}

// Frames collide, and are sent again until they have arrived.
static void in_half_duplex_no_frame_is_lost_or_bent(void **state)
{
    const struct host_board_cfg half = { .half_duplex = true };
    unsigned sent = 0;

    (void)state;
    if (!bench_can(&half)) {
        skip();
        return;
    }
    bench_close(&b);
    bench_open(&b, &half);
    bench_up(&b);
    assert_false(nif_iface_flags(b.iface) & NIF_IFACE_FULL_DUPLEX);
    for (unsigned i = 1; i <= 300; i++) {
        bench_card_send(&b, &bench_own, i, bench_len(i));
        sent += bench_send(&b, sent + 1, bench_len(i)) == 0;
        bench_run(&b,
            sim_roll(b.world, (uint32_t)(3 * bench_wire_us(&b, 1514))));
        if (b.board.chip->rx_room) { // not for two of them
            (void)bench_run_to(&b, &b.in.count, i, BENCH_LATE_US);
        }
    }
    bench_run(&b, 500000);
    assert_int_equal(b.in.count, 300);
    assert_int_equal(b.out.count, sent);
    assert_true(sent > 100);
}

// ---- stop

static void expect_stopped(void)
{
    uint64_t again_us = NIF_NEVER;
    uint8_t *frame;

    assert_int_equal(nif_iface_flags(b.iface) &
            (NIF_IFACE_STARTED | NIF_IFACE_LINK),
        0);
    assert_true(nif_iface_poll(b.iface, &again_us) >= 0);
    assert_true(again_us == NIF_NEVER);
    assert_false(b.link); // and it was told
    assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
    assert_int_equal(bench_recv(&b, 1514, &frame), NIF_EAGAIN);
}

static void stop_ends_traffic_and_start_begins_it_anew(void **state)
{
    (void)state;
    bench_up(&b);
    for (unsigned i = 0; i < 20; i++) {
        unsigned out;

        for (unsigned k = 0; k < 3; k++) {
            bench_card_send(&b, &bench_own, b.in.last + 1 + k, 1000);
            (void)bench_send(&b, b.out.last + 1 + k, 1000);
        }
        bench_run(&b, UINT64_C(397) * i);
        assert_int_equal(nif_iface_stop(b.iface), 0);
        expect_stopped();
        sim_pass_ns(b.world, 20 * SIM_MS); // what was on the wire is through
        out = b.out.count;
        if (b.nic.link) {
            bench_card_send(&b, &bench_own, 999, 500);
        }
        bench_run(&b, 100000);
        expect_stopped();
        assert_int_equal(b.out.count, out);
        b.in.last = 999; // which must not come any more
        b.out.last = 999;
        bench_start(&b);
        assert_true(bench_wait_link(&b, true));
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
        assert_int_equal(b.in.wild, 0);
        b.in.last = b.out.last = 0;
    }
    bench_exact(&b);
    for (unsigned i = 0; i < 10; i++) { // and it finds them by itself
        unsigned in = b.in.count + 1;

        bench_card_send(&b, &bench_own, bench_number(&b), 100);
        assert_true(bench_run_to(&b, &b.in.count, in, BENCH_LATE_US));
    }
    assert_int_equal(nif_iface_stop(b.iface), 0);
    assert_int_equal(nif_iface_stop(b.iface), 0);
    expect_stopped();
    assert_int_equal(b.restarts, 0);
}

static void a_chip_that_is_stopped_sleeps(void **state)
{
    uint64_t calls;

    (void)state;
    bench_up(&b);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(nif_iface_stop(b.iface), 0);
        if (b.board.chip->sleeps) {
            assert_true(b.board.chip->sleeps(&b.board));
        }
        calls = b.board.cpu.bus_calls;
        bench_run(&b, 3000000);
        assert_int_equal(b.board.cpu.bus_calls, calls);
        bench_up(&b);
        if (b.board.chip->sleeps) {
            assert_false(b.board.chip->sleeps(&b.board));
        }
        bench_exact(&b);
    }
}

// ---- two of them

struct side {
    struct bench bench;
    unsigned disturb; // its chip loses itself, its cable is pulled
};

// A board of its own: the main loop in a fiber, without any claims in it.
static void run_side(void *arg)
{
    struct side *s = arg;
    struct bench *at = &s->bench;

    if (nif_iface_start(at->iface) != 0) {
        return;
    }
    at->again_us = 0;
    (void)bench_run_to(at, &at->ups, 1, BENCH_LINK_US);
    bench_run(at, 10000);
    bench_begin_sending(at, 1500);
    for (unsigned i = 1; i <= 600; i++) {
        uint8_t frame[1514];
        struct nif_hwaddr own;

        nif_iface_hwaddr(at->iface, &own);
        bench_frame(frame, bench_len(i), &own, &bench_card, i);
        (void)sim_nic_send(&at->nic, frame, bench_len(i));
        bench_run(at, 2600);
        if (s->disturb > 0 && i % 100 == 50) {
            host_board_link(&at->board, i % 200 == 50);
            if (at->board.chip->reset) {
                at->board.chip->reset(&at->board);
            }
        }
    }
    at->send_left = 0;
    bench_run(at, 200000);
}

// The story of the second of two boards, while the first has trouble, or is
// not there at all.
static uint64_t story_beside(bool first, bool second)
{
    static struct side side[2];
    struct sim_world world;
    const bool there[] = { first, second };
    uint64_t log;

    sim_world_init(&world, 1);
    for (uint8_t i = 0; i < 2; i++) {
        if (there[i]) {
            bench_open_in(&side[i].bench, &world, NULL, (uint8_t)(i + 1));
            side[i].disturb = i == 0;
            sim_fiber_start(&world, i ? "second" : "first", run_side, &side[i]);
        }
    }
    bench_hush(&side[1].bench); // the first one's trouble may be told
    sim_run_until(&world, 8 * SIM_S);
    log = side[1].bench.log;
    assert_int_equal(side[1].bench.in.count, 600);
    assert_int_equal(side[1].bench.out.count, 1500);
    if (first) {
        assert_true(side[0].bench.in.count > 40);
        bench_close(&side[0].bench);
    }
    bench_close(&side[1].bench);
    sim_world_done(&world);
    return log;
}

static void of_two_devices_one_does_not_feel_the_other(void **state)
{
    (void)state;
    assert_true(story_beside(true, true) == story_beside(false, true));
}

#define TEST(f) \
    cmocka_unit_test_setup_teardown(f, frames_setup, frames_teardown)

int frames_link(const char *name)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_cable_there_is_no_link_until_it_comes),
        TEST(each_pull_of_the_cable_is_told_once),
        TEST(a_cable_that_flaps_ends_with_the_truth),
        TEST(the_cable_may_be_pulled_in_the_middle_of_traffic),
        TEST(whoever_is_at_the_other_end_frames_flow),
        TEST(in_half_duplex_no_frame_is_lost_or_bent),
        TEST(stop_ends_traffic_and_start_begins_it_anew),
        TEST(a_chip_that_is_stopped_sleeps),
        cmocka_unit_test(of_two_devices_one_does_not_feel_the_other),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
