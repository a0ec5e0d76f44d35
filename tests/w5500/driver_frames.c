// SPDX-License-Identifier: MIT
//
// The W5500 driver as a network card against the model: frames in both
// directions, the filter, the link. More of it is the same for other chips:
// spi_frames.c, spi_link.c.

#include "driver_bench.h"

#include <string.h>

static struct bench b;

// ---- coming up

static void a_chip_comes_up_and_finds_its_link(void **state)
{
    static const struct bench_cfg cases[] = {
        { .polled = false },
        { .reset_pin = true },
        { .polled = true },
        { .phy = W5500_PHY_AUTO },
        { .phy = W5500_PHY_100_FULL },
        { .hz = 33300000 },
        { .model.reset_ns = 4500 * SIM_US },
        { .model.cr_ns = 100 * SIM_US },
        { .model.imr_gates_ir = true },
        { .model.recv_again = true },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        bench_open(&b, &cases[i]);
        bench_up(&b);
        assert_int_equal(nif_iface_flags(b.iface),
            NIF_IFACE_STARTED | NIF_IFACE_LINK | NIF_IFACE_FULL_DUPLEX |
                NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST);
        assert_int_equal(b.event_count, 1);
        assert_int_equal(b.events[0], NIF_EVENT_LINK_UP);
        assert_true(bench_traffic(&b, 10000));
        bench_close(&b);
    }
}

static void a_forced_half_duplex_is_told(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .phy = W5500_PHY_100_HALF });
    bench_up(&b);
    assert_int_equal(nif_iface_flags(b.iface) & NIF_IFACE_FULL_DUPLEX, 0);
    bench_close(&b);
}

static void the_device_says_what_it_is(void **state)
{
    struct nif_hwaddr own;

    (void)state;
    bench_open(&b, NULL);
    nif_iface_hwaddr(b.iface, &own);
    assert_memory_equal(&own, &bench_board, sizeof(own));
    assert_int_equal(nif_iface_mtu(b.iface), 1500);
    assert_int_equal(nif_iface_flags(b.iface),
        NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST);
    bench_close(&b);
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    static const struct w5500_cfg cases[] = {
        { .rx_kib = { 3 } },
        { .tx_kib = { 16, 1 } },
        { .rx_kib = { 32 } },
        { .phy = W5500_PHY_AUTO + 1 },
    };
    static struct w5500 w;

    (void)state;
    bench_open(&b, NULL);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct w5500_cfg cfg = cases[i];

        cfg.spi = &b.fault.spi;
        cfg.clock = &b.cpu.clock;
        w5500_init(&w, &cfg);
        assert_int_equal(nif_iface_start(&w.chip.iface), NIF_EINVAL);
    }
    assert_int_equal(b.fault.transactions, 0);
    bench_close(&b);
}

// ---- frames

// Free-running pointers: far more than 64 KiB each way.
static void the_memory_wraps_at_every_place(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned n = 0; n < 1200; n++) {
        unsigned len = 60 + n * 7 % 1455;

        bench_card_send(&b, &bench_board, n, len);
        assert_int_equal(bench_send(&b, n, len), 0);
        assert_true(bench_run_to(&b, &b.board_count, n + 1, 5000));
        assert_true(bench_run_to(&b, &b.card_count, n + 1, 5000));
        assert_int_equal(b.board_len, len);
    }
    assert_int_equal(b.board_bad + b.card_bad, 0);
    assert_int_equal(b.chip->stats.rx_reset, 0);
    bench_close(&b);
}

static void a_burst_comes_in_by_one_interrupt(void **state)
{
    (void)state;
    for (unsigned polled = 0; polled < 2; polled++) {
        bench_open(&b, &(struct bench_cfg){ .polled = polled });
        bench_up(&b);
        b.deaf = true;
        for (unsigned i = 0; i < 16; i++) {
            bench_card_send(&b, &bench_board, i, 1000);
        }
        bench_run(&b, 3000);
        b.deaf = false;
        assert_true(bench_run_to(&b, &b.board_count, 16, 20000));
        assert_int_equal(b.board_bad, 0);
        bench_close(&b);
    }
}

static void a_burst_beyond_the_memory_is_survived(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.deaf = true;
    for (unsigned i = 0; i < 30; i++) {
        bench_card_send(&b, &bench_board, i, 1000);
    }
    bench_run(&b, 20000);
    b.deaf = false;
    bench_run(&b, 20000);
    assert_int_equal(b.board_count, 16384 / 1002);
    assert_true(bench_traffic(&b, 10000));
    assert_int_equal(b.board_bad, 0);
    assert_int_equal(b.chip->stats.rx_reset, 0);
    bench_close(&b);
}

static void traffic_at_full_speed_both_ways_is_not_bent(void **state)
{
    (void)state;
    for (unsigned polled = 0; polled < 2; polled++) {
        bench_open(&b, &(struct bench_cfg){ .polled = polled });
        bench_up(&b);
        b.send_left = 300;
        b.send_len = 1400;
        for (unsigned i = 0; i < 200; i++) {
            bench_card_send(&b, &bench_board, i, 60 + i * 7);
        }
        assert_true(bench_run_to(&b, &b.card_count, 300, 2000000));
        bench_run(&b, 20000);
        assert_int_equal(b.board_bad + b.card_bad, 0);
        assert_int_equal(b.board_count + b.model.counts.rx_lost, 200);
        assert_int_equal(b.chip->stats.lost, 0);
        bench_close(&b);
    }
}

// A second frame waits in the chip, a third is told to wait.
static void two_frames_wait_in_the_chip_and_a_third_does_not(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    sim_w5500_sendok(&b.model, 5 * SIM_MS, 1);
    assert_int_equal(bench_send(&b, 0, 1514), 0);
    assert_int_equal(bench_send(&b, 1, 1000), 0);
    assert_int_equal(bench_send(&b, 2, 500), NIF_EAGAIN);
    assert_true(bench_run_to(&b, &b.card_count, 2, 10000));
    assert_int_equal(bench_send(&b, 2, 500), 0);
    assert_true(bench_run_to(&b, &b.card_count, 3, 5000));
    assert_int_equal(b.card_len, 500);
    assert_int_equal(b.card_bad, 0);
    bench_close(&b);
}

// ---- filter

static const struct nif_hwaddr other = { { 2, 0, 0, 0, 0, 0x42 } };

// Frames that wait, in and out, are not lost by a new filter.
static void a_filter_waits_for_the_frames_in_the_chip(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.deaf = true;
    for (unsigned i = 0; i < 3; i++) {
        bench_card_send(&b, &bench_board, i, 500);
    }
    bench_run(&b, 1000);
    sim_w5500_sendok(&b.model, SIM_MS, 1);
    assert_int_equal(bench_send(&b, 1, 1000), 0);
    assert_int_equal(bench_send(&b, 2, 1000), 0);
    assert_int_equal(b.iface->eth->filter(b.iface,
                         &(struct nif_eth_filter){ .promiscuous = true }),
        0);
    b.deaf = false;
    bench_run(&b, 5000);
    assert_int_equal(b.board_count, 3);
    assert_int_equal(b.card_count, 2);
    assert_true(bench_hears(&b, &other));
    bench_close(&b);
}

// ... but not for ever, should nobody fetch them.
static void a_filter_comes_with_the_next_check_at_the_latest(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.deaf = true;
    bench_card_send(&b, &bench_board, 1, 500);
    bench_run(&b, 1000);
    assert_int_equal(b.iface->eth->filter(b.iface,
                         &(struct nif_eth_filter){ .promiscuous = true }),
        0);
    bench_run(&b, 110000);
    b.deaf = false;
    assert_true(bench_hears(&b, &other));
    bench_close(&b);
}

// ---- link

// There is no interrupt for it: it is told within check_ms.
static void link_changes_are_told(void **state)
{
    static const uint16_t check_ms[] = { 0, 20, 500 };

    (void)state;
    for (size_t i = 0; i < nif_countof(check_ms); i++) {
        uint64_t limit_ns = (check_ms[i] ? check_ms[i] : 100) * SIM_MS + SIM_MS;

        bench_open(&b,
            &(struct bench_cfg){ .unplugged = true, .check_ms = check_ms[i] });
        assert_int_equal(nif_iface_start(b.iface), 0);
        bench_run(&b, 300000);
        assert_int_equal(b.event_count, 0);
        for (unsigned n = 1; n <= 5; n++) {
            uint64_t at_ns = b.world.now_ns + BENCH_LINK_NS;

            sim_cable_plug(&b.cable, true);
            bench_run(&b, 700000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), n);
            assert_in_range(b.event_ns, at_ns, at_ns + limit_ns);
            assert_true(nif_iface_flags(b.iface) & NIF_IFACE_LINK);
            at_ns = b.world.now_ns;
            sim_cable_plug(&b.cable, false);
            bench_run(&b, 700000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), n);
            assert_in_range(b.event_ns, at_ns, at_ns + limit_ns);
            assert_false(nif_iface_flags(b.iface) & NIF_IFACE_LINK);
        }
        bench_close(&b);
    }
}

static void an_idle_board_leaves_the_bus_alone(void **state)
{
    uint64_t calls;
    uint64_t each;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    bench_run(&b, 1000000);
    calls = b.fault.transactions;
    bench_run(&b, 1000000);
    each = b.fault.transactions - calls;
    assert_in_range(each, 10, 100); // ten checks
    bench_run(&b, 10000000);
    assert_int_equal(b.fault.transactions - calls, 11 * each);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chip_comes_up_and_finds_its_link),
        cmocka_unit_test(a_forced_half_duplex_is_told),
        cmocka_unit_test(the_device_says_what_it_is),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(the_memory_wraps_at_every_place),
        cmocka_unit_test(a_burst_comes_in_by_one_interrupt),
        cmocka_unit_test(a_burst_beyond_the_memory_is_survived),
        cmocka_unit_test(traffic_at_full_speed_both_ways_is_not_bent),
        cmocka_unit_test(two_frames_wait_in_the_chip_and_a_third_does_not),
        cmocka_unit_test(a_filter_waits_for_the_frames_in_the_chip),
        cmocka_unit_test(a_filter_comes_with_the_next_check_at_the_latest),
        cmocka_unit_test(link_changes_are_told),
        cmocka_unit_test(an_idle_board_leaves_the_bus_alone),
    };

    return cmocka_run_group_tests_name("w5500 frames", tests, NULL, NULL) +
        bench_frame_tests() + bench_link_tests();
}
