// SPDX-License-Identifier: MIT
//
// A dead bus, a chip that loses itself, and what a chip may do unasked: the
// right error in bounded time, and traffic again once all is well.

#include "tests/contract/frames.h"
#include "tests/support/sample.h"

#include <string.h>

// Transfers of traffic at which each fault begins in turn; fewer where the bus
// carries no frames, and is at rest for most of the time.
#define TRANSFERS      120u
#define REST_TRANSFERS 20u

static const char *const kinds[] = { "none", "zeros", "ones", "noise",
    "one noise", "error", "one error" };

// What goes wrong with `kind` at transfer `at` stands in the message, so that
// it can be found again.
static void claim(bool ok, const char *what, enum host_fault kind, uint64_t at)
{
    if (!ok) {
        fail_msg("%s, with %s from transfer %u on", what, kinds[kind],
            (unsigned)at);
    }
}

static bool has_bus(void)
{
    bool has;

    bench_open(&b, NULL);
    has = b.board.chip->bus_fault != NULL;
    bench_close(&b);
    return has;
}

static void fault(enum host_fault kind, uint64_t at)
{
    b.lied |= kind != HOST_FAULT_NONE && kind < HOST_FAULT_ERROR;
    b.board.chip->bus_fault(&b.board, kind, at);
}

// ---- a dead bus

// Returns what start() did.
static int start_with(enum host_fault kind, uint64_t at)
{
    int err;

    bench_open(&b, NULL);
    bench_hush(&b);
    fault(kind, at);
    err = nif_iface_start(b.iface);
    b.again_us = 0;
    claim(b.world->now_ns <= SIM_S, "start() took over a second", kind, at);
    claim(err == 0 || err == NIF_EIO || err == NIF_ENODEV ||
            err == NIF_ETIMEDOUT,
        nif_err_name(err), kind, at);
    if (kind == HOST_FAULT_ERROR && err != 0) {
        claim(err == NIF_EIO, nif_err_name(err), kind, at);
    }
    claim(err != 0 || kind == HOST_FAULT_ONE_ERROR ||
            kind == HOST_FAULT_ONE_NOISE || at > 0,
        "start() worked", kind, at);
    claim(err == 0 || !(nif_iface_flags(b.iface) & NIF_IFACE_STARTED),
        "started after an error", kind, at);
    bench_run(&b, 100000);
    fault(HOST_FAULT_NONE, 0);
    if (err != 0) {
        claim(bench_try_start(&b) == 0, "start() did not work after it", kind,
            at);
    }
    claim(bench_traffic(&b, BENCH_RECOVER_US), "no traffic after it", kind, at);
    bench_forgive(&b);
    claim(bench_traffic(&b, BENCH_RECOVER_US), "no traffic long after it", kind,
        at);
    bench_close(&b);
    return err;
}

// For each transfer, until start() has none left that could fail.
static void a_bus_that_dies_during_start_is_told_and_survived(void **state)
{
    uint64_t at = 0;

    (void)state;
    if (!has_bus()) {
        skip();
    }
    while (start_with(HOST_FAULT_ERROR, at) != 0) {
        (void)start_with(HOST_FAULT_ZEROS, at);
        (void)start_with(HOST_FAULT_ONES, at);
        (void)start_with(HOST_FAULT_NOISE, at);
        (void)start_with(HOST_FAULT_ONE_NOISE, at);
        (void)start_with(HOST_FAULT_ONE_ERROR, at);
        at += sample_step();
    }
    assert_true(at > 3);
}

// A bus that carries no frames is used now and then only. Returns whether
// somebody was told within a minute.
static bool wait_error(void)
{
    for (unsigned i = 0; i < 600; i++) {
        if (b.poll_err == NIF_EIO || b.recv_err == NIF_EIO ||
            b.send_err == NIF_EIO) {
            return true;
        }
        bench_run(&b, 100000);
    }
    return false;
}

// Returns whether the fault, if it gives errors, was met in traffic.
static bool traffic_with(enum host_fault kind, uint64_t at)
{
    bool met;

    bench_open(&b, NULL);
    bench_up(&b);
    bench_hush(&b);
    fault(kind, at);
    bench_begin_sending(&b, 200);
    for (unsigned i = 1; i <= 12; i++) {
        bench_card_send(&b, &bench_own, i, bench_len(i));
        bench_run(&b, 5000);
    }
    met = b.poll_err != 0 || b.recv_err != 0 || b.send_err != 0;
    if (kind >= HOST_FAULT_ERROR) {
        claim(wait_error(), "nobody said NIF_EIO", kind, at);
    }
    if (kind == HOST_FAULT_ERROR) {
        claim(bench_wait_link(&b, false), "the link stayed up", kind, at);
    }
    fault(HOST_FAULT_NONE, 0);
    claim(bench_traffic(&b, BENCH_RECOVER_US), "no traffic after it", kind, at);
    claim(nif_iface_flags(b.iface) & NIF_IFACE_STARTED, "it is stopped", kind,
        at);
    bench_forgive(&b);
    claim(bench_traffic(&b, BENCH_RECOVER_US), "no traffic long after it", kind,
        at);
    bench_exact(&b);
    bench_close(&b);
    return met;
}

static void a_bus_that_dies_in_traffic_is_told_and_survived(void **state)
{
    (void)state;
    if (!has_bus()) {
        skip();
    }
    for (uint64_t at = 0; at < TRANSFERS; at += sample_step()) {
        (void)traffic_with(HOST_FAULT_ZEROS, at);
        (void)traffic_with(HOST_FAULT_ONES, at);
        (void)traffic_with(HOST_FAULT_NOISE, at);
        (void)traffic_with(HOST_FAULT_ONE_NOISE, at);
        (void)traffic_with(HOST_FAULT_ONE_ERROR, at);
        if (!traffic_with(HOST_FAULT_ERROR, at) && at >= REST_TRANSFERS) {
            break;
        }
    }
}

static void a_bus_that_dies_at_rest_is_noticed(void **state)
{
    unsigned turns;

    (void)state;
    if (!has_bus()) {
        skip();
    }
    bench_open(&b, NULL);
    bench_up(&b);
    bench_hush(&b);
    fault(HOST_FAULT_ERROR, 0);
    assert_true(bench_wait_link(&b, false));
    assert_int_equal(b.poll_err, NIF_EIO);
    turns = b.turns;
    bench_run(&b, 10000000);
    assert_in_range(b.turns - turns, 1, 1100); // tries, but not all the time
    fault(HOST_FAULT_NONE, 0);
    assert_true(bench_wait_link(&b, true));
    assert_int_equal(b.restarts, 1);
    bench_run(&b, 10000);
    bench_forgive(&b);
    bench_exact(&b);
    bench_close(&b);
}

static void stop_on_a_dead_bus_ends(void **state)
{
    (void)state;
    if (!has_bus()) {
        skip();
    }
    for (enum host_fault kind = HOST_FAULT_ZEROS; kind <= HOST_FAULT_ONE_ERROR;
         kind++) {
        int err;

        bench_open(&b, NULL);
        bench_up(&b);
        bench_hush(&b);
        fault(kind, 0);
        err = nif_iface_stop(b.iface);
        claim(err == 0 || err == NIF_EIO, "a strange result of stop()", kind,
            0);
        claim(err == NIF_EIO || kind < HOST_FAULT_ERROR, "stop() worked", kind,
            0);
        claim(!(nif_iface_flags(b.iface) & NIF_IFACE_STARTED), "not stopped",
            kind, 0);
        fault(HOST_FAULT_NONE, 0);
        bench_run(&b, 100000);
        claim(bench_try_start(&b) == 0, "start() did not work after it", kind,
            0);
        claim(bench_traffic(&b, BENCH_RECOVER_US), "no traffic after it", kind,
            0);
        bench_forgive(&b);
        bench_exact(&b);
        bench_close(&b);
    }
}

// ---- a chip that loses itself

static bool can_reset(void)
{
    bool can;

    bench_open(&b, NULL);
    can = b.board.chip->reset != NULL;
    bench_close(&b);
    return can;
}

static void lose(void)
{
    bench_hush(&b);
    b.board.chip->reset(&b.board);
}

static void a_chip_that_loses_itself_at_rest_is_set_up_again(void **state)
{
    (void)state;
    if (!can_reset()) {
        skip();
    }
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 1; i <= 5; i++) {
        unsigned ups = b.ups;

        bench_run(&b, 123457);
        lose();
        assert_true(bench_wait_restart(&b, i));
        assert_true(bench_wait_link(&b, true));
        assert_true(b.ups == ups + 1 || b.board.chip->keeps);
        assert_int_equal(b.downs, b.ups - 1);
        bench_run(&b, 10000);
        bench_forgive(&b);
        bench_exact(&b);
    }
    bench_close(&b);
}

static void a_chip_that_loses_itself_in_traffic_is_set_up_again(void **state)
{
    (void)state;
    if (!can_reset()) {
        skip();
    }
    for (unsigned i = 0; i < 60; i++) {
        bench_open(&b, NULL);
        bench_up(&b);
        bench_begin_sending(&b, 200);
        for (unsigned k = 1; k <= 20; k++) {
            bench_card_send(&b, &bench_own, k, bench_len(k));
            bench_run(&b, 997 + UINT64_C(31) * i);
            if (k == 10) {
                lose();
            }
        }
        assert_true(bench_wait_restart(&b, 1));
        assert_true(bench_traffic(&b, BENCH_RECOVER_US));
        assert_int_equal(b.downs, b.ups - 1);
        bench_forgive(&b);
        bench_exact(&b);
        bench_close(&b);
    }
}

static void a_chip_that_loses_itself_again_and_again_comes_back(void **state)
{
    (void)state;
    if (!can_reset()) {
        skip();
    }
    bench_open(&b, NULL);
    bench_up(&b);
    bench_hush(&b);
    for (unsigned i = 0; i < 200; i++) {
        b.board.chip->reset(&b.board);
        bench_run(&b, 1 + sim_roll(b.world, 20000));
    }
    assert_true(bench_traffic(&b, BENCH_RECOVER_US));
    bench_run(&b, 2000000);
    bench_forgive(&b);
    bench_exact(&b);
    bench_close(&b);
}

// ---- what it does unasked

static void unasked(const struct host_stimulus *stimulus, unsigned at_us)
{
    bench_open(&b, NULL);
    bench_up(&b);
    bench_begin_sending(&b, 30);
    for (unsigned k = 1; k <= 30; k++) {
        bench_card_send(&b, &bench_own, k, bench_len(k));
        bench_run(&b, 2600);
        if (k % 5 == 0) {
            bench_run(&b, at_us);
            stimulus->fn(&b.board);
        }
    }
    bench_run(&b, BENCH_RECOVER_US);
    if (!stimulus->loses && (b.in.count != 30 || b.out.count != 30)) {
        fail_msg("%s: %u frames came and %u went, of 30", stimulus->name,
            b.in.count, b.out.count);
    }
    if (!bench_traffic(&b, BENCH_RECOVER_US)) {
        fail_msg("%s: no traffic after it", stimulus->name);
    }
    bench_run(&b, BENCH_RECOVER_US);
    bench_exact(&b);
    bench_close(&b);
}

static void
what_a_chip_does_unasked_costs_no_frame_but_where_it_must(void **state)
{
    const struct host_stimulus *stimuli;

    (void)state;
    bench_open(&b, NULL);
    stimuli = b.board.chip->stimuli;
    bench_close(&b);
    if (!stimuli) {
        skip();
    }
    for (; stimuli && stimuli->name; stimuli++) {
        for (unsigned at_us = 0; at_us < 2000; at_us += 61) {
            unasked(stimuli, at_us);
        }
    }
}

int frames_faults(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bus_that_dies_during_start_is_told_and_survived),
        cmocka_unit_test(a_bus_that_dies_in_traffic_is_told_and_survived),
        cmocka_unit_test(a_bus_that_dies_at_rest_is_noticed),
        cmocka_unit_test(stop_on_a_dead_bus_ends),
        cmocka_unit_test(a_chip_that_loses_itself_at_rest_is_set_up_again),
        cmocka_unit_test(a_chip_that_loses_itself_in_traffic_is_set_up_again),
        cmocka_unit_test(a_chip_that_loses_itself_again_and_again_comes_back),
        cmocka_unit_test(
            what_a_chip_does_unasked_costs_no_frame_but_where_it_must),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
