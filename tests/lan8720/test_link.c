// SPDX-License-Identifier: MIT
//
// The LAN8720 driver on a MAC: link, speed and duplex, partners of all kinds,
// the interrupt line, start and stop.

#include "driver_bench.h"

#include <stdio.h>

static struct bench b;

// What a partner's base page says.
#define PAGE(abilities) (0x8001u | (abilities))

static const struct {
    struct sim_phy_partner partner;
    bool is_100;
    bool full;
} partners[] = {
    { { .page = 0 }, true, true },
    { { .page = PAGE(0x100) }, true, true },
    { { .page = PAGE(0x80) }, true, false },
    { { .page = PAGE(0x40) }, false, true },
    { { .page = PAGE(0x20) }, false, false },
    { { .page = PAGE(0xC0) }, true, false },
    { { .page = PAGE(0x60) }, false, true },
    { { .silent_about_it = true, .is_100 = true }, true, false },
    { { .silent_about_it = true }, false, false },
};

static void speed_and_duplex_are_what_the_partner_can(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(partners); i++) {
        for (int interrupt = 0; interrupt < 2; interrupt++) {
            bench_open(&b,
                &(struct bench_cfg){
                    .partner = partners[i].partner,
                    .interrupt = interrupt,
                });
            b.nic.full_duplex = partners[i].full;
            bench_up(&b);
            assert_int_equal(b.phy.is_100, partners[i].is_100);
            assert_int_equal(b.phy.full, partners[i].full);
            assert_int_equal(b.mac.is_100, partners[i].is_100);
            assert_int_equal(b.mac.nic.full_duplex, partners[i].full);
            assert_int_equal(b.chip.phy.link.is_100, partners[i].is_100);
            assert_int_equal((nif_iface_flags(b.iface) &
                                 NIF_IFACE_FULL_DUPLEX) != 0,
                partners[i].full);
            assert_true(bench_traffic(&b, 10000));
            assert_int_equal(b.mac.rx_noise + b.mac.tx_noise, 0);
            bench_close(&b);
        }
    }
}

static void another_partner_gets_another_speed(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (size_t i = 0; i < nif_countof(partners); i++) {
        sim_mac_partner(&b.mac, &partners[i].partner);
        b.nic.full_duplex = partners[i].full;
        assert_true(bench_run_to_link(&b, false, 200000));
        assert_false(b.mac.running);
        assert_true(bench_run_to_link(&b, true, 3000000));
        assert_int_equal(b.mac.is_100, partners[i].is_100);
        assert_int_equal(b.mac.nic.full_duplex, partners[i].full);
        assert_true(bench_traffic(&b, 10000));
    }
    assert_int_equal(b.mac.rx_noise + b.mac.tx_noise + b.mac.nic.late, 0);
    bench_close(&b);
}

static void forced_modes_need_no_negotiation(void **state)
{
    (void)state;
    for (unsigned mode = NIF_PHY_10_HALF; mode <= NIF_PHY_100_FULL; mode++) {
        bool is_100 = mode >= NIF_PHY_100_HALF;
        bool full = mode == NIF_PHY_10_FULL || mode == NIF_PHY_100_FULL;

        bench_open(&b,
            &(struct bench_cfg){
                .partner = { .silent_about_it = true, .is_100 = is_100 },
                .driver.phy.mode = (enum nif_phy_mode)mode,
            });
        b.nic.full_duplex = full;
        assert_int_equal(nif_iface_start(b.iface), 0);
        assert_true(bench_run_to_link(&b, true, 500000));
        assert_int_equal(b.phy.is_100, is_100);
        assert_int_equal(b.phy.full, full);
        assert_int_equal(b.mac.is_100, is_100);
        assert_int_equal(b.mac.nic.full_duplex, full);
        assert_true(bench_traffic(&b, 10000));
        bench_close(&b);
    }
}

static void without_the_cable_there_is_no_link_and_no_error(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .unplugged = true });
    assert_int_equal(nif_iface_start(b.iface), 0);
    bench_run(&b, 10000000);
    assert_int_equal(b.event_count, 0);
    assert_int_equal(b.poll_err, 0);
    assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
    assert_int_equal(b.mac.told, 0);
    sim_cable_plug(&b.cable, true);
    assert_true(bench_run_to_link(&b, true, 3000000));
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

static void start_does_not_wait_for_the_link(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    assert_int_equal(nif_iface_start(b.iface), 0);
    assert_in_range(b.world.now_ns, 0, 5 * SIM_MS);
    assert_false(nif_iface_flags(b.iface) & NIF_IFACE_LINK);
    assert_true(nif_iface_flags(b.iface) & NIF_IFACE_STARTED);
    bench_close(&b);
}

static void link_changes_are_told_in_time(void **state)
{
    (void)state;
    for (int interrupt = 0; interrupt < 2; interrupt++) {
        uint64_t limit_ns = interrupt ? SIM_MS : 101 * SIM_MS;

        bench_open(&b,
            &(struct bench_cfg){ .interrupt = interrupt, .unplugged = true });
        assert_int_equal(nif_iface_start(b.iface), 0);
        for (unsigned n = 1; n <= 5; n++) {
            uint64_t at_ns;

            sim_cable_plug(&b.cable, true);
            while (!b.phy.link) {
                bench_run(&b, 100);
            }
            at_ns = b.world.now_ns;
            assert_true(bench_run_to_link(&b, true, 200000));
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), n);
            assert_true(b.event_ns < at_ns + limit_ns);
            assert_true(bench_traffic(&b, 10000));
            bench_run(&b, 333000);
            sim_cable_plug(&b.cable, false);
            at_ns = b.world.now_ns;
            bench_run(&b, 200000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), n);
            assert_in_range(b.event_ns, at_ns, at_ns + limit_ns);
            assert_false(b.mac.running);
        }
        assert_int_equal(b.event_count, 10);
        bench_close(&b);
    }
}

// BMSR.2 latches low: the link may be back before anybody looks.
// Something that happens while the board sleeps.
static struct sim_event later;

static void on_unplug(struct sim_event *event)
{
    (void)event;
    sim_cable_plug(&b.cable, false);
}

static void on_card_send(struct sim_event *event)
{
    (void)event;
    bench_card_send(&b, &bench_board, 1, 100);
}

static void do_later(sim_event_fn *fn)
{
    later = (struct sim_event){ .fn = fn };
    sim_event_at(&b.world, &later, b.world.now_ns + 50 * SIM_MS);
}

static void an_interrupt_wakes_the_board(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .interrupt = true });
    bench_up(&b);
    bench_run(&b, 10000);
    do_later(on_unplug);
    bench_run(&b, 500000);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), 1);
    assert_in_range(b.event_ns, later.at_ns, later.at_ns + SIM_MS);
    bench_close(&b);
}

static void a_frame_wakes_the_board(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .interrupt = true });
    bench_up(&b);
    bench_run(&b, 10000);
    do_later(on_card_send);
    bench_run(&b, 51000);
    assert_int_equal(b.board_count, 1);
    bench_close(&b);
}

static void a_stopped_device_wakes_nobody(void **state)
{
    uint64_t until_ns;

    (void)state;
    bench_open(&b, &(struct bench_cfg){ .interrupt = true });
    bench_up(&b);
    assert_int_equal(nif_iface_stop(b.iface), 0);
    bench_run(&b, 1000);
    sim_pin_drive(&b.int_pin, true);
    nif_clock_wait(&b.cpu.clock, 0);
    until_ns = b.world.now_ns + 900 * SIM_MS;
    sim_pin_drive(&b.int_pin, false);
    nif_clock_wait(&b.cpu.clock, until_ns / 1000);
    assert_in_range(b.world.now_ns, until_ns - SIM_US, until_ns);
    bench_close(&b);
}

static void a_link_lost_between_two_looks_is_told(void **state)
{
    (void)state;
    bench_open(&b,
        &(struct bench_cfg){ .check_ms = 5000,
            .model = { .forced_ns = 1000, .energy_ns = 1000 },
            .partner = { .silent_about_it = true, .is_100 = true },
            .driver.phy.mode = NIF_PHY_100_FULL,
            .interrupt = true });
    bench_up(&b);
    bench_run(&b, 100000);
    b.int_pin.lose_edges = 1000;
    b.chip.phy.deaf = true; // its line says nothing either
    sim_cable_plug(&b.cable, false);
    sim_cable_plug(&b.cable, true);
    sim_pass_ns(&b.world, SIM_MS);
    assert_true(b.phy.link);
    assert_int_equal(b.event_count, 1);
    bench_run(&b, 6000000);
    assert_int_equal(b.event_count, 3);
    assert_int_equal(b.events[1], NIF_EVENT_LINK_DOWN);
    assert_int_equal(b.events[2], NIF_EVENT_LINK_UP);
    assert_int_equal(b.mac.told, 3);
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

static void an_idle_board_hardly_uses_the_bus(void **state)
{
    (void)state;
    for (int interrupt = 0; interrupt < 2; interrupt++) {
        uint64_t frames;

        bench_open(&b, &(struct bench_cfg){ .interrupt = interrupt });
        bench_up(&b);
        frames = b.fault.frames;
        bench_run(&b, 10000000);
        frames = b.fault.frames - frames;
        // Eight frames a look.
        assert_in_range(frames, interrupt ? 72 : 720, interrupt ? 90 : 900);
        bench_close(&b);
    }
}

static void a_line_that_stays_low_is_not_believed(void **state)
{
    uint64_t frames;

    (void)state;
    bench_open(&b, &(struct bench_cfg){ .interrupt = true });
    sim_phy_pin(&b.phy, NULL);
    b.int_pin.level = false;
    bench_up(&b);
    frames = b.fault.frames;
    bench_run(&b, 10000000);
    assert_in_range(b.fault.frames - frames, 72, 100);
    sim_cable_plug(&b.cable, false);
    assert_true(bench_run_to_link(&b, false, 1100000));
    bench_close(&b);
}

static void a_lost_edge_costs_one_check(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .interrupt = true });
    bench_up(&b);
    bench_run(&b, 3000);
    b.int_pin.lose_edges = 1000;
    sim_cable_plug(&b.cable, false);
    assert_true(bench_run_to_link(&b, false, 1001000));
    bench_close(&b);
}

static void stop_powers_down_and_start_wakes(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    assert_int_equal(nif_iface_stop(b.iface), 0);
    assert_int_equal(b.fault.frames, 0);
    for (unsigned n = 1; n < 4; n++) {
        uint64_t frames;

        bench_up(&b);
        assert_true(bench_traffic(&b, 10000));
        assert_int_equal(nif_iface_stop(b.iface), 0);
        assert_true(bench_reg(&b, 0) & 0x0800);
        assert_false(b.mac.running);
        assert_false(nif_iface_flags(b.iface) &
            (NIF_IFACE_STARTED | NIF_IFACE_LINK));
        frames = b.fault.frames;
        bench_run(&b, 2000000);
        assert_int_equal(b.fault.frames, frames);
        assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), n);
        assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
        assert_int_equal(b.poll_err, 0);
    }
    bench_close(&b);
}

static void the_address_is_that_of_the_mac(void **state)
{
    struct nif_hwaddr addr = { { 0 } };

    (void)state;
    bench_open(&b, NULL);
    nif_iface_hwaddr(b.iface, &addr);
    assert_memory_equal(&addr, &bench_board, sizeof(addr));
    assert_int_equal(nif_iface_mtu(b.iface), 1500);
    assert_int_equal(nif_iface_flags(b.iface),
        NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST);
    bench_close(&b);
}

static void start_again_starts_anew(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .interrupt = true });
    bench_up(&b);
    bench_card_send(&b, &bench_board, 1, 200);
    sim_pass_ns(&b.world, SIM_MS);
    bench_up(&b);
    assert_int_equal(b.board_count, 0); // lost with the start
    assert_true(bench_traffic(&b, 10000));
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), 1);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), 2);
    assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 0);
    bench_close(&b);
}

static void frames_of_a_wrong_length_go_back_to_the_caller(void **state)
{
    static uint8_t frame[NIF_ETH_FRAME_MAX + 1];
    struct nif_seg seg = { frame, 13 };

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    assert_int_equal(nif_eth_send(b.iface, &seg, 1), NIF_EINVAL);
    seg.len = sizeof(frame);
    assert_int_equal(nif_eth_send(b.iface, &seg, 1), NIF_ETOOBIG);
    assert_int_equal(b.mac.tx, 0);
    assert_int_equal(bench_send(&b, 1, NIF_ETH_FRAME_MAX), 0);
    assert_int_equal(bench_send(&b, 2, 20), 0);
    bench_run(&b, 1000);
    assert_int_equal(b.card_count, 2);
    bench_close(&b);
}

static void a_full_queue_empties_by_itself(void **state)
{
    unsigned sent = 0;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    while (bench_send(&b, sent, 1000) == 0) {
        sent++;
        assert_true(sent < 10);
    }
    assert_int_equal(bench_send(&b, 9, 1000), NIF_EAGAIN);
    assert_int_equal(b.dev.stats.lost, 0);
    bench_run(&b, 1000);
    assert_int_equal(b.card_count, sent);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speed_and_duplex_are_what_the_partner_can),
        cmocka_unit_test(another_partner_gets_another_speed),
        cmocka_unit_test(forced_modes_need_no_negotiation),
        cmocka_unit_test(without_the_cable_there_is_no_link_and_no_error),
        cmocka_unit_test(start_does_not_wait_for_the_link),
        cmocka_unit_test(link_changes_are_told_in_time),
        cmocka_unit_test(an_interrupt_wakes_the_board),
        cmocka_unit_test(a_frame_wakes_the_board),
        cmocka_unit_test(a_stopped_device_wakes_nobody),
        cmocka_unit_test(a_link_lost_between_two_looks_is_told),
        cmocka_unit_test(an_idle_board_hardly_uses_the_bus),
        cmocka_unit_test(a_line_that_stays_low_is_not_believed),
        cmocka_unit_test(a_lost_edge_costs_one_check),
        cmocka_unit_test(stop_powers_down_and_start_wakes),
        cmocka_unit_test(the_address_is_that_of_the_mac),
        cmocka_unit_test(start_again_starts_anew),
        cmocka_unit_test(frames_of_a_wrong_length_go_back_to_the_caller),
        cmocka_unit_test(a_full_queue_empties_by_itself),
    };

    return cmocka_run_group_tests_name("lan8720 link", tests, NULL, NULL);
}
