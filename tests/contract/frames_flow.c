// SPDX-License-Identifier: MIT
//
// Frames one after the other: no room to send, no room to receive, both
// directions at once; when a device wants to be polled, and when not.

#include "tests/contract/frames.h"

#include <string.h>

static int setup(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    return 0;
}

// ---- sending

// As many as fit at once, so often that a device with one place is full
// three times over.
static void without_room_nothing_is_taken_and_that_ends(void **state)
{
    unsigned number = 0;

    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        unsigned tries = 0;

        while (number < 600 * (round + 1) &&
            bench_send(&b, number + 1, bench_len(number + 1)) == 0) {
            number++;
        }
        assert_int_equal(b.send_err, 0);
        // The device says itself when to try again.
        while (bench_send(&b, number + 1, 1514) == NIF_EAGAIN) {
            unsigned turns = b.turns + 1;

            assert_true(bench_run_to(&b, &b.turns, turns, 50000));
            assert_true(++tries < 10000);
        }
        number++;
    }
    assert_true(bench_run_to(&b, &b.out.count, number, 2000000));
    bench_run(&b, 20000);
    assert_int_equal(b.out.count, number);
    assert_int_equal(b.out.last, number);
    bench_exact(&b);
}

static void all_that_is_accepted_leaves_once_and_in_order(void **state)
{
    (void)state;
    bench_begin_sending(&b, 3000);
    assert_true(bench_run_to(&b, &b.out.count, 3000, 10000000));
    bench_run(&b, 50000);
    assert_int_equal(b.out.count, 3000);
    assert_int_equal(b.out.last, 3000);
}

// For longer than any frame may take: each has its own time.
static void sending_without_a_pause_is_no_fault(void **state)
{
    (void)state;
    bench_begin_sending(&b, UINT32_MAX);
    bench_run(&b, 1100000);
    b.send_left = 0;
    bench_run(&b, 50000);
    assert_int_equal(b.out.count, b.send_next - 1);
    assert_int_equal(b.restarts + b.downs, 0);
}

// ---- receiving

// The card sends faster than the board takes. What the device has it keeps,
// whole and in order, from the first on; it may drop what is too much.
static void overflow(size_t len, unsigned frames, bool polled)
{
    uint32_t room = b.board.chip->rx_room;
    unsigned least = room ? room / (unsigned)(len + HOST_RX_EXTRA) : 2;
    unsigned last;

    b.in = (struct bench_flow){ 0 };
    b.deaf = true;
    for (unsigned i = 1; i <= frames; i++) {
        bench_card_send(&b, &bench_own, i, len);
        if (i % 200 == 0) { // the card's own queue has an end
            bench_run(&b, 250000);
        }
    }
    if (polled) {
        bench_run(&b, 250000);
    } else {
        sim_pass_ns(b.world, 250 * SIM_MS);
    }
    assert_int_equal(b.nic.queued, 0);
    b.deaf = false;
    b.again_us = 0;
    bench_run(&b, 2000000);
    last = b.in.last;
    assert_int_equal(b.in.count, last); // 1, 2, ... and none left out
    assert_true(last >= least || last == frames);
    bench_exact(&b);
}

static void too_much_at_once_leaves_the_older_frames_whole(void **state)
{
    (void)state;
    overflow(1514, 100, true);
    overflow(1514, 100, false);
    overflow(60, 600, true);
    overflow(60, 600, false);
    overflow(300, 190, true);
    overflow(1, 0, true);
}

// Bursts of each size, at each place of a ring in the chip, between which the
// board takes all.
static void bursts_that_fit_are_received_whole(void **state)
{
    uint32_t room = b.board.chip->rx_room;
    unsigned number = 0;

    (void)state;
    for (unsigned burst = 0; burst < 1500; burst++) {
        unsigned count = 1 + burst % 3;
        size_t taken = 0;

        for (unsigned i = 0; i < count; i++) {
            taken += bench_len(number + 1) + HOST_RX_EXTRA;
            if (room && taken > room) {
                break;
            }
            number++;
            bench_card_send(&b, &bench_own, number, bench_len(number));
        }
        b.deaf = burst % 2 == 0;
        bench_run(&b, 4000);
        b.deaf = false;
        b.again_us = 0;
        assert_true(bench_run_to(&b, &b.in.count, number, 10000));
    }
    assert_int_equal(b.in.count, number);
    assert_int_equal(b.in.last, number);
}

// ---- both at once

// Microseconds that this device takes for a frame on the way out.
static uint64_t pace_us(void)
{
    uint64_t since_ns = b.world->now_ns;

    bench_begin_sending(&b, 400);
    assert_true(bench_run_to(&b, &b.out.count, 400, 2000000));
    return (b.world->now_ns - since_ns) / 400000 + 1;
}

// A frame comes each fourth time that one can leave, while the board sends as
// fast as it can.
static void both_directions_at_once_lose_nothing(void **state)
{
    uint64_t gap_us = 4 * pace_us();

    (void)state;
    b.out.last = b.out.count = 0;
    bench_begin_sending(&b, UINT32_MAX);
    for (unsigned i = 1; i <= 1000; i++) {
        bench_card_send(&b, &bench_own, i, bench_len(i));
        bench_run(&b, gap_us);
    }
    b.send_left = 0;
    bench_run(&b, 1000000);
    assert_int_equal(b.in.count, 1000);
    assert_int_equal(b.out.count, b.send_next - 1);
    assert_int_equal(b.out.last, b.send_next - 1);
    assert_true(b.out.count > 1000);
}

static void a_busy_application_polls_late_and_loses_nothing(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 200; i++) {
        bench_card_send(&b, &bench_own, i, bench_len(i));
        (void)bench_send(&b, i, bench_len(i));
        sim_pass_ns(b.world, 30 * SIM_MS);
        bench_turn(&b);
    }
    bench_run(&b, 100000);
    assert_int_equal(b.in.count, 200);
    assert_int_equal(b.out.count, 200);
}

// ---- when it wants to be polled

static void a_frame_alone_is_never_late(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 300; i++) {
        uint64_t pause_us = 1 + sim_roll(b.world, 40000);
        uint64_t since_us;
        uint64_t wire_us =
            sim_cable_time_ns(&b.board.cable, bench_len(i) + 12) / 1000;

        bench_run(&b, pause_us);
        bench_card_send(&b, &bench_own, i, bench_len(i));
        assert_true(bench_run_to(&b, &b.in.count, i, wire_us + BENCH_LATE_US));
        bench_run(&b, pause_us / 2);
        since_us = b.world->now_ns / 1000;
        assert_int_equal(bench_send(&b, i, bench_len(i)), 0);
        assert_true(bench_run_to(&b, &b.out.count, i, wire_us + BENCH_LATE_US));
        assert_true(b.out.at_us - since_us <= wire_us + BENCH_LATE_US);
    }
}

static void the_time_that_poll_is_given_is_never_raised(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        uint64_t early_us = b.world->now_ns / 1000 + 1;
        uint64_t again_us = early_us;

        assert_true(nif_iface_poll(b.iface, &again_us) >= 0);
        assert_true(again_us <= early_us);
        b.again_us = 0;
        bench_run(&b, 777);
        bench_card_send(&b, &bench_own, i + 1, 64);
    }
}

static void without_an_interrupt_it_asks_to_be_polled(void **state)
{
    (void)state;
    if (!bench_polling) {
        skip();
    }
    for (unsigned i = 0; i < 100; i++) {
        bench_turn(&b);
        assert_true(b.again_us <= b.world->now_ns / 1000 + BENCH_LINK_US);
        bench_run(&b, 997);
    }
}

// At rest, a device that has an interrupt looks after its chip now and then,
// at the times that it gave; a poll in between costs the bus nothing.
static void at_rest_it_is_not_on_the_bus_more_often_than_it_says(void **state)
{
    unsigned turns;

    (void)state;
    if (bench_polling) {
        skip();
    }
    bench_run(&b, 100000);
    turns = b.turns;
    bench_run(&b, 10000000);
    assert_in_range(b.turns - turns, 0, 1100);
    for (unsigned i = 0; i < 300; i++) {
        uint64_t wanted_us = b.again_us;
        uint64_t calls = b.board.cpu.bus_calls;

        if (b.world->now_ns / 1000 + 100 < wanted_us) {
            uint64_t again_us = NIF_NEVER;

            assert_true(nif_iface_poll(b.iface, &again_us) >= 0);
            // A look at a register of the processor's own MAC, at most.
            assert_true(b.board.cpu.bus_calls - calls <= 1);
            assert_true(again_us <= wanted_us);
        }
        bench_run(&b, 333);
    }
}

// Clocks of 32 bits in microseconds are through after 72 minutes.
static void it_goes_on_after_hours_of_silence(void **state)
{
    (void)state;
    for (unsigned hour = 0; hour < 3; hour++) {
        bench_run(&b, 1433000000);
        assert_true(b.link);
        bench_exact(&b);
    }
    assert_int_equal(b.downs + b.restarts, 0);
    // Nobody has polled.
    sim_pass_ns(b.world, 4296 * SIM_S);
    b.again_us = 0;
    assert_true(bench_traffic(&b, BENCH_RECOVER_US));
    bench_exact(&b);
    assert_int_equal(b.downs + b.restarts, 0);
}

// ---- the same again

// One number for all that a run has done, with times.
static uint64_t story(void)
{
    static struct bench s;
    uint64_t log;

    bench_open(&s, NULL);
    bench_up(&s);
    bench_begin_sending(&s, 300);
    for (unsigned i = 1; i <= 300; i++) {
        bench_card_send(&s, &bench_own, i, bench_len(i));
        bench_run(&s, 100 + sim_roll(s.world, 4000));
        if (i % 100 == 0) {
            host_board_link(&s.board, false);
            bench_run(&s, 30000);
            host_board_link(&s.board, true);
            assert_true(bench_wait_link(&s, true));
        }
    }
    log = s.log;
    bench_close(&s);
    return log;
}

static void the_same_seed_gives_the_same_story(void **state)
{
    (void)state;
    assert_true(story() == story());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, frames_teardown)

int frames_flow(const char *name)
{
    const struct CMUnitTest tests[] = {
        TEST(without_room_nothing_is_taken_and_that_ends),
        TEST(all_that_is_accepted_leaves_once_and_in_order),
        TEST(sending_without_a_pause_is_no_fault),
        TEST(too_much_at_once_leaves_the_older_frames_whole),
        TEST(bursts_that_fit_are_received_whole),
        TEST(both_directions_at_once_lose_nothing),
        TEST(a_busy_application_polls_late_and_loses_nothing),
        TEST(a_frame_alone_is_never_late),
        TEST(the_time_that_poll_is_given_is_never_raised),
        TEST(without_an_interrupt_it_asks_to_be_polled),
        TEST(at_rest_it_is_not_on_the_bus_more_often_than_it_says),
        TEST(it_goes_on_after_hours_of_silence),
        cmocka_unit_test(the_same_seed_gives_the_same_story),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
