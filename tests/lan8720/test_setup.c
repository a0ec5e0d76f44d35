// SPDX-License-Identifier: MIT
//
// The LAN8720 driver and the registers that only its family has: straps,
// reset, interrupts, energy.

#include "driver_bench.h"

static struct bench b;

static void the_family_is_taken_and_no_other(void **state)
{
    static const struct {
        uint32_t id;
        int want;
    } cases[] = {
        { 0x0007C0F0, 0 }, // LAN8720
        { 0x0007C0F1, 0 }, // LAN8720A
        { 0x0007C111, 0 }, // LAN8740A
        { 0x0007C131, 0 }, // LAN8742A
        { 0x0007C0D1, 0 }, // in the LAN9118
        { 0x0007C0C4, 0 }, // LAN8700
        { 0x0007C0A2, 0 }, // LAN83C185
        { 0x0007C400, NIF_ENODEV }, { 0x0007BFF0, NIF_ENODEV },
        { 0x0017C0F1, NIF_ENODEV }, { 0x8007C0F1, NIF_ENODEV },
        { 0x20005C90, NIF_ENODEV }, // DP83848
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        bench_open(&b, &(struct bench_cfg){ .model = { .id = cases[i].id } });
        assert_int_equal(nif_iface_start(b.iface), cases[i].want);
        assert_int_equal(b.chip.phy.id, cases[i].id);
        bench_close(&b);
    }
}

static void it_is_found_at_each_address(void **state)
{
    (void)state;
    for (uint8_t addr = 0; addr < 32; addr++) {
        bench_open(&b, &(struct bench_cfg){ .model = { .addr = addr } });
        assert_int_equal(nif_iface_start(b.iface), 0);
        assert_int_equal(b.chip.phy.addr, addr);
        bench_close(&b);
    }
}

// Some parts lose their link once a second with the 100 us of the datasheet.
static void reset_by_pin_is_long_enough_and_comes_first(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .reset_pin = true });
    sim_mac_fail(&b.mac, NIF_EIO, 0, 1);
    assert_int_equal(nif_iface_start(b.iface), NIF_EIO);
    assert_int_equal(b.fault.frames, 0);
    assert_in_range(b.reset_low_ns, 150 * SIM_US, 160 * SIM_US);
    assert_in_range(b.world.now_ns - b.reset_end_ns, SIM_MS, 11 * SIM_MS / 10);
    assert_true(b.reset_pin.level);
    b.reset_low_ns = 0;
    bench_up(&b);
    assert_in_range(b.reset_low_ns, 150 * SIM_US, 160 * SIM_US);
    // And again with each restart.
    b.reset_low_ns = 0;
    bench_poke(&b, 0, 0x0800);
    assert_true(bench_run_to_link(&b, false, 200000));
    assert_true(bench_run_to_link(&b, true, 3000000));
    assert_in_range(b.reset_low_ns, 150 * SIM_US, 160 * SIM_US);
    bench_close(&b);
    bench_open(&b, NULL);
    assert_int_equal(nif_phy_reset(&b.chip.phy), 0); // no pin, no wait
    bench_close(&b);
}

static void whatever_the_straps_say_all_modes_are_negotiated(void **state)
{
    (void)state;
    for (uint8_t mode = 1; mode <= 7; mode++) {
        uint16_t before;

        bench_open(&b,
            &(struct bench_cfg){ .model = { .mode = mode, .addr = 2 } });
        before = bench_reg(&b, 18);
        assert_int_equal(before >> 5 & 7, mode);
        bench_up(&b);
        assert_int_equal(bench_reg(&b, 18), before | 0xE0);
        assert_int_equal(bench_reg(&b, 4), 0x01E1);
        assert_true(b.mac.is_100 && b.mac.nic.full_duplex);
        assert_true(bench_traffic(&b, 10000));
        bench_close(&b);
    }
}

// Register 18 holds the address: what was misread must not be written back.
static void a_misread_register_18_is_not_written(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 5; bit++) {
        bench_open(&b, &(struct bench_cfg){ .model = { .mode = 3 } });
        sim_mdio_fault_set(&b.fault,
            &(struct sim_mdio_fault_cfg){ .kind = SIM_MDIO_FLIP,
                .at = 3, // ID, ID, BMCR; then it is read
                .count = 1,
                .value = (uint16_t)(1u << bit) });
        bench_up(&b);
        assert_int_equal(b.fault.hits, 1);
        assert_int_equal(bench_reg(&b, 18) >> 5 & 7, 3);
        assert_int_equal(bench_reg(&b, 18) & 0x1F, 0);
        assert_true(bench_traffic(&b, 10000));
        bench_close(&b);
    }
}

static void interrupts_are_on_only_with_a_line(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    assert_int_equal(bench_reg(&b, 30), 0);
    bench_close(&b);
    bench_open(&b, &(struct bench_cfg){ .interrupt = true });
    bench_up(&b);
    assert_int_equal(bench_reg(&b, 30), 0x00D0);
    bench_run(&b, 500000);
    assert_true(b.int_pin.level); // taken back
    sim_cable_plug(&b.cable, false);
    assert_false(b.int_pin.level);
    bench_run(&b, 1000);
    assert_true(b.int_pin.level);
    bench_close(&b);
}

static void energy_is_seen_without_a_link(void **state)
{
    (void)state;
    bench_open(&b,
        &(struct bench_cfg){ .unplugged = true,
            .model = { .autoneg_ns = 60 * SIM_S } });
    assert_int_equal(lan8720_energy(&b.chip), NIF_EINVAL);
    assert_int_equal(nif_iface_start(b.iface), 0);
    assert_int_equal(lan8720_energy(&b.chip), 0);
    sim_cable_plug(&b.cable, true);
    bench_run(&b, 260000);
    assert_int_equal(lan8720_energy(&b.chip), 1);
    assert_int_equal(b.event_count, 0);
    sim_mdio_fault_set(&b.fault,
        &(struct sim_mdio_fault_cfg){ .kind = SIM_MDIO_STUCK,
            .count = UINT64_MAX,
            .value = 0xFFFD });
    assert_int_equal(lan8720_energy(&b.chip), 0);
    b.fault.fault.kind = SIM_MDIO_EIO;
    assert_int_equal(lan8720_energy(&b.chip), NIF_EIO);
    b.fault.fault.count = 0;
    assert_int_equal(lan8720_energy(&b.chip), 1);
    bench_close(&b);
}

static void energy_power_down_is_a_wish(void **state)
{
    (void)state;
    for (int wish = 0; wish < 2; wish++) {
        bench_open(&b, &(struct bench_cfg){ .driver.energy_power_down = wish });
        assert_int_equal(nif_iface_start(b.iface), 0);
        assert_int_equal(bench_reg(&b, 17) & 0xFFFD, wish ? 0x2000 : 0);
        bench_close(&b);
    }
}

// Register 31 as silicon gives it, and as a bit that fell makes of it: bits 4
// to 2 are duplex, 100 and 10; bit 12 says that they hold.
static void speed_and_duplex_are_those_of_register_31(void **state)
{
    static const struct {
        uint16_t value;
        bool up;
        bool is_100;
        bool full;
    } cases[] = {
        { 0x1058, true, true, true }, { 0x1048, true, true, false },
        { 0x1054, true, false, true }, { 0x1044, true, false, false },
        { 0x1049, true, true, false },   // bit 0 has another meaning
        { 0x1045, true, false, false },  // here, too
        { 0x0058, false, false, false }, // not done
        { 0x0059, false, false, false },
        { 0x1040, false, false, false }, // neither
        { 0x1041, false, false, false },
        { 0x105C, false, false, false }, // both
    };
    uint64_t last;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    last = b.fault.frames - 1; // it is read last
    bench_close(&b);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        bench_open(&b, NULL);
        sim_mdio_fault_set(&b.fault,
            &(struct sim_mdio_fault_cfg){ .kind = SIM_MDIO_STUCK,
                .at = last,
                .count = 1,
                .value = cases[i].value });
        assert_int_equal(nif_iface_start(b.iface), 0);
        while (b.fault.hits == 0) {
            bench_run(&b, 1);
        }
        assert_int_equal(b.chip.phy.link.up, cases[i].up);
        if (cases[i].up) {
            assert_int_equal(b.mac.is_100, cases[i].is_100);
            assert_int_equal(b.mac.nic.full_duplex, cases[i].full);
        }
        bench_close(&b);
    }
}

// The supply was away for a moment, or somebody else wrote to it.
static void a_chip_that_was_reset_is_set_up_again(void **state)
{
    static const struct {
        uint8_t reg;
        uint16_t value;
    } cases[] = {
        { 0, 0x8000 },
        { 0, 0x0800 },
        { 0, 0x1400 },
        { 4, 0x0021 },
        { 30, 0 },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        bench_open(&b, &(struct bench_cfg){ .interrupt = true });
        bench_up(&b);
        bench_run(&b, 3000);
        bench_poke(&b, cases[i].reg, cases[i].value);
        bench_run(&b, 1100000);
        assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), 1);
        assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 1);
        assert_int_equal(b.dev.stats.lost, 1);
        assert_int_equal(b.dev.stats.restarted, 1);
        assert_true(bench_run_to_link(&b, true, 3000000));
        assert_int_equal(bench_reg(&b, 30), 0x00D0);
        assert_int_equal(bench_reg(&b, 4), 0x01E1);
        assert_true(bench_traffic(&b, 10000));
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_family_is_taken_and_no_other),
        cmocka_unit_test(it_is_found_at_each_address),
        cmocka_unit_test(reset_by_pin_is_long_enough_and_comes_first),
        cmocka_unit_test(whatever_the_straps_say_all_modes_are_negotiated),
        cmocka_unit_test(a_misread_register_18_is_not_written),
        cmocka_unit_test(interrupts_are_on_only_with_a_line),
        cmocka_unit_test(energy_is_seen_without_a_link),
        cmocka_unit_test(energy_power_down_is_a_wish),
        cmocka_unit_test(speed_and_duplex_are_those_of_register_31),
        cmocka_unit_test(a_chip_that_was_reset_is_set_up_again),
    };

    return cmocka_run_group_tests_name("lan8720 setup", tests, NULL, NULL);
}
