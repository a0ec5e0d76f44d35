// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's MII: 10.24 us an operation, scanning, the PHY's
// registers, its link and what that does to interrupts.

#include "tests/enc28j60/model_bench.h"

static bool is_busy(struct bench *b)
{
    return sim_enc28j60_reg(&b->chip, ENC_MISTAT) & ENC_MISTAT_BUSY;
}

static void a_read_is_busy_for_10_24_us(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_MIREGADR, ENC_PHID1);
    wcr(b, ENC_MICMD, 1);
    assert_true(is_busy(b));
    sim_pass_ns(&b->world, 10239);
    assert_true(is_busy(b));
    sim_pass_ns(&b->world, 1);
    assert_false(is_busy(b));
    wcr(b, ENC_MICMD, 0);
    assert_int_equal(rcr16(b, ENC_MIRDL), 0x0083);
}

static void a_write_is_busy_for_10_24_us_from_its_high_byte(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_MIREGADR, ENC_PHLCON);
    wcr(b, ENC_MIWRL, 0x76);
    assert_false(is_busy(b));
    wcr(b, ENC_MIWRH, 0x34);
    sim_pass_ns(&b->world, 10239);
    assert_true(is_busy(b));
    assert_int_equal(sim_enc28j60_phy_reg(&b->chip, ENC_PHLCON), 0x3422);
    sim_pass_ns(&b->world, 1);
    assert_false(is_busy(b));
    assert_int_equal(phy_read(b, ENC_PHLCON), 0x3476);
}

static void mistat_bit_3_is_set_by_the_first_read(void **state)
{
    struct bench *b = *state;

    phy_write(b, ENC_PHCON1, 0x0100);
    assert_int_equal(rcr(b, ENC_MISTAT), 0x00);
    phy_read(b, ENC_PHID1);
    assert_int_equal(rcr(b, ENC_MISTAT), 0x08);
}

static void to_clear_miird_at_once_does_not_stop_the_read(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_MIREGADR, ENC_PHID2);
    wcr(b, ENC_MICMD, 1);
    wcr(b, ENC_MICMD, 0);
    assert_true(is_busy(b));
    pass_us(b, 11);
    assert_int_equal(rcr16(b, ENC_MIRDL), 0x1400);
}

static void miird_that_stays_set_starts_nothing_again(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_MIREGADR, ENC_PHID1);
    wcr(b, ENC_MICMD, 1);
    pass_us(b, 11);
    wcr(b, ENC_MICMD, 1);
    assert_false(is_busy(b));
}

static void a_scan_reads_again_and_again(void **state)
{
    struct bench *b = *state;

    phy_write(b, ENC_PHLCON, 0x3476);
    wcr(b, ENC_MIREGADR, ENC_PHLCON);
    wcr(b, ENC_MICMD, 2);
    assert_int_equal(rcr(b, ENC_MISTAT) & 7, 7);
    pass_us(b, 11);
    assert_int_equal(rcr(b, ENC_MISTAT) & 7, 3);
    assert_int_equal(rcr16(b, ENC_MIRDL), 0x3476);
    b->chip.phy.reg[ENC_PHLCON] = 0x3210; // somebody turned it
    pass_us(b, 11);
    assert_int_equal(rcr16(b, ENC_MIRDL), 0x3210);
    wcr(b, ENC_MICMD, 0);
    assert_int_equal(rcr(b, ENC_MISTAT) & 7, 1);
    pass_us(b, 11);
    assert_int_equal(rcr(b, ENC_MISTAT) & 7, 0);
}

static void phy_registers_have_their_reset_values_and_masks(void **state)
{
    static const struct {
        uint8_t addr;
        uint16_t reset;
        uint16_t write;
        uint16_t want;
    } rows[] = {
        { 0x00, 0x0000, 0x0100, 0x0100 },
        { 0x01, 0x1804, 0xFFFF, 0x1804 },
        { 0x02, 0x0083, 0xFFFF, 0x0083 },
        { 0x03, 0x1400, 0x0000, 0x1400 },
        { 0x04, 0x0000, 0xFFFF, 0x0000 }, // not there
        { 0x10, 0x0000, 0x0500, 0x0500 },
        { 0x11, 0x0600, 0xFFFF, 0x0600 }, // full duplex from the line above
        { 0x12, 0x0000, 0xFFFF, 0x0012 },
        { 0x14, 0x3422, 0x3BA8, 0x3BA8 },
        { 0x1F, 0x0000, 0xFFFF, 0x0000 },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(rows); i++) {
        assert_int_equal(phy_read(b, rows[i].addr), rows[i].reset);
        phy_write(b, rows[i].addr, rows[i].write);
        assert_int_equal(phy_read(b, rows[i].addr), rows[i].want);
    }
}

static void ledb_straps_the_duplex_mode(void **state)
{
    struct bench *b = bench_open(&(struct sim_enc28j60_cfg){ .ledb_full = true,
        .errata_off = SIM_ENC28J60_ERRATA_ALL });

    *state = b;
    assert_int_equal(phy_read(b, ENC_PHCON1), 0x0100);
    assert_int_equal(phy_read(b, ENC_PHSTAT2) & 0x0200, 0x0200);
}

static void prst_resets_the_phy_and_clears_itself(void **state)
{
    struct bench *b = *state;

    phy_write(b, ENC_PHCON1, 0x0100);
    phy_write(b, ENC_PHIE, 0x0012);
    phy_write(b, ENC_PHCON1, 0x8000);
    assert_int_equal(phy_read(b, ENC_PHCON1), 0x8000);
    assert_false(sim_enc28j60_has_link(&b->chip));
    pass_us(b, 60);
    assert_int_equal(phy_read(b, ENC_PHCON1), 0x0000);
    assert_int_equal(phy_read(b, ENC_PHIE), 0x0000);
    assert_true(sim_enc28j60_has_link(&b->chip));
}

static void llstat_remembers_that_the_link_was_lost(void **state)
{
    struct bench *b = *state;

    assert_int_equal(phy_read(b, ENC_PHSTAT1), 0x1804);
    sim_cable_plug(&b->cable, false);
    sim_cable_plug(&b->cable, true);
    pass_us(b, 2);
    assert_int_equal(phy_read(b, ENC_PHSTAT2) & 0x0400, 0x0400);
    assert_int_equal(phy_read(b, ENC_PHSTAT1), 0x1800);
    assert_int_equal(phy_read(b, ENC_PHSTAT1), 0x1804);
}

static void llstat_is_up_at_the_first_read_after_reads_while_down(void **state)
{
    struct bench *b = *state;

    sim_cable_plug(&b->cable, false);
    assert_int_equal(phy_read(b, ENC_PHSTAT1), 0x1800);
    assert_int_equal(phy_read(b, ENC_PHSTAT2) & 0x0400, 0);
    sim_cable_plug(&b->cable, true);
    pass_us(b, 2);
    assert_int_equal(phy_read(b, ENC_PHSTAT1), 0x1804);
}

static void a_link_takes_its_time(void **state)
{
    struct bench *b =
        bench_open(&(struct sim_enc28j60_cfg){ .link_ns = 5 * SIM_MS,
            .errata_off = SIM_ENC28J60_ERRATA_ALL });

    *state = b;
    pass_us(b, 4500);
    assert_false(sim_enc28j60_has_link(&b->chip));
    pass_us(b, 200);
    assert_true(sim_enc28j60_has_link(&b->chip));
    sim_cable_plug(&b->cable, false);
    assert_false(sim_enc28j60_has_link(&b->chip));
}

static void phstat2_shows_what_passes(void **state)
{
    struct bench *b = *state;
    uint8_t frame[200];

    start(b, false);
    make_frame(frame, sizeof(frame), all_macs);
    assert_int_equal(phy_read(b, ENC_PHSTAT2), 0x0400);
    transmit(b, frame, sizeof(frame), 0);
    assert_int_equal(phy_read(b, ENC_PHSTAT2), 0x2400);
    pass_us(b, 200);
    sim_nic_send(&b->nic, frame, sizeof(frame));
    assert_int_equal(phy_read(b, ENC_PHSTAT2), 0x1400);
    pass_us(b, 200);
    transmit(b, frame, sizeof(frame), 0);
    sim_port_send(&b->nic.port, frame, 64);
    assert_int_equal(sim_enc28j60_phy_reg(&b->chip, ENC_PHSTAT2), 0x2400);
    sim_pass_ns(&b->world, 100); // they have met
    assert_int_equal(sim_enc28j60_phy_reg(&b->chip, ENC_PHSTAT2), 0x0C00);
    sim_port_cut(&b->nic.port);
    pass_us(b, 1000);
}

static void a_link_takes_20_ms_unless_told_otherwise(void **state)
{
    struct bench *b = *state;
    struct sim_enc28j60 other;

    sim_enc28j60_init(&other, &b->world, NULL);
    other.port.ops->link(&other.port, true);
    pass_us(b, 19999);
    assert_false(sim_enc28j60_has_link(&other));
    pass_us(b, 1);
    assert_true(sim_enc28j60_has_link(&other));
    sim_enc28j60_done(&other);
}

static void frclnk_makes_a_link_without_a_cable(void **state)
{
    struct bench *b = *state;

    sim_cable_plug(&b->cable, false);
    phy_write(b, ENC_PHCON2, 0x4000);
    assert_int_equal(phy_read(b, ENC_PHSTAT2) & 0x0400, 0x0400);
}

static void linkif_needs_both_enables_and_goes_with_a_read_of_phir(void **state)
{
    struct bench *b = *state;

    phy_read(b, ENC_PHIR);
    phy_write(b, ENC_PHIE, 0x0010);
    sim_cable_plug(&b->cable, false);
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    assert_int_equal(phy_read(b, ENC_PHIR) & 0x14, 0x14);

    phy_write(b, ENC_PHIE, 0x0012);
    bfs(b, ENC_EIE, 0x90);
    sim_cable_plug(&b->cable, true);
    pass_us(b, 2);
    assert_int_equal(rcr(b, ENC_EIR), ENC_EIR_LINKIF);
    assert_false(b->irq.level);
    bfc(b, ENC_EIR, ENC_EIR_LINKIF); // has no effect
    assert_int_equal(rcr(b, ENC_EIR), ENC_EIR_LINKIF);
    assert_int_equal(phy_read(b, ENC_PHIR) & 0x14, 0x14);
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    assert_true(b->irq.level);
    assert_int_equal(phy_read(b, ENC_PHIR) & 0x14, 0x00);
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_read_is_busy_for_10_24_us),
        T(a_write_is_busy_for_10_24_us_from_its_high_byte),
        T(mistat_bit_3_is_set_by_the_first_read),
        T(to_clear_miird_at_once_does_not_stop_the_read),
        T(miird_that_stays_set_starts_nothing_again),
        T(a_scan_reads_again_and_again),
        T(phy_registers_have_their_reset_values_and_masks),
        T(ledb_straps_the_duplex_mode),
        T(prst_resets_the_phy_and_clears_itself),
        T(llstat_remembers_that_the_link_was_lost),
        T(llstat_is_up_at_the_first_read_after_reads_while_down),
        T(a_link_takes_its_time),
        T(phstat2_shows_what_passes),
        T(a_link_takes_20_ms_unless_told_otherwise),
        T(frclnk_makes_a_link_without_a_cable),
        T(linkif_needs_both_enables_and_goes_with_a_read_of_phir),
    };

    return cmocka_run_group_tests_name("model_mii", tests, NULL, NULL);
}
