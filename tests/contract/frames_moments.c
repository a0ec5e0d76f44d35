// SPDX-License-Identifier: MIT
//
// What goes well once, a thousand times, and at the wrong moment: frames close
// behind each other, rings at each place, what a chip does unasked again and
// again.

#include "tests/contract/frames.h"
#include "tests/support/sample.h"

#include <string.h>

// ---- taking and sending

// One frame between two polls; in the middle of it others come, and the board
// sends, so that the chip is looked at for another reason.
static void who_takes_one_frame_at_a_time_gets_the_last_one_soon(void **state)
{
    unsigned number = 0;

    (void)state;
    bench_up(&b);
    b.take = 1;
    for (unsigned i = 0; i < 400; i++) {
        for (unsigned k = 0; k < 3; k++) {
            bench_card_send(&b, &bench_own, ++number, 60 + 7 * (i % 40));
            bench_run(&b, sim_roll(b.world, 150));
        }
        (void)bench_send(&b, number, 100);
        bench_card_send(&b, &bench_own, ++number, 64);
        assert_true(bench_run_to(&b, &b.in.count, number,
            BENCH_LATE_US + 4 * bench_wire_us(&b, 340)));
    }
}

// From one frame to the next, in steps of half a bus cycle.
#define BEHIND_POINTS 400
#define BEHIND_NS     130

static unsigned next_number;

static void on_next(struct sim_event *event)
{
    (void)event;
    bench_card_send(&b, &bench_own, next_number, 60);
}

// While the first, which is so long that it takes longer than that, is looked
// at, taken, acknowledged, and found to be the last.
static void a_frame_behind_another_is_told_at_whatever_moment(void **state)
{
    static struct sim_event next = { .fn = on_next };
    uint64_t wire_ns;

    (void)state;
    bench_up(&b);
    wire_ns = 1000 * bench_wire_us(&b, 400);
    for (unsigned i = 0; i < BEHIND_POINTS; i++) {
        unsigned want = b.in.count + 2;

        bench_run(&b, 500);
        next_number = 2 * i + 2;
        bench_card_send(&b, &bench_own, next_number - 1, 400);
        sim_event_at(b.world, &next,
            b.world->now_ns + wire_ns + (uint64_t)BEHIND_NS * i);
        if (!bench_run_to(&b, &b.in.count, want, 2 * BENCH_LATE_US)) {
            fail_msg("%u ns behind the first", BEHIND_NS * i);
        }
    }
}

static uint64_t time_for_frames(uint64_t eager_us)
{
    uint64_t begun_us;

    bench_open(&b, NULL);
    bench_up(&b);
    b.eager_us = eager_us;
    begun_us = bench_now_us(&b);
    bench_begin_sending(&b, 300);
    assert_true(bench_run_to(&b, &b.out.count, 300, 2000000));
    begun_us = b.out.at_us - begun_us;
    bench_close(&b);
    return begun_us;
}

static void polled_as_it_asks_it_sends_as_fast_as_it_can(void **state)
{
    uint64_t lazy_us = time_for_frames(0);
    uint64_t best_us = time_for_frames(20);

    (void)state;
    if (lazy_us > best_us + best_us / 4 + 2000) {
        fail_msg("%u us for 300 frames, %u us when polled all the time",
            (unsigned)lazy_us, (unsigned)best_us);
    }
}

// Rings and pointers near their end, as after long use: a frame begins, has
// its middle, and ends at each place of it.
static void rings_end_at_each_place_of_a_frame(void **state)
{
    (void)state;
    if (!b.board.chip->age) {
        skip();
        return;
    }
    for (uint32_t left = 0; left < 1600; left += left < 80 ? 1 : 61) {
        unsigned number = b.out.last > b.in.last ? b.out.last : b.in.last;

        b.board.chip->age(&b.board, left);
        bench_up(&b);
        for (unsigned i = 1; i <= 3; i++) {
            unsigned in = b.in.count + 1;
            unsigned out = b.out.count + 1;

            bench_card_send(&b, &bench_own, number + i, 60 + 600 * (i - 1));
            assert_int_equal(bench_send(&b, number + i, 60 + 600 * (i - 1)), 0);
            assert_true(bench_run_to(&b, &b.in.count, in, BENCH_LATE_US));
            assert_true(bench_run_to(&b, &b.out.count, out, BENCH_LATE_US));
            assert_int_equal(b.in.last, number + i);
        }
    }
    assert_int_equal(b.restarts, 0);
}

// ---- the same again and again

// Turns of the main loop in a second without traffic.
static unsigned turns_at_rest(void)
{
    unsigned turns = b.turns;

    bench_run(&b, 1000000);
    return b.turns - turns;
}

// The longest time, of `n` frames a millisecond apart, between two that came.
static uint64_t worst_gap_us(unsigned n)
{
    unsigned number = bench_number(&b) + 10;
    uint64_t last_us = bench_now_us(&b);
    uint64_t worst_us = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned out = b.out.count;

        (void)bench_send(&b, number + i, 300);
        bench_run(&b, 1000);
        if (b.out.count != out || i + 1 == n) {
            uint64_t gap_us = bench_now_us(&b) - last_us;

            worst_us = gap_us > worst_us ? gap_us : worst_us;
            last_us = bench_now_us(&b);
        }
    }
    return worst_us;
}

// Two frames at once, and one from the card; and then nobody looks but by what
// poll() has said.
static void two_and_silence(const struct host_stimulus *s, uint64_t rest_us)
{
    unsigned number = bench_number(&b);
    unsigned in = b.in.count + 1;
    unsigned out = b.out.count + 2;

    bench_card_send(&b, &bench_own, number + 1, 200);
    (void)bench_send(&b, number + 1, 200);
    (void)bench_send(&b, number + 2, 200);
    bench_run(&b, rest_us + BENCH_LATE_US);
    if (!s->loses && (b.in.count != in || b.out.count != out)) {
        fail_msg("%s: a frame was lost, or is late", s->name);
    }
}

static void repeat(const struct host_stimulus *s)
{
    uint64_t rest_us = s->rest_us != 0 ? s->rest_us : BENCH_LATE_US;
    uint64_t worst_us = 0;
    unsigned before;
    unsigned after;

    bench_open(&b, NULL);
    bench_up(&b);
    before = turns_at_rest();
    for (unsigned i = 0; i < 40; i++) {
        unsigned restarts = b.restarts;
        uint64_t us;

        b.send_err = 0;
        s->fn(&b.board);
        bench_run(&b, i % 2 == 0 ? 1500 : 20);
        if (i % 2 == 0) {
            two_and_silence(s, rest_us);
        }
        us = worst_gap_us((unsigned)(rest_us / 1000) + 20);
        worst_us = us > worst_us ? us : worst_us;
        // What ends so begins anew, and says that it has (nif/iface.h).
        if (b.send_err == NIF_EIO && b.restarts == restarts) {
            fail_msg("%s: send() failed, and nothing was set up again",
                s->name);
        }
        bench_run(&b, s->loses ? 200000 : 20000);
        if (!bench_traffic(&b, BENCH_RECOVER_US)) {
            fail_msg("%s, time %u: no traffic after it", s->name, i + 1);
        }
    }
    if (worst_us > rest_us) {
        fail_msg("%s: nothing was sent for %u us", s->name, (unsigned)worst_us);
    }
    if (!s->restarts && b.restarts + b.downs > 0) {
        fail_msg("%s: the chip was set up again", s->name);
    }
    bench_run(&b, 1000000);
    after = turns_at_rest();
    if (after > 2 * before + 20) {
        fail_msg("%s: %u turns a second afterwards, %u before", s->name, after,
            before);
    }
    bench_exact(&b);
    bench_close(&b);
}

static void what_a_chip_does_unasked_never_adds_up(void **state)
{
    const struct host_stimulus *s = b.board.chip->stimuli;

    (void)state;
    for (; s && s->name; s++) {
        bench_close(&b);
        repeat(s);
        bench_open(&b, NULL);
    }
}

#define TEST(f) \
    cmocka_unit_test_setup_teardown(f, frames_setup, frames_teardown)

int frames_moments(const char *name)
{
    const struct CMUnitTest tests[] = {
        TEST(who_takes_one_frame_at_a_time_gets_the_last_one_soon),
        TEST(a_frame_behind_another_is_told_at_whatever_moment),
        cmocka_unit_test(polled_as_it_asks_it_sends_as_fast_as_it_can),
        TEST(rings_end_at_each_place_of_a_frame),
        TEST(what_a_chip_does_unasked_never_adds_up),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
