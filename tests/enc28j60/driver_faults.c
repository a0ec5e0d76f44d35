// SPDX-License-Identifier: MIT
//
// The ENC28J60 driver against the model when things go wrong: collisions,
// errata, a chip that resets itself; and a bus that dies (spi_dead_bus.c).

#include "driver_bench.h"

#include <string.h>

static struct bench b;

// ---- sending

static void a_late_collision_is_sent_again(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned n = 1; n <= 15; n++) {
        sim_enc28j60_tx_fail(&b.model, SIM_ENC28J60_TX_LATECOL, n);
        assert_int_equal(bench_send(&b, n, 400), 0);
        assert_int_equal(bench_send(&b, n + 100, 300), 0);
        assert_true(bench_run_to(&b, &b.card_count, 2 * n, 100000));
        assert_int_equal(b.card_len, 300);
        assert_int_equal(nif_get_be32(b.card + 14), n + 100);
    }
    bench_run(&b, 1000);
    assert_int_equal(b.chip.stats.tx_retry, 15 * 16 / 2);
    assert_int_equal(b.chip.stats.tx, 30);
    assert_int_equal(b.chip.stats.tx_aborted, 0);
    assert_int_equal(b.card_bad, 0);
    bench_close(&b);
}

static void after_16_late_collisions_the_next_frame_goes(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned n = 1; n <= 3; n++) {
        sim_enc28j60_tx_fail(&b.model, SIM_ENC28J60_TX_LATECOL, 16);
        assert_int_equal(bench_send(&b, 1, 400), 0);
        bench_run(&b, 100000);
        assert_int_equal(b.card_count, n - 1);
        assert_int_equal(b.chip.stats.tx_retry, 15 * n);
        assert_int_equal(bench_send(&b, 2, 300), 0);
        bench_run(&b, 100000);
        assert_int_equal(b.card_count, n);
        assert_int_equal(b.card_len, 300);
        assert_int_equal(b.chip.stats.tx_aborted, n);
        assert_int_equal(b.chip.stats.tx_retry, 15 * n);
        assert_int_equal(b.chip.stats.tx, n);
    }
    bench_close(&b);
}

static void a_transmitter_that_hangs_is_freed(void **state)
{
    (void)state;
    for (unsigned polled = 0; polled < 2; polled++) {
        bench_open(&b, &(struct bench_cfg){ .polled = polled });
        bench_up(&b);
        for (unsigned i = 1; i <= 5; i++) {
            sim_enc28j60_tx_fail(&b.model, SIM_ENC28J60_TX_STALL, 1);
            bench_run(&b, 50000);
            assert_int_equal(bench_send(&b, i, 600), 0);
            assert_true(bench_run_to(&b, &b.card_count, i, 30000));
        }
        bench_run(&b, 1000);
        assert_int_equal(b.card_bad, 0);
        assert_int_equal(b.chip.stats.tx, 5);
        assert_int_equal(b.chip.stats.lost, 0);
        bench_close(&b);
    }
}

// A real one: the card begins in the middle of a frame. TXIF is set here, and
// only the status vector tells why the frame was not sent.
static void a_late_collision_is_known_by_the_status_vector(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.nic.full_duplex = true;
    for (unsigned n = 1; n <= 16; n++) {
        // Many places in the frame, so that no other byte of the vector
        // looks alike by chance.
        assert_int_equal(bench_send(&b, n, 1000 + n), 0);
        bench_run(&b, 180 + n * 27);
        bench_card_send(&b, &bench_board, n, 60);
        bench_run(&b, 10000);
        assert_int_equal(b.chip.stats.tx_retry, n);
        assert_int_equal(b.chip.stats.tx, n);
        assert_int_equal(b.card_count, n);
        assert_int_equal(b.card_len, 1000 + n);
    }
    assert_int_equal(b.chip.stats.tx_aborted, 0);
    bench_close(&b);
}

// The chip says that a frame has ended badly which is on the wire, and has no
// status vector for it. What was in memory there before is not one.
static void a_vector_that_was_not_written_says_nothing(void **state)
{
    static const uint8_t before[] = { 0x00, 0xDF, 0xFF };
    uint8_t frame[1000];
    const struct nif_seg seg = { frame, sizeof(frame) };

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 0; i < nif_countof(before); i++) {
        memset(frame, before[i], sizeof(frame));
        memcpy(frame, &bench_card, 6);
        for (unsigned place = 0; place < 2; place++) {
            assert_int_equal(nif_eth_send(b.iface, &seg, 1), 0);
        }
        bench_run(&b, 10000);
        assert_int_equal(bench_send(&b, i, 400), 0);
        bench_run(&b, 100);
        sim_enc28j60_irq_spurious(&b.model, ENC_EIR_TXIF | ENC_EIR_TXERIF);
        bench_run(&b, 10000);
        assert_int_equal(b.card_len, 400);
        assert_int_equal(nif_get_be32(b.card + 14), i);
        assert_int_equal(b.chip.stats.tx_retry, i + 1);
    }
    assert_int_equal(b.chip.stats.tx_aborted, 0);
    bench_close(&b);
}

// A cable on which the card never stops: frames are deferred, collide, and
// get through.
static void a_busy_half_duplex_cable_is_shared(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 0; i < 150; i++) {
        bench_card_send(&b, &bench_board, i, 200 + i * 7);
    }
    b.send_left = 150;
    b.send_len = 900;
    assert_true(bench_run_to(&b, &b.card_count, 150, 2000000));
    bench_run(&b, 500000);
    assert_int_equal(b.board_bad + b.card_bad, 0);
    assert_int_equal(b.nic.tx_count + b.nic.tx_dropped, 150);
    assert_int_equal(b.board_count + b.model.counts.rx_lost, b.nic.tx_count);
    assert_true(b.model.counts.collisions > 0);
    assert_int_equal(b.chip.stats.lost, 0);
    bench_close(&b);
}

// A card that takes no notice of others: what the board sends into it
// collides, late too.
static void a_duplex_mismatch_limps_but_lives(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.nic.full_duplex = true;
    for (unsigned i = 0; i < 100; i++) {
        bench_card_send(&b, &bench_board, i, 1000);
    }
    b.send_left = 50;
    b.send_len = 1000;
    bench_run(&b, 3000000);
    assert_int_equal(b.send_left, 0);
    assert_int_equal(b.chip.tx_count, 0);
    b.nic.full_duplex = false;
    assert_true(bench_traffic(&b, 50000));
    bench_close(&b);
}

// ---- receiving

static void a_corrupt_header_costs_the_ring_but_not_the_link(void **state)
{
    static const uint8_t patterns[][6] = {
        { 0x02 },                // next pointer
        { 0x01 },                // odd
        { 0x00, 0x20 },          // behind the ring
        { 0x00, 0x00, 0x04 },    // count
        { 0x00, 0x00, 0x00, 8 }, // count beyond a frame
        { 0x00, 0x00, 0xFF, 0xFF },
        { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF },
    };

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 0; i < nif_countof(patterns); i++) {
        uint64_t since_ns;

        b.recv_err = 0;
        sim_enc28j60_rx_corrupt(&b.model, patterns[i]);
        bench_card_send(&b, &bench_board, 1, 500);
        bench_card_send(&b, &bench_board, 2, 500);
        bench_run(&b, 3000);
        assert_int_equal(b.recv_err, NIF_EPROTO);
        assert_int_equal(b.chip.stats.rx_reset, i + 1);
        since_ns = b.world.now_ns;
        assert_true(bench_traffic(&b, 10000));
        assert_true(b.world.now_ns - since_ns < 100 * SIM_MS);
    }
    assert_int_equal(b.board_bad, 0);
    assert_int_equal(b.chip.stats.lost, 0);
    bench_close(&b);
}

static void a_frame_that_was_not_received_whole_is_dropped(void **state)
{
    // Bit 23, received OK, is gone; bit 16, drop event, is there.
    static const uint8_t not_ok[6] = { 0, 0, 0, 0, 0x81, 0 };

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    sim_enc28j60_rx_corrupt(&b.model, not_ok);
    bench_card_send(&b, &bench_board, 1, 500);
    bench_card_send(&b, &bench_board, 2, 501);
    assert_true(bench_run_to(&b, &b.board_count, 1, 5000));
    assert_int_equal(b.board_len, 501);
    assert_int_equal(b.chip.stats.rx_bad, 1);
    assert_int_equal(b.chip.stats.rx_reset, 0);
    bench_close(&b);
}

static void a_ring_that_stays_mad_costs_a_restart(void **state)
{
    static const uint8_t pattern[6] = { 2 };

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(b.chip.stats.lost, 0);
        sim_enc28j60_rx_corrupt(&b.model, pattern);
        bench_card_send(&b, &bench_board, 1, 500);
        bench_run(&b, 2000);
    }
    assert_int_equal(b.chip.stats.lost, 1);
    bench_run(&b, 60000);
    assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 1);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), 2);
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

static void good_frames_make_up_for_bad_headers(void **state)
{
    static const uint8_t pattern[6] = { 2 };

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned i = 0; i < 12; i++) {
        sim_enc28j60_rx_corrupt(&b.model, pattern);
        bench_card_send(&b, &bench_board, 1, 500);
        bench_run(&b, 2000);
        if (i % 2 == 1) {
            assert_true(bench_traffic(&b, 10000));
        }
    }
    assert_int_equal(b.chip.stats.rx_reset, 12);
    assert_int_equal(b.chip.stats.lost, 0);
    bench_close(&b);
}

// ---- a chip that resets itself

static void a_brown_out_is_noticed_and_mended(void **state)
{
    static const struct bench_cfg cases[] = {
        { .polled = false },
        { .polled = true },
        { .full_duplex = true },
        { .check_ms = 20 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        const struct nif_hwaddr group = { { 1, 0, 0x5E, 0, 0, 0xFB } };
        uint64_t limit_us = 1000ull *
            (cases[i].check_ms        ? 20
                    : cases[i].polled ? 100
                                      : 1000);

        bench_open(&b, &cases[i]);
        bench_up(&b);
        assert_int_equal(b.iface->eth->filter(b.iface,
                             &(struct nif_eth_filter){ .groups = &group,
                                 .group_count = 1 }),
            0);
        for (unsigned n = 1; n <= 3; n++) {
            b.poll_err = 0;
            sim_enc28j60_brown_out(&b.model);
            bench_run(&b, limit_us + 10000);
            assert_int_equal(b.poll_err, NIF_EPROTO);
            assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), n);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), n);
            bench_run(&b, 30000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), n + 1);
            assert_true(bench_traffic(&b, 10000));
            b.board_count = 0;
            bench_card_send(&b, &group, 1, 100);
            assert_true(bench_run_to(&b, &b.board_count, 1, 2000));
        }
        assert_int_equal(b.chip.stats.restarted, 3);
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_collision_is_sent_again),
        cmocka_unit_test(a_late_collision_is_known_by_the_status_vector),
        cmocka_unit_test(a_vector_that_was_not_written_says_nothing),
        cmocka_unit_test(after_16_late_collisions_the_next_frame_goes),
        cmocka_unit_test(a_transmitter_that_hangs_is_freed),
        cmocka_unit_test(a_busy_half_duplex_cable_is_shared),
        cmocka_unit_test(a_duplex_mismatch_limps_but_lives),
        cmocka_unit_test(a_corrupt_header_costs_the_ring_but_not_the_link),
        cmocka_unit_test(a_frame_that_was_not_received_whole_is_dropped),
        cmocka_unit_test(a_ring_that_stays_mad_costs_a_restart),
        cmocka_unit_test(good_frames_make_up_for_bad_headers),
        cmocka_unit_test(a_brown_out_is_noticed_and_mended),
    };

    return cmocka_run_group_tests_name("enc28j60 faults", tests, NULL, NULL) +
        bench_dead_bus_tests();
}
