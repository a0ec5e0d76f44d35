// SPDX-License-Identifier: MIT
//
// Cables that are pulled at the worst moment: after whatever the chip has done,
// and at each point of its look at the link; and a bus that lies there.

#include "tests/contract/frames.h"
#include "tests/support/sample.h"

// So many points of the look at a link that has come.
#define LOOK_POINTS 200
#define LIE_POINTS  40

// Pulls the cable or puts it back, and returns how long it took until that was
// told, in microseconds.
static uint64_t told_after_us(bool up)
{
    uint64_t begun_us = bench_now_us(&b);

    host_board_link(&b.board, up);
    assert_true(bench_run_to_link(&b, up));
    return bench_now_us(&b) - begun_us;
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
    uint64_t until_us = bench_now_us(&b) + us;

    sim_strike_at(b.world, b.world->strike_count + at, &strike.event);
    while (!strike.done && *count < want && bench_now_us(&b) < until_us) {
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

#define TEST(f) \
    cmocka_unit_test_setup_teardown(f, frames_setup, frames_teardown)

int frames_pulls(const char *name)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pull_is_told_as_soon_as_ever),
        TEST(a_pull_after_a_loss_is_told_as_soon_as_ever),
        TEST(a_pull_while_the_link_comes_is_told),
        TEST(a_pull_while_the_chip_is_looked_after_is_told),
        TEST(a_lie_of_the_bus_while_the_link_comes_is_seen_through),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
