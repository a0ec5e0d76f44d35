// SPDX-License-Identifier: MIT
//
// The connector on a device that fails: pauses, giving up, the watchdog.

#include "tests/core/connecting.h"
#include "tests/support/check.h"

#include <string.h>

#define S ((uint64_t)1000000)

// -------------------------------------------------------------- failures

static void pauses_double_and_are_random_in_their_second_half(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();
    uint64_t pause_us = 1000000;

    (void)state;
    cfg.retry_ms = 1000;
    cfg.retry_max_ms = 6000;
    bench.device.bad_starts = 6;
    bench.device.start_err = NIF_EIO;
    bench.device.link = true;
    connecting_begin(&cfg);
    connecting_pass(60 * S);
    for (unsigned i = 0; i < 6; i++) {
        uint64_t next_us = bench.seen[i + 1].at_us - bench.seen[i].at_us;

        assert_int_equal(bench.seen[i].event, NIF_CONNECTOR_RETRY);
        assert_int_equal(bench.seen[i].err, NIF_EIO);
        assert_in_range(next_us, pause_us / 2, pause_us + 100);
        pause_us = pause_us * 2 < 6000000 ? pause_us * 2 : 6000000;
    }
    assert_int_equal(bench.device.starts, 7);
    assert_int_equal(bench.seen[6].event, NIF_CONNECTOR_LINK);
}

// When the pauses of a run with that seed have ended.
static void measure(uint64_t seed, uint64_t at_us[4])
{
    struct nif_connector_cfg cfg;

    (void)connecting_setup(NULL);
    cfg = connecting_cfg();
    cfg.seed = seed;
    bench.device.bad_starts = 4;
    bench.device.start_err = NIF_EIO;
    connecting_begin(&cfg);
    connecting_pass(9 * S);
    for (unsigned i = 0; i < 4; i++) {
        at_us[i] = bench.seen[i].at_us;
    }
}

static void boards_with_other_seeds_come_at_other_times(void **state)
{
    uint64_t one[4];
    uint64_t same[4];
    uint64_t other[4];

    (void)state;
    measure(0x100000000, one); // its upper half alone counts, too
    measure(0x100000000, same);
    measure(0x900000000, other);
    assert_memory_equal(one, same, sizeof(one));
    assert_memory_not_equal(one, other, sizeof(one));
}

static void retries_are_counted_and_have_an_end(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.retries = 3;
    bench.device.bad_starts = 3;
    bench.device.start_err = NIF_ENODEV;
    connecting_begin(&cfg);
    assert_int_equal(nif_connector_wait(&bench.c, pump_in(&bench.pump, 60 * S)),
        NIF_ENODEV);
    EXPECT(NIF_CONNECTOR_RETRY, NIF_CONNECTOR_RETRY, NIF_CONNECTOR_END);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_GAVE_UP);
    assert_int_equal(bench.c.tries, 3);
    assert_int_equal(bench.c.attempts, 3);
    assert_int_equal(bench.c.err, NIF_ENODEV);
    connecting_pass(60 * S);
    assert_int_equal(bench.device.starts, 3);
    // A person has seen to it, and begins anew.
    bench.device.link = true;
    bench.dhcp.last = 5;
    assert_int_equal(nif_connector_start(&bench.c), 0);
    assert_int_equal(nif_connector_wait(&bench.c, pump_in(&bench.pump, S)), 0);
    assert_int_equal(bench.c.tries, 0);
}

static void no_cable_is_a_failure_and_starts_the_device_anew(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.link_ms = 2000;
    connecting_begin(&cfg);
    connecting_pass(2 * S + 100000);
    EXPECT(NIF_CONNECTOR_RETRY);
    assert_int_equal(bench.c.err, NIF_ELINK);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_PAUSING);
    connecting_pass(S);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_LINKING);
    assert_int_equal(bench.device.starts, 2);
    assert_int_equal(bench.c.attempts, 2);
}

// What a start takes is not taken from the time for the cable.
static void a_slow_start_leaves_the_cable_its_time(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.link_ms = 2000;
    bench.device.start_us = 5 * S;
    connecting_begin(&cfg);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_LINKING);
    connecting_pass(S);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_LINKING);
    assert_int_equal(bench.count, 0);
}

static void a_cable_that_comes_in_a_pause_ends_it(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.link_ms = 2000;
    cfg.retry_ms = 30000;
    connecting_begin(&cfg);
    connecting_pass(2 * S + 100000);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_PAUSING);
    bench.dhcp.last = 5;
    connecting_link(true);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    assert_int_equal(bench.device.starts, 1);
}

static void failures_are_forgotten_when_it_has_held(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.link_ms = 5000;
    bench.device.bad_starts = 2;
    bench.device.start_err = NIF_EIO;
    bench.device.link = true;
    bench.dhcp.last = 5;
    connecting_begin(&cfg);
    connecting_pass(2 * S);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
    assert_int_equal(bench.c.tries, 2);
    bench.dhcp.again_us = pump_in(&bench.pump, 5 * S);
    connecting_pass(6 * S);
    assert_int_equal(bench.c.tries, 0);
}

static void a_static_address_that_cannot_be_is_the_end_at_once(void **state)
{
    struct nif_connector_cfg cfg = connecting_static();

    (void)state;
    cfg.net.ip = nif_ip4(224, 0, 0, 1);
    connecting_begin(&cfg);
    connecting_link(true);
    EXPECT(NIF_CONNECTOR_LINK, NIF_CONNECTOR_END);
    assert_int_equal(bench.c.err, NIF_EINVAL);
    assert_int_equal(bench.device.stops, 1);
}

// With the link there, nothing but the pause holds it back.
static void a_way_that_does_not_start_is_tried_after_a_pause(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.retry_ms = 1000;
    cfg.retry_max_ms = 1000;
    bench.dhcp.start_err = NIF_EADDRINUSE;
    connecting_begin(&cfg);
    connecting_link(true);
    for (unsigned i = 0; i < 1000; i++) { // also when it is looked at often
        connecting_pass(5000);
    }
    assert_in_range(bench.dhcp.starts, 5, 11);
    assert_int_equal(bench.dhcp.polls, 0);
    bench.dhcp.start_err = 0;
    bench.dhcp.last = 5;
    connecting_pass(S);
    assert_int_equal(bench.c.state, NIF_CONNECTOR_UP);
}


// -------------------------------------------------------------- watchdog

static void a_device_that_stays_ill_is_started_anew(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.watchdog_ms = 8000;
    connecting_up(&cfg);
    connecting_pass(20 * S);
    assert_int_equal(bench.count, 0);
    bench.device.poll_err = NIF_EIO; // until it is started
    connecting_pass(5 * S);
    assert_int_equal(bench.count, 0);
    connecting_pass(6 * S);
    assert_int_equal(bench.seen[0].err, NIF_EIO);
    EXPECT(NIF_CONNECTOR_DOWN, NIF_CONNECTOR_LINK, NIF_CONNECTOR_ADDRESS);
    assert_int_equal(bench.device.starts, 2);
}

// Starting it does not make it well: each time it gets the same patience.
static void an_ill_device_is_given_its_time_after_each_start(void **state)
{
    struct nif_connector_cfg cfg = connecting_fallback();

    (void)state;
    cfg.watchdog_ms = 8000;
    bench.device.ill = true;
    bench.device.link = true;
    bench.device.poll_err = NIF_EIO;
    bench.fallback.last = 77;
    connecting_pass(60 * S);
    connecting_begin(&cfg);
    connecting_pass(7 * S);
    assert_int_equal(bench.device.starts, 1);
    assert_int_equal(bench.fallback.starts, 1);
    connecting_pass(80 * S);
    assert_in_range(bench.device.starts, 5, 11);
    assert_true(bench.fallback.stops >= bench.device.starts - 1);
}

static void an_ill_device_without_a_link_is_started_anew_too(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.watchdog_ms = 4000;
    connecting_begin(&cfg);
    bench.device.poll_err = NIF_EIO;
    connecting_pass(6 * S);
    assert_int_equal(bench.seen[0].err, NIF_EIO);
    EXPECT(NIF_CONNECTOR_RETRY);
    assert_int_equal(bench.device.starts, 2);
}

static void one_good_look_is_enough(void **state)
{
    struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    cfg.watchdog_ms = 8000;
    connecting_up(&cfg);
    for (unsigned i = 0; i < 10; i++) {
        bench.device.poll_err = NIF_EIO;
        connecting_pass(6 * S);
        bench.device.poll_err = 0;
        connecting_pass(2 * S + 100000);
    }
    assert_int_equal(bench.count, 0);
    assert_int_equal(bench.device.starts, 1);
}

static void without_a_watchdog_the_device_is_left_alone(void **state)
{
    const struct nif_connector_cfg cfg = connecting_cfg();

    (void)state;
    connecting_up(&cfg);
    bench.device.poll_err = NIF_EIO;
    connecting_pass(100 * S);
    assert_int_equal(bench.device.polls, 0);
    assert_int_equal(bench.count, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, connecting_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pauses_double_and_are_random_in_their_second_half),
        TEST(boards_with_other_seeds_come_at_other_times),
        TEST(retries_are_counted_and_have_an_end),
        TEST(no_cable_is_a_failure_and_starts_the_device_anew),
        TEST(a_slow_start_leaves_the_cable_its_time),
        TEST(a_cable_that_comes_in_a_pause_ends_it),
        TEST(failures_are_forgotten_when_it_has_held),
        TEST(a_static_address_that_cannot_be_is_the_end_at_once),
        TEST(a_way_that_does_not_start_is_tried_after_a_pause),
        TEST(a_device_that_stays_ill_is_started_anew),
        TEST(an_ill_device_is_given_its_time_after_each_start),
        TEST(an_ill_device_without_a_link_is_started_anew_too),
        TEST(one_good_look_is_enough),
        TEST(without_a_watchdog_the_device_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
