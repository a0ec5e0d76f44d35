// SPDX-License-Identifier: MIT
//
// The LAN8720 driver on an MDIO bus that is dead, mad, or fails once, and on a
// MAC that fails: the right error in bounded time, and traffic once it is well
// again.

#include "driver_bench.h"

#include <stdio.h>

static struct bench b;

static const struct {
    const char *name;
    struct sim_mdio_fault_cfg fault;
} dead[] = {
    { "ones", { .kind = SIM_MDIO_STUCK, .value = 0xFFFF } },
    { "zeros", { .kind = SIM_MDIO_STUCK, .value = 0 } },
    { "noise", { .kind = SIM_MDIO_NOISE } },
    { "error", { .kind = SIM_MDIO_EIO } },
};

// From frame `at` on, for `count` frames.
static void break_bus(size_t kind, uint64_t at, uint64_t count)
{
    struct sim_mdio_fault_cfg fault = dead[kind].fault;

    fault.at = b.fault.frames + at;
    fault.count = count;
    sim_mdio_fault_set(&b.fault, &fault);
}

static void assert_traffic_comes_back(void)
{
    sim_mdio_fault_set(&b.fault, NULL);
    sim_mac_fail(&b.mac, 0, 0, 0);
    if (!(nif_iface_flags(b.iface) & NIF_IFACE_STARTED)) {
        assert_int_equal(nif_iface_start(b.iface), 0);
    }
    assert_true(bench_run_to_link(&b, true, 4000000));
    assert_true(bench_traffic(&b, 10000));
    // A link that was believed by mistake is over by now.
    bench_run(&b, 200000);
    assert_true(bench_run_to_link(&b, true, 4000000));
    assert_int_equal(b.mac.is_100, b.phy.is_100);
    assert_int_equal(b.mac.nic.full_duplex, b.phy.full);
    assert_true(bench_traffic(&b, 10000));
}

// How many frames start() takes.
static uint64_t frames_of_start(void)
{
    uint64_t frames;

    bench_open(&b, NULL);
    assert_int_equal(nif_iface_start(b.iface), 0);
    frames = b.fault.frames;
    bench_close(&b);
    return frames;
}

// start(), on a bus that is dead from frame `at` on; all of it takes `frames`.
static void start_dead(size_t kind, uint64_t at, uint64_t frames)
{
    bool writes;
    int err;

    break_bus(kind, at, UINT64_MAX);
    err = nif_iface_start(b.iface);
    // Who only writes from then on cannot see it.
    writes = err == 0 && at + 4 >= frames;
    if (dead[kind].fault.kind == SIM_MDIO_EIO) {
        assert_int_equal(err, NIF_EIO);
    } else if (!writes && err != NIF_ENODEV && err != NIF_ETIMEDOUT) {
        fail_msg("%s from frame %u on: %d", dead[kind].name, (unsigned)at, err);
    }
    assert_true(b.world.now_ns < 600 * SIM_MS);
}

static void start_on_a_dead_bus_ends_with_its_error(void **state)
{
    uint64_t frames = frames_of_start();

    (void)state;
    assert_in_range(frames, 10, 30);
    for (size_t kind = 0; kind < nif_countof(dead); kind++) {
        for (uint64_t at = 0; at < frames; at++) {
            bench_open(&b, &(struct bench_cfg){ .reset_pin = true });
            start_dead(kind, at, frames);
            // Nor may poll() believe in anything.
            bench_run(&b, 500000);
            assert_false(nif_iface_flags(b.iface) & NIF_IFACE_LINK);
            assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
            assert_traffic_comes_back();
            bench_close(&b);
        }
    }
}

static void no_phy_at_all_is_no_device(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .absent = true });
    assert_int_equal(nif_iface_start(b.iface), NIF_ENODEV);
    assert_in_range(b.fault.frames, 32, 64);
    assert_true(b.world.now_ns < 2 * SIM_MS);
    assert_int_equal(b.chip.phy.id, 0);
    assert_false(nif_iface_flags(b.iface) & NIF_IFACE_STARTED);
    bench_close(&b);
}

// Modules have it at 0 or at 1. Who asks at the other must not wait for ever.
static void the_wrong_address_is_no_device(void **state)
{
    (void)state;
    for (uint8_t addr = 0; addr < 2; addr++) {
        bench_open(&b,
            &(struct bench_cfg){ .model = { .addr = addr },
                .driver.phy.addrs = 2u >> addr });
        assert_int_equal(nif_iface_start(b.iface), NIF_ENODEV);
        assert_in_range(b.fault.frames, 1, 2);
        bench_close(&b);
    }
}

static void a_bus_that_dies_takes_the_link_down_and_both_come_back(void **state)
{
    (void)state;
    for (int interrupt = 0; interrupt < 2; interrupt++) {
        for (size_t kind = 0; kind < nif_countof(dead); kind++) {
            bench_open(&b, &(struct bench_cfg){ .interrupt = interrupt });
            bench_up(&b);
            break_bus(kind, 0, UINT64_MAX);
            bench_run(&b, 1100000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), 1);
            assert_true(b.poll_err == NIF_EIO || b.poll_err == NIF_EPROTO ||
                b.poll_err == NIF_ENODEV);
            assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
            bench_run(&b, 5000000);
            assert_int_equal(b.event_count, 2);
            assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 0);
            assert_traffic_comes_back();
            assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 1);
            assert_int_equal(b.events[2], NIF_EVENT_RESTARTED);
            assert_int_equal(b.events[3], NIF_EVENT_LINK_UP);
            bench_close(&b);
        }
    }
}

// The steps of a restart are tried ten times a second, no more.
static void a_dead_bus_is_not_hammered(void **state)
{
    uint64_t frames;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    break_bus(0, 0, UINT64_MAX);
    bench_run(&b, 1000000);
    frames = b.fault.frames;
    bench_run(&b, 10000000);
    assert_in_range(b.fault.frames - frames, 90, 210);
    bench_close(&b);
}

static void one_error_at_any_frame_costs_one_restart(void **state)
{
    uint64_t frames;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    bench_run(&b, 150000);
    frames = b.fault.frames;
    bench_close(&b);
    assert_in_range(frames, 100, 200);
    for (uint64_t at = 0; at < frames; at++) {
        bool started;

        bench_open(&b, NULL);
        break_bus(3, at, 1);
        started = nif_iface_start(b.iface) == 0;
        bench_run(&b, 2500000);
        assert_int_equal(b.fault.hits, 1);
        assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), started);
        assert_traffic_comes_back();
        bench_close(&b);
    }
}

// MDIO has no checksum. What a bit that fell makes of speed and duplex is over
// with the next look.
static void one_misread_bit_anywhere_does_not_last(void **state)
{
    uint64_t frames;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    bench_run(&b, 1000);
    frames = b.fault.frames;
    bench_close(&b);
    // The start, and the looks when the link comes.
    for (uint64_t at = 0; at < frames; at++) {
        if (at > 24 && at + 20 < frames) {
            continue;
        }
        for (unsigned bit = 0; bit < 16; bit++) {
            bench_open(&b, NULL);
            sim_mdio_fault_set(&b.fault,
                &(struct sim_mdio_fault_cfg){ .kind = SIM_MDIO_FLIP,
                    .at = at,
                    .count = 1,
                    .value = (uint16_t)(1u << bit) });
            (void)!nif_iface_start(b.iface);
            bench_run(&b, 2000000);
            assert_traffic_comes_back();
            bench_close(&b);
        }
    }
}

static void a_mac_that_fails_at_any_call_is_started_again(void **state)
{
    static const int errs[] = { NIF_EIO, NIF_ETIMEDOUT };
    uint64_t calls;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    calls = b.mac.calls;
    bench_close(&b);
    for (size_t i = 0; i < nif_countof(errs); i++) {
        for (uint64_t at = 0; at < calls + 10; at++) {
            int err;

            bench_open(&b, NULL);
            sim_mac_fail(&b.mac, errs[i], at, 1);
            err = nif_iface_start(b.iface);
            assert_int_equal(err, at == 0 ? errs[i] : 0);
            bench_run(&b, 2500000);
            if (at == 0) {
                assert_true(bench_run_to_link(&b, false, 1));
            } else {
                assert_int_equal(b.poll_err, errs[i]);
                assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 1);
                assert_int_equal(b.mac.starts, 2);
            }
            assert_traffic_comes_back();
            bench_close(&b);
        }
    }
}

static void a_mac_that_fails_when_it_sends_is_started_again(void **state)
{
    uint64_t since_ns;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    bench_run(&b, 10000);
    nif_clock_wait(&b.cpu.clock, 0);
    sim_mac_fail(&b.mac, NIF_EIO, 0, 1);
    assert_int_equal(bench_send(&b, 1, 100), NIF_EIO);
    assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
    assert_int_equal(b.dev.stats.lost, 1);
    // What poll() had said about when it is needed no longer holds.
    since_ns = b.world.now_ns;
    nif_clock_wait(&b.cpu.clock, NIF_NEVER);
    assert_true(b.world.now_ns - since_ns < SIM_MS);
    bench_run(&b, 5000); // and it begins at once
    assert_int_equal(b.events[1], NIF_EVENT_LINK_DOWN);
    assert_int_equal(b.events[2], NIF_EVENT_RESTARTED);
    assert_int_equal(b.poll_err, NIF_EIO);
    b.poll_err = 0;
    assert_traffic_comes_back();
    assert_int_equal(b.poll_err, 0);
    bench_close(&b);
}

static void a_mac_that_stays_broken_gets_no_link(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    sim_mac_fail(&b.mac, NIF_ETIMEDOUT, 0, UINT64_MAX);
    bench_run(&b, 5000000);
    assert_int_equal(b.event_count, 2);
    assert_int_equal(b.poll_err, NIF_ETIMEDOUT);
    assert_false(b.mac.running);
    assert_traffic_comes_back();
    bench_close(&b);
}

static void stop_on_a_dead_bus_says_so_and_stops(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    break_bus(3, 0, UINT64_MAX);
    assert_int_equal(nif_iface_stop(b.iface), NIF_EIO);
    assert_false(b.mac.running);
    assert_false(nif_iface_flags(b.iface) & NIF_IFACE_STARTED);
    assert_traffic_comes_back();
    sim_mac_fail(&b.mac, NIF_EIO, 0, UINT64_MAX);
    assert_int_equal(nif_iface_stop(b.iface), NIF_EIO);
    assert_true(bench_reg(&b, 0) & 0x0800);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_on_a_dead_bus_ends_with_its_error),
        cmocka_unit_test(no_phy_at_all_is_no_device),
        cmocka_unit_test(the_wrong_address_is_no_device),
        cmocka_unit_test(
            a_bus_that_dies_takes_the_link_down_and_both_come_back),
        cmocka_unit_test(a_dead_bus_is_not_hammered),
        cmocka_unit_test(one_error_at_any_frame_costs_one_restart),
        cmocka_unit_test(one_misread_bit_anywhere_does_not_last),
        cmocka_unit_test(a_mac_that_fails_at_any_call_is_started_again),
        cmocka_unit_test(a_mac_that_fails_when_it_sends_is_started_again),
        cmocka_unit_test(a_mac_that_stays_broken_gets_no_link),
        cmocka_unit_test(stop_on_a_dead_bus_says_so_and_stops),
    };

    return cmocka_run_group_tests_name("lan8720 faults", tests, NULL, NULL);
}
