// SPDX-License-Identifier: MIT
//
// The Stellaris Ethernet controller as a network device, on its model: what the
// contract of frame devices (tests/contract) does not ask for.

#include "bench.h"

#include <string.h>

// ---- link

static void the_link_sets_the_duplex(void **state)
{
    static const struct {
        uint16_t page;
        bool full;
    } partners[] = { { 0x81E1, true }, { 0x8041, true }, { 0x8021, false },
        { 0x8081, false } };

    (void)state;
    open_device(&(struct how){ .polled = false });
    assert_int_equal(nif_iface_start(d.iface), 0);
    for (unsigned i = 0; i < nif_countof(partners); i++) {
        sim_cable_plug(&d.cable, false);
        run_us(300000);
        assert_false(has_link());
        sim_stellaris_partner(&d.chip,
            &(struct sim_phy_partner){ .page = partners[i].page });
        d.far.full_duplex = partners[i].full;
        sim_cable_plug(&d.cable, true);
        run_us(WAITS_US);
        assert_traffic();
        assert_int_equal(d.chip.nic.full_duplex, partners[i].full);
        assert_int_equal(d.told[NIF_EVENT_LINK_UP], i + 1);
    }
    assert_int_equal(d.chip.tx_lost, 0);
    close_device();
}

// 10BASE-T, half duplex: what is sent to all comes back.
static void it_does_not_hear_itself(void **state)
{
    (void)state;
    open_device(&(struct how){ .polled = false });
    sim_stellaris_partner(&d.chip, &(struct sim_phy_partner){ .page = 0x8021 });
    d.far.full_duplex = false;
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_us(WAITS_US);
    assert_int_equal(send_frame(&all, 100), 0);
    run_us(1000);
    assert_int_equal(d.chip.rx, 1);
    assert_int_equal(receive(), 0);
    assert_int_equal(d.mac.stats.rx_other, 1);
    close_device();
}

static void a_link_that_goes_is_told_at_once_by_interrupt(void **state)
{
    uint64_t pulled_us;

    (void)state;
    for (int polled = 0; polled < 2; polled++) {
        bring_up(&(struct how){ .polled = polled });
        for (unsigned i = 1; i <= 3; i++) {
            run_us(1234567);
            pulled_us = d.world.now_ns / 1000;
            sim_cable_plug(&d.cable, false);
            run_us(300000);
            assert_int_equal(d.told[NIF_EVENT_LINK_DOWN], i);
            assert_true(d.down_us - pulled_us < (polled ? 110000 : 1000));
            sim_cable_plug(&d.cable, true);
            run_us(WAITS_US);
            assert_traffic();
        }
        close_device();
    }
}

// The divider is right for each clock: the PHY complains of one that is too
// fast, and none takes twice as long as it may.
static void any_system_clock_will_do(void **state)
{
    static const uint32_t clocks_hz[] = { 4999999, 5000000, 8000000, 12500000,
        25000000, 40000000, 50000000 };

    (void)state;
    for (size_t i = 0; i < 2 * nif_countof(clocks_hz); i++) {
        uint32_t hz = clocks_hz[i / 2];

        bring_up(&(struct how){ .clock_hz = hz, .clock_untold = i % 2 });
        assert_traffic();
        assert_true((i % 2 && hz != 50000000) || d.chip.phy.mdio.hz > 1250000);
        close_device();
    }
}

static void without_a_phy_there_is_a_link(void **state)
{
    (void)state;
    open_device(&(struct how){ .ops = &device_bare });
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_us(200000);
    assert_true(has_link());
    assert_true(nif_iface_flags(d.iface) & NIF_IFACE_FULL_DUPLEX);
    sim_pass_ns(&d.world, 2 * SIM_S); // this one's own
    assert_traffic();
    run_us(3000000);
    assert_traffic();
    assert_int_equal(d.told[NIF_EVENT_LINK_DOWN], 0);
    assert_int_equal(nif_iface_stop(d.iface), 0);
    close_device();
}

// ---- frames

static void a_second_frame_waits_and_a_third_is_refused(void **state)
{
    (void)state;
    for (int spare = 0; spare < 2; spare++) {
        bring_up(&(struct how){ .no_spare = !spare });
        assert_int_equal(send_frame(&all, 1514), 0);
        assert_int_equal(send_frame(&all, 200), spare ? 0 : NIF_EAGAIN);
        assert_int_equal(send_frame(&all, 300), NIF_EAGAIN);
        run_us(200);
        assert_int_equal(d.heard, 1 + spare);
        assert_int_equal(d.heard_len, spare ? 200 : 1514);
        assert_int_equal(d.heard_data[14], (14 + d.heard_len) & 0xFF);
        assert_int_equal(d.heard_data[199], (199 + d.heard_len) & 0xFF);
        assert_int_equal(d.mac.stats.tx, 1 + spare);
        assert_traffic();
        close_device();
    }
}

// Nobody has polled since the one before was gone.
static void a_frame_that_waits_is_not_overtaken(void **state)
{
    (void)state;
    bring_up(&(struct how){ .polled = true });
    assert_int_equal(send_frame(&all, 1514), 0);
    assert_int_equal(send_frame(&all, 200), 0);
    sim_pass_ns(&d.world, 130 * SIM_US);
    assert_int_equal(d.heard, 1);
    assert_int_equal(send_frame(&all, 300), 0);
    sim_pass_ns(&d.world, 30 * SIM_US);
    assert_int_equal(d.heard, 2);
    assert_int_equal(d.heard_len, 200);
    run_us(1000);
    assert_int_equal(d.heard, 3);
    assert_int_equal(d.heard_len, 300);
    close_device();
}

// Two seconds are more than all collisions of a frame take.
static void a_frame_that_never_leaves_starts_all_anew(void **state)
{
    (void)state;
    for (int polled = 0; polled < 2; polled++) {
        bring_up(&(struct how){ .ops = &device_jammed, .polled = polled });
        d.jam = true;
        assert_int_equal(send_frame(&all, 100), 0);
        run_us(1900000);
        d.jam = false; // it was just slow
        run_us(1100000);
        d.jam = true;
        assert_int_equal(send_frame(&all, 100), 0);
        run_us(1900000);
        assert_int_equal(d.told[NIF_EVENT_RESTARTED], 0);
        run_us(1500000);
        assert_int_equal(d.told[NIF_EVENT_RESTARTED], 1);
        d.jam = false;
        run_us(WAITS_US);
        assert_traffic();
        close_device();
    }
}

static void a_link_that_goes_takes_what_waits_with_it(void **state)
{
    (void)state;
    bring_up(&(struct how){ .polled = false });
    assert_int_equal(send_frame(&all, 1514), 0);
    assert_int_equal(send_frame(&all, 200), 0);
    sim_cable_plug(&d.cable, false);
    run_us(300000);
    sim_cable_plug(&d.cable, true);
    run_us(WAITS_US);
    assert_int_equal(d.heard, 0);
    assert_traffic();
    close_device();
}

// The far end talks in the middle of it, as if it had full duplex.
static void what_could_not_be_sent_is_counted_and_the_next_goes(void **state)
{
    (void)state;
    open_device(&(struct how){ .polled = false });
    sim_stellaris_partner(&d.chip, &(struct sim_phy_partner){ .page = 0x8081 });
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_us(WAITS_US);
    assert_int_equal(send_frame(&all, 1514), 0);
    run_us(30);
    arrive(&own, 100, 7);
    run_us(200);
    assert_int_equal(d.chip.tx_lost, 1);
    assert_int_equal(receive(), 7);
    assert_int_equal(send_frame(&all, 300), 0);
    run_us(200);
    assert_int_equal(d.heard_len, 300);
    assert_int_equal(d.mac.stats.tx_bad, 1);
    close_device();
}

// A frame with a bad FCS comes at each access of recv(): what is given is
// whole, and what comes afterwards too.
static void a_frame_that_was_torn_is_not_given(void **state)
{
    unsigned given = 0;

    (void)state;
    bring_up(&(struct how){ .polled = true });
    for (unsigned at = 1; at <= 40; at++) {
        unsigned bad = d.mac.stats.rx_bad;
        uint8_t mark;

        arrive(&own, 100, 0x33);
        arrive(&own, 100, 0x44);
        run_us(100);
        d.spoil_at = at;
        mark = receive();
        d.spoil_at = 0;
        given += mark != 0;
        assert_true(mark == 0 || mark == 0x33);
        assert_int_equal(d.mac.stats.rx_bad - bad, mark == 0 && at > 1);
        while (receive() != 0) {
        }
        assert_traffic();
    }
    assert_int_equal(given, 40 - 29); // NP, 27 words, and the look behind them
    close_device();
}

static void a_giant_costs_no_other(void **state)
{
    (void)state;
    bring_up(&(struct how){ .polled = false });
    arrive(&own, 100, 1);
    arrive(&own, 1515, 2);
    arrive(&own, 200, 3);
    sim_pass_ns(&d.world, 300 * SIM_US);
    assert_int_equal(receive(), 1);
    assert_int_equal(receive(), 3);
    assert_int_equal(receive(), 0);
    assert_int_equal(d.mac.stats.rx_bad, 1);
    assert_int_equal(d.mac.stats.rx, 2);
    close_device();
}

static void frames_that_found_no_room_are_told(void **state)
{
    (void)state;
    bring_up(&(struct how){ .polled = false });
    for (unsigned i = 1; i <= 3; i++) {
        arrive(&own, 1500, (uint8_t)i);
    }
    sim_pass_ns(&d.world, 500 * SIM_US);
    run_us(1000);
    assert_int_equal(d.mac.stats.rx_lost, 1);
    assert_int_equal(receive(), 1);
    assert_int_equal(receive(), 0);
    run_us(1000);
    assert_int_equal(d.mac.stats.rx_lost, 1);
    assert_traffic();
    close_device();
}

// The filter of QEMU's lets all pass.
static void
frames_for_others_are_dropped_if_the_chip_lets_them_pass(void **state)
{
    static const struct nif_hwaddr other = { { 2, 9, 9, 9, 9, 9 } };

    (void)state;
    bring_up(&(struct how){ .polled = false });
    nif_mmio_write(&d.chip.mmio, 0x08, 0x0D); // PRMS
    arrive(&other, 100, 1);
    arrive(&own, 100, 2);
    run_us(1000);
    assert_int_equal(receive(), 2);
    assert_int_equal(d.mac.stats.rx_other, 1);
    close_device();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_link_sets_the_duplex),
        cmocka_unit_test(it_does_not_hear_itself),
        cmocka_unit_test(a_link_that_goes_is_told_at_once_by_interrupt),
        cmocka_unit_test(any_system_clock_will_do),
        cmocka_unit_test(without_a_phy_there_is_a_link),
        cmocka_unit_test(a_second_frame_waits_and_a_third_is_refused),
        cmocka_unit_test(a_frame_that_waits_is_not_overtaken),
        cmocka_unit_test(a_frame_that_never_leaves_starts_all_anew),
        cmocka_unit_test(a_link_that_goes_takes_what_waits_with_it),
        cmocka_unit_test(what_could_not_be_sent_is_counted_and_the_next_goes),
        cmocka_unit_test(a_frame_that_was_torn_is_not_given),
        cmocka_unit_test(a_giant_costs_no_other),
        cmocka_unit_test(frames_that_found_no_room_are_told),
        cmocka_unit_test(
            frames_for_others_are_dropped_if_the_chip_lets_them_pass),
    };

    return cmocka_run_group_tests_name("stellaris device", tests, NULL, NULL);
}
