// SPDX-License-Identifier: MIT
//
// The driver of a chip on SPI, whichever: an interrupt line that fails, stop
// and start.

#include "driver_bench.h"

static struct bench b;

static void a_lost_edge_delays_but_does_not_deafen(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned n = 1; n <= 20; n++) {
        bench_run(&b, 30000);
        b.int_pin.lose_edges = 1;
        bench_card_send(&b, &bench_board, n, 100);
        assert_true(bench_run_to(&b, &b.board_count, n, bench_traits.look_us));
        assert_int_equal(b.int_pin.lose_edges, 0);
    }
    bench_close(&b);
}

static void a_line_that_is_never_low_only_slows_the_board(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    bench_unwire(&b);
    for (unsigned n = 1; n <= 20; n++) {
        bench_card_send(&b, &bench_board, n, 100);
        assert_true(bench_run_to(&b, &b.board_count, n, bench_traits.look_us));
    }
    assert_int_equal(bench_send(&b, 1, 200), 0);
    assert_int_equal(bench_send(&b, 2, 200), 0);
    assert_true(bench_run_to(&b, &b.card_count, 2, bench_traits.look_us));
    bench_close(&b);
}

static void stop_silences_the_chip_and_start_wakes_it(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    assert_int_equal(nif_iface_stop(b.iface), 0);
    for (unsigned n = 1; n < 4; n++) {
        uint64_t calls;

        bench_up(&b);
        assert_true(bench_traffic(&b, 10000));
        assert_int_equal(nif_iface_stop(b.iface), 0);
        assert_false(nif_iface_flags(b.iface) &
            (NIF_IFACE_STARTED | NIF_IFACE_LINK));
        assert_false(bench_is_awake(&b));
        calls = b.fault.transactions;
        if (b.nic.link) {
            bench_card_send(&b, &bench_board, n, 100);
        }
        bench_run(&b, 2000000);
        assert_int_equal(b.fault.transactions, calls);
        assert_int_equal(b.recv_err, 0);
        assert_int_equal(nif_iface_stop(b.iface), 0);
    }
    bench_close(&b);
}

// What waited, both ways, is gone.
static void start_again_starts_anew(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.deaf = true;
    for (unsigned i = 0; i < 8; i++) {
        bench_card_send(&b, &bench_board, i, 500);
    }
    bench_run(&b, 5000);
    assert_int_equal(bench_send(&b, 1, 1500), 0);
    assert_int_equal(bench_send(&b, 2, 1500), 0);
    b.deaf = false;
    bench_up(&b);
    bench_run(&b, 150000);
    assert_int_equal(b.board_count, 0);
    assert_true(bench_traffic(&b, 10000));
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), SPI_BENCH_RESTART);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), SPI_BENCH_RESTART + 1);
    bench_close(&b);
}

int bench_link_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_edge_delays_but_does_not_deafen),
        cmocka_unit_test(a_line_that_is_never_low_only_slows_the_board),
        cmocka_unit_test(stop_silences_the_chip_and_start_wakes_it),
        cmocka_unit_test(start_again_starts_anew),
    };

    return cmocka_run_group_tests_name("link on SPI", tests, NULL, NULL);
}
