// SPDX-License-Identifier: MIT
//
// The W5500 driver as a network card against the model when things go wrong:
// torn values, bent lengths, a SENDOK that does not come, commands that are
// not taken, a chip that resets itself; and a bus that dies (spi_dead_bus.c).

#include "driver_bench.h"

#include <string.h>

static struct bench b;

// ---- receiving

static void a_bent_length_costs_the_buffer_but_not_the_link(void **state)
{
    static const uint16_t lengths[] = { 0, 1, 2, 15, 1517, 0x4000, 0xFFFE,
        0xFFFF };

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 0; i < nif_countof(lengths); i++) {
        uint64_t since_ns = b.world.now_ns;

        b.recv_err = 0;
        sim_w5500_rx_bogus(&b.model, lengths[i]);
        bench_card_send(&b, &bench_board, 1, 500);
        bench_card_send(&b, &bench_board, 2, 500);
        bench_run(&b, 3000);
        assert_int_equal(b.recv_err, NIF_EPROTO);
        assert_int_equal(b.chip->stats.rx_reset, i + 1);
        assert_true(bench_traffic(&b, 10000));
        assert_true(b.world.now_ns - since_ns < 20 * SIM_MS);
    }
    assert_int_equal(b.board_bad, 0);
    assert_int_equal(b.chip->stats.lost, 0);
    bench_close(&b);
}

// More than RSR says is there, although it could be a frame's.
static void a_length_beyond_what_waits_is_not_believed(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    sim_w5500_rx_bogus(&b.model, 1000);
    bench_card_send(&b, &bench_board, 1, 500);
    bench_run(&b, 3000);
    assert_int_equal(b.recv_err, NIF_EPROTO);
    assert_int_equal(b.board_count, 0);
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

static void a_buffer_that_stays_mad_costs_a_restart(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(b.chip->stats.lost, 0);
        sim_w5500_rx_bogus(&b.model, 0);
        bench_card_send(&b, &bench_board, 1, 500);
        bench_run(&b, 2000);
    }
    assert_int_equal(b.chip->stats.lost, 1);
    bench_run(&b, 150000);
    assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 1);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), 2);
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

static void good_frames_make_up_for_bad_lengths(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 0; i < 12; i++) {
        sim_w5500_rx_bogus(&b.model, 0);
        bench_card_send(&b, &bench_board, 1, 500);
        bench_run(&b, 2000);
        if (i % 2 == 1) {
            assert_true(bench_traffic(&b, 10000));
        }
    }
    assert_int_equal(b.chip->stats.rx_reset, 12);
    assert_int_equal(b.chip->stats.lost, 0);
    bench_close(&b);
}

static void torn_values_are_read_again(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned n = 1; n <= 200; n++) {
        sim_w5500_tear(&b.model, 0, 1);
        bench_card_send(&b, &bench_board, n, 60 + n * 5);
        assert_int_equal(bench_send(&b, n, 60 + n * 5), 0);
        assert_true(bench_run_to(&b, &b.board_count, n, 5000));
        assert_true(bench_run_to(&b, &b.card_count, n, 5000));
    }
    assert_int_equal(b.board_bad + b.card_bad, 0);
    assert_int_equal(b.chip->stats.rx_reset, 0);
    assert_in_range(b.model.counts.tears, 150, 200);
    bench_close(&b);
}

// ---- sending

static void a_late_sendok_delays_the_next_frame(void **state)
{
    (void)state;
    for (unsigned polled = 0; polled < 2; polled++) {
        bench_open(&b, &(struct bench_cfg){ .polled = polled });
        bench_up(&b);
        for (unsigned n = 1; n <= 10; n++) {
            sim_w5500_sendok(&b.model, 15 * SIM_MS, 1);
            assert_int_equal(bench_send(&b, 2 * n, 800), 0);
            assert_int_equal(bench_send(&b, 2 * n + 1, 900), 0);
            bench_run(&b, 10000);
            assert_int_equal(b.card_count, 2 * n - 2);
            assert_true(bench_run_to(&b, &b.card_count, 2 * n, 20000));
        }
        assert_int_equal(b.card_bad, 0);
        assert_int_equal(b.chip->stats.tx_stuck, 0);
        bench_close(&b);
    }
}

static void a_sendok_that_never_comes_is_given_up(void **state)
{
    (void)state;
    for (unsigned polled = 0; polled < 2; polled++) {
        bench_open(&b, &(struct bench_cfg){ .polled = polled });
        bench_up(&b);
        for (unsigned n = 1; n <= 5; n++) {
            sim_w5500_sendok(&b.model, SIM_NEVER, 1);
            assert_int_equal(bench_send(&b, 1, 600), 0);
            bench_run(&b, 25000);
            assert_int_equal(b.chip->stats.tx_stuck, n);
            assert_true(bench_traffic(&b, 5000));
        }
        assert_int_equal(b.card_bad, 0);
        assert_int_equal(b.chip->stats.lost, 0);
        bench_close(&b);
    }
}

// Arduino's Ethernet library, issues 17, 75 and 78.
static void frames_come_in_while_sendok_does_not(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    sim_w5500_sendok(&b.model, SIM_NEVER, 1);
    assert_int_equal(bench_send(&b, 1, 600), 0);
    for (unsigned i = 1; i <= 10; i++) {
        bench_card_send(&b, &bench_board, i, 300);
        assert_true(bench_run_to(&b, &b.board_count, i, 1000));
    }
    bench_close(&b);
}

// Zephyr 42241: the cable is pulled while frames come in.
static void a_pull_of_the_cable_in_traffic_ends_nothing(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned n = 0; n < 20; n++) {
        b.send_left = 20;
        b.send_len = 1000;
        for (unsigned i = 0; i < 20; i++) {
            bench_card_send(&b, &bench_board, i, 1000);
        }
        bench_run(&b, 100 + n * 150);
        sim_cable_plug(&b.cable, false);
        bench_run(&b, 150000);
        b.send_left = 0;
        sim_cable_plug(&b.cable, true);
        bench_run(&b, 150000);
        assert_true(bench_traffic(&b, 50000));
    }
    assert_int_equal(b.board_bad + b.card_bad, 0);
    assert_int_equal(b.chip->stats.lost, 0);
    bench_close(&b);
}

// ---- commands

static void a_slow_command_is_waited_for(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned n = 1; n <= 20; n++) {
        sim_w5500_cr_stick(&b.model, 0, 20 * SIM_US * n);
        assert_int_equal(bench_send(&b, n, 200), 0);
        assert_true(bench_run_to(&b, &b.card_count, n, 5000));
        sim_w5500_cr_stick(&b.model, 0, 20 * SIM_US * n);
        bench_card_send(&b, &bench_board, n, 200);
        assert_true(bench_run_to(&b, &b.board_count, n, 5000));
    }
    assert_int_equal(b.chip->stats.lost, 0);
    bench_close(&b);
}

static void a_command_that_is_not_taken_costs_a_restart(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    sim_w5500_cr_stick(&b.model, 0, SIM_NEVER);
    assert_int_equal(bench_send(&b, 1, 200), NIF_EIO);
    assert_true(bench_traffic(&b, bench_traits.mended_us));
    assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 1);
    bench_close(&b);
}

// ---- a chip that resets itself

static void a_brown_out_is_noticed_and_mended(void **state)
{
    static const struct bench_cfg cases[] = {
        { .polled = false },
        { .polled = true },
        { .reset_pin = true },
        { .check_ms = 20 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        const struct nif_hwaddr group = { { 1, 0, 0x5E, 0, 0, 0xFB } };
        uint64_t limit_us = 1000ull * (cases[i].check_ms ? 20 : 100);

        bench_open(&b, &cases[i]);
        bench_hush(&b);
        bench_up(&b);
        assert_int_equal(b.iface->eth->filter(b.iface,
                             &(struct nif_eth_filter){ .groups = &group,
                                 .group_count = 1 }),
            0);
        for (unsigned n = 1; n <= 3; n++) {
            b.poll_err = 0;
            sim_w5500_brown_out(&b.model);
            bench_run(&b, limit_us + 10000);
            assert_int_equal(b.poll_err, NIF_EPROTO);
            assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), n);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), n);
            bench_run(&b, limit_us + 10000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), n + 1);
            assert_true(bench_traffic(&b, 10000));
            b.board_count = 0;
            bench_card_send(&b, &group, 1, 100);
            assert_true(bench_run_to(&b, &b.board_count, 1, 2000));
        }
        assert_int_equal(b.chip->stats.restarted, 3);
        bench_close_with(&b, UINT32_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bent_length_costs_the_buffer_but_not_the_link),
        cmocka_unit_test(a_length_beyond_what_waits_is_not_believed),
        cmocka_unit_test(a_buffer_that_stays_mad_costs_a_restart),
        cmocka_unit_test(good_frames_make_up_for_bad_lengths),
        cmocka_unit_test(torn_values_are_read_again),
        cmocka_unit_test(a_late_sendok_delays_the_next_frame),
        cmocka_unit_test(a_sendok_that_never_comes_is_given_up),
        cmocka_unit_test(frames_come_in_while_sendok_does_not),
        cmocka_unit_test(a_pull_of_the_cable_in_traffic_ends_nothing),
        cmocka_unit_test(a_slow_command_is_waited_for),
        cmocka_unit_test(a_command_that_is_not_taken_costs_a_restart),
        cmocka_unit_test(a_brown_out_is_noticed_and_mended),
    };

    return cmocka_run_group_tests_name("w5500 faults", tests, NULL, NULL) +
        bench_dead_bus_tests();
}
