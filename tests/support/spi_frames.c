// SPDX-License-Identifier: MIT
//
// The driver of a chip on SPI, whichever, as a network card: frames of every
// length, what is no frame, the filter.

#include "driver_bench.h"

static struct bench b;

static void every_length_passes_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < bench_traits.wiring_count; i++) {
        bench_open(&b, &bench_traits.wirings[i]);
        bench_up(&b);
        for (unsigned len = 14; len <= 1514; len++) {
            bench_card_send(&b, &bench_board, len, len);
            assert_int_equal(bench_send(&b, len, len), 0);
            assert_true(bench_run_to(&b, &b.board_count, len - 13, 20000));
            assert_true(bench_run_to(&b, &b.card_count, len - 13, 20000));
            assert_int_equal(b.board_len, len < 60 ? 60 : len);
            assert_int_equal(b.card_len, len < 60 ? 60 : len);
            assert_int_equal(b.board_bad + b.card_bad, 0);
        }
        bench_run(&b, 10000);
        assert_int_equal(bench_counts(&b).rx, 1501);
        assert_int_equal(bench_counts(&b).tx, 1501);
        bench_close(&b);
    }
}

static void send_refuses_what_is_no_frame(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    assert_int_equal(bench_send(&b, 0, 13), NIF_EINVAL);
    assert_int_equal(bench_send(&b, 0, 0), NIF_EINVAL);
    assert_int_equal(bench_send(&b, 0, 1515), NIF_ETOOBIG);
    sim_cable_plug(&b.cable, false);
    bench_run(&b, 110000);
    assert_int_equal(bench_send(&b, 0, 100), NIF_ELINK);
    assert_int_equal(nif_iface_stop(b.iface), 0);
    assert_int_equal(bench_send(&b, 0, 100), NIF_ELINK);
    bench_run(&b, 10000);
    assert_int_equal(b.card_count, 0);
    bench_close(&b);
}

static void a_frame_too_long_for_the_buffer_is_gone(void **state)
{
    uint8_t buf[99];
    uint8_t *frame = NULL;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.deaf = true;
    bench_card_send(&b, &bench_board, 1, 100);
    bench_card_send(&b, &bench_board, 2, 99);
    bench_run(&b, 2000);
    assert_int_equal(nif_eth_recv(b.iface, buf, sizeof(buf), &frame),
        NIF_ETOOBIG);
    assert_int_equal(nif_eth_recv(b.iface, buf, sizeof(buf), &frame), 99);
    assert_int_equal(nif_get_be32(frame + 14), 2);
    assert_int_equal(nif_eth_recv(b.iface, buf, sizeof(buf), &frame),
        NIF_EAGAIN);
    assert_int_equal(bench_counts(&b).rx_bad, 1);
    bench_close(&b);
}

// ---- filter

static const struct nif_hwaddr group = { { 1, 0, 0x5E, 0, 0, 0xFB } };
static const struct nif_hwaddr all = { { 255, 255, 255, 255, 255, 255 } };
static const struct nif_hwaddr other = { { 2, 0, 0, 0, 0, 0x42 } };

// What goes to the board and to all passes always.
static void expect_heard(bool of_others, bool of_groups)
{
    assert_true(bench_hears(&b, &bench_board));
    assert_true(bench_hears(&b, &all));
    assert_int_equal(bench_hears(&b, &other), of_others);
    assert_int_equal(bench_hears(&b, &group), of_groups);
}

static void the_filter_passes_what_was_asked_for(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    expect_heard(false, false);
    bench_filter(&b, &(struct nif_eth_filter){ .promiscuous = true });
    expect_heard(true, true);
    bench_filter(&b, &(struct nif_eth_filter){ .all_multicast = true });
    expect_heard(false, true);
    bench_filter(&b, &(struct nif_eth_filter){ 0 });
    expect_heard(false, false);
    bench_filter(&b,
        &(struct nif_eth_filter){ .groups = &group, .group_count = 1 });
    expect_heard(false, true);
    bench_close(&b);
}

static void a_filter_set_before_start_holds(void **state)
{
    static const struct nif_eth_filter filters[] = {
        { .all_multicast = true },
        { .groups = &group, .group_count = 1 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(filters); i++) {
        bench_open(&b, NULL);
        assert_int_equal(b.iface->eth->filter(b.iface, &filters[i]), 0);
        bench_up(&b);
        expect_heard(false, true);
        bench_close(&b);
    }
}

int bench_frame_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_passes_both_ways),
        cmocka_unit_test(send_refuses_what_is_no_frame),
        cmocka_unit_test(a_frame_too_long_for_the_buffer_is_gone),
        cmocka_unit_test(the_filter_passes_what_was_asked_for),
        cmocka_unit_test(a_filter_set_before_start_holds),
    };

    return cmocka_run_group_tests_name("frames on SPI", tests, NULL, NULL);
}
