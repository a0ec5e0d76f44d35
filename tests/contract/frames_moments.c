// SPDX-License-Identifier: MIT
//
// What goes well once, a thousand times, and at the wrong moment: rings at
// each place, events one after the other, cables that move while the last move
// is looked at, partners that come back as somebody else.

#include "tests/contract/frames.h"
#include "tests/contract/frames_bench.h"
#include "tests/support/sample.h"

#include <string.h>

// So many points of the look at a link that has come.
#define LOOK_POINTS 200
#define LIE_POINTS  40

static struct bench b;

static int setup(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

static uint64_t now_us(void)
{
    return b.world->now_ns / 1000;
}

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
    begun_us = now_us();
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
    uint64_t last_us = now_us();
    uint64_t worst_us = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned out = b.out.count;

        (void)bench_send(&b, number + i, 300);
        bench_run(&b, 1000);
        if (b.out.count != out || i + 1 == n) {
            uint64_t gap_us = now_us() - last_us;

            worst_us = gap_us > worst_us ? gap_us : worst_us;
            last_us = now_us();
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

// ---- the link

// Pulls the cable or puts it back, and returns how long it took until that was
// told, in microseconds.
static uint64_t told_after_us(bool up)
{
    uint64_t begun_us = now_us();

    host_board_link(&b.board, up);
    assert_true(bench_run_to_link(&b, up));
    return now_us() - begun_us;
}

// The chip loses itself: that too is over some time.
static void a_pull_after_a_loss_is_told_as_soon_as_ever(void **state)
{
    uint64_t first_us;

    (void)state;
    if (!b.board.chip->reset) {
        skip();
        return;
    }
    bench_up(&b);
    first_us = told_after_us(false);
    for (unsigned i = 0; i < 5; i++) {
        (void)told_after_us(true);
        bench_run(&b, 1123456); // not while it is looked at
        bench_hush(&b);
        b.board.chip->reset(&b.board);
        bench_run(&b, 1500000);
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
        bench_forgive(&b);
        bench_run(&b, 10000 + UINT64_C(230000) * i);
        assert_true(told_after_us(false) <= first_us + BENCH_TOLD_US);
    }
}

// After whatever it has done, the next pull is told as soon as the first.
static void a_pull_is_told_as_soon_as_ever(void **state)
{
    const struct host_stimulus *s = b.board.chip->stimuli;

    (void)state;
    bench_up(&b);
    for (; s && s->name; s++) {
        uint64_t first_us = told_after_us(false);

        (void)told_after_us(true);
        bench_run(&b, 1000000);
        s->fn(&b.board);
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
        bench_run(&b, 1200000);
        if (s->late) {
            (void)told_after_us(false);
            (void)told_after_us(true);
        }
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
        bench_run(&b, 10000);
        if (told_after_us(false) > first_us + BENCH_TOLD_US) {
            fail_msg("later after %s", s->name);
        }
        (void)told_after_us(true);
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
        bench_run(&b, 1000000);
    }
}

struct strike {
    struct sim_event event;
    bool done;
};

static void on_pull(struct sim_event *event)
{
    nif_container_of(event, struct strike, event)->done = true;
    host_board_link(&b.board, false);
}

static void on_lie(struct sim_event *event)
{
    nif_container_of(event, struct strike, event)->done = true;
    b.board.chip->bus_fault(&b.board, HOST_FAULT_ONE_NOISE, 0);
}

// Runs until `*count` is `want` and a bit longer; `fn` strikes at the `at`-th
// point from now on. False if there is no such point.
static bool run_and_strike(void (*fn)(struct sim_event *), uint64_t at,
    const unsigned *count, unsigned want, uint64_t us)
{
    struct strike strike = { .event.fn = fn };
    uint64_t until_us = now_us() + us;

    sim_strike_at(b.world, b.world->strike_count + at, &strike.event);
    while (!strike.done && *count < want && now_us() < until_us) {
        bench_run(&b, 1000);
    }
    bench_run(&b, 5000);
    if (!strike.done) {
        sim_strike_at(b.world, 0, NULL);
    }
    return strike.done;
}

// How many points the coming of the link has, the first of the last ones in
// `*from`. The cable is out before and after.
static uint64_t points_of_the_link(uint64_t *from)
{
    uint64_t points;

    if (b.link) {
        (void)told_after_us(false);
    }
    points = b.world->strike_count;
    (void)told_after_us(true);
    bench_run(&b, 5000);
    points = b.world->strike_count - points;
    *from = points > LOOK_POINTS ? points - LOOK_POINTS : 0;
    (void)told_after_us(false);
    return points;
}

static void expect_pulled(uint64_t at, uint64_t told_us)
{
    bench_run(&b, told_us);
    if (b.link) {
        fail_msg("at point %u: not told within %u us", (unsigned)at,
            (unsigned)told_us);
    }
    bench_run(&b, 100000);
    assert_false(b.link);
}

static void a_pull_while_the_link_comes_is_told(void **state)
{
    uint64_t told_us;
    uint64_t points;
    uint64_t at;

    (void)state;
    bench_up(&b);
    bench_run(&b, 1300000);
    told_us = told_after_us(false) + BENCH_TOLD_US;
    points = points_of_the_link(&at);
    for (; at < points; at += sample_step()) {
        host_board_link(&b.board, true);
        if (!run_and_strike(on_pull, at, &b.ups, b.ups + 1, BENCH_LINK_US)) {
            break;
        }
        expect_pulled(at, told_us);
    }
}

static void a_pull_while_the_chip_is_looked_after_is_told(void **state)
{
    uint64_t told_us;

    (void)state;
    bench_up(&b);
    bench_run(&b, 1300000);
    told_us = told_after_us(false) + BENCH_TOLD_US;
    for (uint64_t at = 0; at < LOOK_POINTS; at += sample_step()) {
        (void)told_after_us(true);
        bench_run(&b, 20000);
        if (!run_and_strike(on_pull, at, &b.downs, b.downs + 1, 1200000)) {
            break;
        }
        expect_pulled(at, told_us);
    }
}

// Speed and duplex may have been misread, or that there is a link.
static void a_lie_of_the_bus_while_the_link_comes_is_seen_through(void **state)
{
    uint64_t points;
    uint64_t from;

    (void)state;
    if (!b.board.chip->bus_fault) {
        skip();
        return;
    }
    bench_up(&b);
    bench_hush(&b);
    b.lied = true;
    points = points_of_the_link(&from);
    from = points > LIE_POINTS ? points - LIE_POINTS : 0;
    for (uint64_t i = 0; i < UINT64_C(8) * LIE_POINTS; i += sample_step()) {
        uint64_t at = from + i % LIE_POINTS; // each time another noise

        host_board_link(&b.board, true);
        (void)run_and_strike(on_lie, at, &b.ups, b.ups + 1, BENCH_LINK_US);
        if (!bench_traffic(&b, BENCH_RECOVER_US)) {
            fail_msg("at point %u: no traffic afterwards", (unsigned)at);
        }
        host_board_link(&b.board, false);
        assert_true(bench_wait_link(&b, false));
        bench_run(&b, 5000);
    }
    b.board.chip->bus_fault(&b.board, HOST_FAULT_NONE, 0);
    host_board_link(&b.board, true);
    assert_true(bench_wait_link(&b, true));
    bench_run(&b, 2000000);
    assert_true(bench_traffic(&b, BENCH_RECOVER_US));
    bench_forgive(&b);
    bench_exact(&b);
}

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int frames_moments(const char *name)
{
    const struct CMUnitTest tests[] = {
        TEST(who_takes_one_frame_at_a_time_gets_the_last_one_soon),
        TEST(a_frame_behind_another_is_told_at_whatever_moment),
        cmocka_unit_test(polled_as_it_asks_it_sends_as_fast_as_it_can),
        TEST(rings_end_at_each_place_of_a_frame),
        TEST(what_a_chip_does_unasked_never_adds_up),
        TEST(a_pull_is_told_as_soon_as_ever),
        TEST(a_pull_after_a_loss_is_told_as_soon_as_ever),
        TEST(a_pull_while_the_link_comes_is_told),
        TEST(a_pull_while_the_chip_is_looked_after_is_told),
        TEST(a_lie_of_the_bus_while_the_link_comes_is_seen_through),
        TEST(whoever_is_at_the_other_end_frames_flow),
        TEST(in_half_duplex_no_frame_is_lost_or_bent),
        TEST(a_chip_that_is_stopped_sleeps),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
