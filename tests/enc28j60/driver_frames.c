// SPDX-License-Identifier: MIT
//
// The ENC28J60 driver against the model: frames in both directions, the
// filter, and what happens when there is no room. More of it is the same for
// other chips: spi_frames.c.

#include "driver_bench.h"

#include <string.h>

// The cable may be silent for so long between two frames that wait: 9.6 us
// are the gap of IEEE 802.3, the rest is ten bus commands.
#define GAP_NS (30 * SIM_US)

static struct bench b;

static void a_chip_comes_up_and_finds_its_link(void **state)
{
    static const uint8_t revisions[] = { 2, 4, 5, 6 };

    (void)state;
    for (size_t i = 0; i < nif_countof(revisions); i++) {
        bench_open(&b,
            &(struct bench_cfg){ .model.revision = revisions[i],
                .reset_pin = i % 2 });
        bench_up(&b);
        assert_int_equal(b.chip.revision, revisions[i]);
        assert_int_equal(nif_iface_flags(b.iface),
            NIF_IFACE_STARTED | NIF_IFACE_LINK | NIF_IFACE_BROADCAST |
                NIF_IFACE_MULTICAST);
        assert_int_equal(b.event_count, 1);
        assert_int_equal(b.events[0], NIF_EVENT_LINK_UP);
        assert_int_equal(b.model.counts.resets, i % 2 ? 3 : 2);
        assert_true(bench_traffic(&b, 10000));
        bench_close(&b);
    }
}

static void the_device_says_what_it_is(void **state)
{
    struct nif_hwaddr own;

    (void)state;
    bench_open(&b, &(struct bench_cfg){ .full_duplex = true });
    nif_iface_hwaddr(b.iface, &own);
    assert_memory_equal(&own, &bench_board, sizeof(own));
    assert_int_equal(nif_iface_mtu(b.iface), 1500);
    assert_int_equal(nif_iface_flags(b.iface),
        NIF_IFACE_FULL_DUPLEX | NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST);
    bench_close(&b);
}

static void two_frames_wait_in_the_chip_and_a_third_does_not(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    assert_int_equal(bench_send(&b, 0, 1514), 0);
    assert_int_equal(bench_send(&b, 1, 1000), 0);
    assert_int_equal(bench_send(&b, 2, 500), NIF_EAGAIN);
    assert_int_equal(b.card_count, 0);
    assert_true(bench_run_to(&b, &b.card_count, 1, 1500));
    bench_run(&b, 50);
    assert_int_equal(bench_send(&b, 2, 500), 0);
    assert_true(bench_run_to(&b, &b.card_count, 3, 5000));
    assert_int_equal(b.card_len, 500);
    assert_int_equal(b.card_bad, 0);
    bench_close(&b);
}

static void the_wire_does_not_idle_between_frames(void **state)
{
    static const struct {
        bool polled;
        bool full_duplex;
        size_t len;
    } cases[] = {
        { false, false, 1514 },
        { false, true, 1514 },
        { true, false, 1514 },
        { false, false, 60 },
        { false, true, 200 },
        { true, true, 700 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        bench_open(&b,
            &(struct bench_cfg){ .polled = cases[i].polled,
                .full_duplex = cases[i].full_duplex });
        bench_up(&b);
        b.send_left = 200;
        b.send_len = cases[i].len;
        assert_true(bench_run_to(&b, &b.card_count, 200, 400000));
        assert_int_equal(b.card_bad, 0);
        assert_in_range(b.gap_max_ns, 9600, GAP_NS);
        bench_close(&b);
    }
}

// Frame sizes that make one start at each even place near the ring's end, so
// also one exactly at 0, and headers and frames that wrap.
static void the_ring_wraps_at_every_place(void **state)
{
    unsigned n = 0;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned len = 60; len < 260; len++) {
        for (unsigned i = 0; i < 5120 / (len + 11) + 1; i++) {
            bench_card_send(&b, &bench_board, n++, len);
            assert_true(bench_run_to(&b, &b.board_count, n, 5000));
            assert_int_equal(b.board_len, len);
        }
    }
    assert_int_equal(b.board_bad, 0);
    assert_int_equal(b.chip.stats.rx_reset, 0);
    bench_close(&b);
}

static void a_burst_beyond_the_ring_is_counted_and_survived(void **state)
{
    (void)state;
    for (unsigned polled = 0; polled < 2; polled++) {
        bench_open(&b, &(struct bench_cfg){ .polled = polled });
        bench_up(&b);
        b.deaf = true;
        for (unsigned i = 0; i < 12; i++) {
            bench_card_send(&b, &bench_board, i, 1000);
        }
        bench_run(&b, 20000);
        assert_int_equal(b.model.counts.rx_lost, 7);
        assert_in_range(b.chip.stats.rx_overrun, 1, 7);
        b.deaf = false;
        bench_run(&b, 20000);
        assert_int_equal(b.board_count, 5);
        assert_true(bench_traffic(&b, 10000));
        assert_int_equal(b.board_bad, 0);
        assert_int_equal(b.chip.stats.rx_reset, 0);
        bench_close(&b);
    }
}

// 255 frames of the least size do not fit: the counter of the chip cannot
// overflow, but it gets near.
static void small_frames_fill_the_ring(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.deaf = true;
    for (unsigned i = 0; i < 100; i++) {
        bench_card_send(&b, &bench_board, i, 60);
    }
    bench_run(&b, 20000);
    b.deaf = false;
    bench_run(&b, 20000);
    assert_int_equal(b.board_count, 5119 / 70);
    assert_int_equal(b.board_bad, 0);
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

// Runts with a good FCS reach the host (data sheet, 7.2): all are dropped
// here, many in a row too.
static void runts_are_dropped(void **state)
{
    uint8_t runt[64];

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (size_t len = 14; len < 60; len++) {
        bench_frame(runt, len, &bench_board, &bench_card, 1);
        assert_true(sim_nic_send_raw(&b.nic, runt, sim_fcs_put(runt, len)));
    }
    bench_card_send(&b, &bench_board, 2, 60);
    bench_run(&b, 20000);
    assert_int_equal(b.board_count, 1);
    assert_int_equal(b.chip.stats.rx_bad, 46);
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

// One call looks at 64 of them at most, so that it ends in time.
static void many_runts_do_not_hold_up_a_call(void **state)
{
    uint8_t runt[64];
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *frame = NULL;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    b.deaf = true;
    bench_frame(runt, 14, &bench_board, &bench_card, 1);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(sim_nic_send_raw(&b.nic, runt, sim_fcs_put(runt, 14)));
    }
    bench_run(&b, 20000);
    assert_int_equal(nif_eth_recv(b.iface, buf, sizeof(buf), &frame),
        NIF_EAGAIN);
    assert_int_equal(b.chip.stats.rx_bad, 64);
    b.deaf = false;
    bench_run(&b, 1000);
    assert_int_equal(b.chip.stats.rx_bad, 100);
    bench_close(&b);
}

static void frames_with_a_bad_checksum_are_not_delivered(void **state)
{
    uint8_t frame[200];
    size_t len;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    bench_frame(frame, 100, &bench_board, &bench_card, 1);
    len = sim_fcs_put(frame, 100);
    frame[50] ^= 1;
    assert_true(sim_nic_send_raw(&b.nic, frame, len));
    bench_run(&b, 5000);
    assert_int_equal(b.board_count, 0);
    assert_true(bench_traffic(&b, 10000));
    // Nor to who listens to everything.
    assert_int_equal(b.iface->eth->filter(b.iface,
                         &(struct nif_eth_filter){ .promiscuous = true }),
        0);
    b.board_count = 0;
    assert_true(sim_nic_send_raw(&b.nic, frame, len));
    bench_run(&b, 5000);
    assert_int_equal(b.board_count, 0);
    assert_int_equal(b.chip.stats.rx_bad, 0); // the chip dropped them
    bench_close(&b);
}

// ---- filter

static const struct nif_hwaddr groups[] = {
    { { 0x01, 0x00, 0x5E, 0x00, 0x00, 0x01 } }, // all hosts
    { { 0x01, 0x00, 0x5E, 0x00, 0x00, 0xFB } }, // mDNS
    { { 0x33, 0x33, 0x00, 0x00, 0x00, 0x01 } }, // all nodes
    { { 0x01, 0x80, 0xC2, 0x00, 0x00, 0x0E } }, // LLDP
};

static const struct nif_hwaddr all = { { 255, 255, 255, 255, 255, 255 } };

static void each_group_passes_alone_and_with_others(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (size_t i = 0; i < nif_countof(groups); i++) {
        bench_filter(&b,
            &(struct nif_eth_filter){ .groups = &groups[i], .group_count = 1 });
        for (size_t k = 0; k < nif_countof(groups); k++) {
            assert_int_equal(bench_hears(&b, &groups[k]), k == i);
        }
        assert_true(bench_hears(&b, &bench_board));
        assert_true(bench_hears(&b, &all));
    }
    bench_filter(&b,
        &(struct nif_eth_filter){ .groups = groups,
            .group_count = nif_countof(groups) });
    for (size_t k = 0; k < nif_countof(groups); k++) {
        assert_true(bench_hears(&b, &groups[k]));
    }
    bench_close(&b);
}

static void a_group_asked_for_before_start_passes_alone(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    assert_int_equal(b.iface->eth->filter(b.iface,
                         &(struct nif_eth_filter){ .groups = &groups[1],
                             .group_count = 1 }),
        0);
    bench_up(&b);
    assert_true(bench_hears(&b, &groups[1]));
    assert_false(bench_hears(&b, &groups[0]));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chip_comes_up_and_finds_its_link),
        cmocka_unit_test(the_device_says_what_it_is),
        cmocka_unit_test(two_frames_wait_in_the_chip_and_a_third_does_not),
        cmocka_unit_test(the_wire_does_not_idle_between_frames),
        cmocka_unit_test(the_ring_wraps_at_every_place),
        cmocka_unit_test(a_burst_beyond_the_ring_is_counted_and_survived),
        cmocka_unit_test(small_frames_fill_the_ring),
        cmocka_unit_test(runts_are_dropped),
        cmocka_unit_test(many_runts_do_not_hold_up_a_call),
        cmocka_unit_test(frames_with_a_bad_checksum_are_not_delivered),
        cmocka_unit_test(each_group_passes_alone_and_with_others),
        cmocka_unit_test(a_group_asked_for_before_start_passes_alone),
    };

    return cmocka_run_group_tests_name("enc28j60 frames", tests, NULL, NULL) +
        bench_frame_tests();
}
