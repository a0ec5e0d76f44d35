// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's resets, start-up, power save, and its interrupt pin.

#include "tests/enc28j60/model_bench.h"

static void dirty(struct bench *b)
{
    start(b, true);
    wcr(b, ENC_EIE, 0x88); // the pin is low
    wcr(b, ENC_EHT0, 0x12);
    wcr(b, ENC_ECOCON, 0x02);
    phy_write(b, ENC_PHIE, 0x0012);
    b->chip.ram[0x0123] = 0x5A;
    sim_enc28j60_irq_spurious(&b->chip, ENC_EIR_TXIF);
    bank(b, ENC_EREVID);
}

static void expect_reset(struct bench *b, unsigned ecocon, bool memory_kept)
{
    assert_int_equal(rcr(b, ENC_ECON1), 0x00); // bank 0
    assert_int_equal(rcr(b, ENC_ECON2), 0x80);
    assert_int_equal(rcr(b, ENC_EIE), 0x00);
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    assert_int_equal(rcr16(b, ENC_ERXSTL), 0x05FA);
    assert_int_equal(rcr16(b, ENC_ERXRDPTL), 0x05FA);
    assert_int_equal(rcr(b, ENC_EHT0), 0x00);
    assert_int_equal(rcr(b, ENC_MACON3), 0x00);
    assert_int_equal(rcr(b, ENC_MAADR1), 0x00);
    assert_int_equal(rcr(b, ENC_ECOCON), ecocon);
    assert_int_equal(phy_read(b, ENC_PHIE), 0x0000);
    assert_int_equal(phy_read(b, ENC_PHLCON), 0x3422);
    assert_int_equal(b->chip.ram[0x0123] == 0x5A, memory_kept);
    assert_true(b->irq.level);
}

static void power_up_takes_300_us(void **state)
{
    struct bench *b = *state;

    dirty(b);
    assert_false(b->irq.level);
    sim_enc28j60_brown_out(&b->chip);
    assert_true(b->irq.level);
    assert_false(sim_enc28j60_has_link(&b->chip));
    assert_int_equal(rcr(b, ENC_ESTAT) & 1, 0);
    pass_us(b, 298);
    assert_int_equal(sim_enc28j60_reg(&b->chip, ENC_ESTAT) & 1, 0);
    pass_us(b, 2);
    assert_int_equal(rcr(b, ENC_ESTAT) & 1, 1);
    expect_reset(b, 0x04, false);
}

static void a_soft_reset_keeps_memory_clkrdy_and_ecocon(void **state)
{
    struct bench *b = *state;

    dirty(b);
    src(b);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01);
    expect_reset(b, 0x02, true);
}

static void the_reset_pin_does_the_same(void **state)
{
    struct bench *b = *state;

    dirty(b);
    nif_pin_write(&b->reset.pin, false);
    pass_us(b, 1);
    assert_false(sim_enc28j60_has_link(&b->chip));
    nif_pin_write(&b->reset.pin, true);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01);
    expect_reset(b, 0x02, true);
    assert_int_equal(b->chip.counts.resets, 2);
}

static void a_chip_in_reset_is_deaf_and_dumb(void **state)
{
    struct bench *b = *state;
    uint8_t rx[2];

    b->bus.watch_driven = true;
    nif_pin_write(&b->reset.pin, false);
    pass_us(b, 1);
    exchange(b, (uint8_t[]){ 0x1D, 0 }, rx, 2);
    assert_int_equal(b->bus.driven[1], 0);
    wcr(b, ENC_EIE, 0x80);
    nif_pin_write(&b->reset.pin, true);
    assert_int_equal(rcr(b, ENC_EIE), 0x00);
}

static void a_pin_that_is_low_from_the_beginning_holds_the_chip(void **state)
{
    struct bench *b = *state;

    b->reset.level = false;
    sim_enc28j60_pins(&b->chip, &b->irq, &b->reset);
    pass_us(b, 1000);
    assert_false(sim_enc28j60_has_link(&b->chip));
    nif_pin_write(&b->reset.pin, true);
    pass_us(b, 2);
    assert_true(sim_enc28j60_has_link(&b->chip));
    assert_int_equal(b->chip.counts.resets, 2);
}

static void a_reset_in_the_middle_of_a_transaction_ends_it(void **state)
{
    struct bench *b = *state;
    struct sim_spi_chip *spi = &b->chip.spi;

    pass_us(b, 1);
    spi->ops->select(spi);
    sim_pass_ns(&b->world, 100);
    spi->ops->exchange(spi, 0x40 | ENC_EIE);
    sim_pass_ns(&b->world, 400);
    sim_enc28j60_brown_out(&b->chip);
    assert_int_equal(spi->ops->exchange(spi, 0x80), -1);
    sim_pass_ns(&b->world, 500);
    spi->ops->release(spi);
    pass_us(b, 1);
    assert_int_equal(rcr(b, ENC_EIE), 0x00);
}

static void a_reset_while_sending_leaves_a_cut_frame(void **state)
{
    struct bench *b = *state;
    uint8_t frame[500];

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    src(b);
    pass_us(b, 500);
    assert_int_equal(b->nic.rx_bad, 1);
    assert_int_equal(b->seen_count, 0);
}

static void a_reset_ends_dma_and_mii_operations(void **state)
{
    struct bench *b = *state;

    wcr16(b, ENC_EDMANDL, 0x1000);
    bfs(b, ENC_ECON1, ENC_ECON1_DMAST);
    wcr(b, ENC_MICMD, 1);
    src(b);
    assert_int_equal(rcr(b, ENC_MISTAT), 0x00);
    pass_us(b, 1000);
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    assert_int_equal(rcr16(b, ENC_MIRDL), 0x0000);
}

static void a_write_whose_chip_is_reset_before_the_release_is_lost(void **state)
{
    struct bench *b = *state;
    struct sim_spi_chip *spi = &b->chip.spi;

    pass_us(b, 1);
    spi->ops->select(spi);
    sim_pass_ns(&b->world, 100);
    spi->ops->exchange(spi, 0x40 | ENC_EIE);
    sim_pass_ns(&b->world, 400);
    spi->ops->exchange(spi, 0x80);
    sim_enc28j60_brown_out(&b->chip);
    sim_pass_ns(&b->world, 500);
    spi->ops->release(spi);
    pass_us(b, 1);
    assert_int_equal(rcr(b, ENC_EIE), 0x00);
}

// ---- power save

static void power_save_stops_what_is_under_way(void **state)
{
    struct bench *b = *state;
    uint8_t frame[500];

    start(b, true);
    make_frame(frame, sizeof(frame), own_mac);
    sim_nic_send(&b->nic, frame, sizeof(frame));
    transmit(b, frame, sizeof(frame), 0);
    wcr(b, ENC_MICMD, 1);
    bfs(b, ENC_ECON2, ENC_ECON2_PWRSV);
    bench_forgive(b, SIM_ENC28J60_R_POWER);
    assert_int_equal(rcr(b, ENC_ECON1) & ENC_ECON1_TXRTS, 0);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x00);
    pass_us(b, 1000);
    bfc(b, ENC_ECON2, ENC_ECON2_PWRSV);
    pass_us(b, 400);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
    assert_int_equal(b->seen_count, 0);
    assert_int_equal(rcr(b, ENC_MISTAT) & 1, 0);
    assert_int_equal(rcr16(b, ENC_MIRDL), 0x0000);
}

static void power_save_stops_the_mac_and_keeps_the_rest(void **state)
{
    struct bench *b = *state;
    uint8_t byte = 0x3C;

    start(b, true);
    wcr(b, ENC_EHT0, 0x12);
    bfc(b, ENC_ECON1, ENC_ECON1_RXEN);
    bfs(b, ENC_ECON2, ENC_ECON2_VRPS);
    bfs(b, ENC_ECON2, ENC_ECON2_PWRSV);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x00);
    assert_false(sim_enc28j60_has_link(&b->chip));
    write_at(b, 0x1234, &byte, 1);
    assert_int_equal(b->chip.ram[0x1234], 0x3C);
    assert_int_equal(rcr(b, ENC_EHT0), 0x12);

    bfc(b, ENC_ECON2, ENC_ECON2_PWRSV);
    pass_us(b, 290);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x00);
    pass_us(b, 20);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01);
    assert_int_equal(rcr(b, ENC_MACON3), 0x33);
    assert_int_equal(phy_read(b, ENC_PHCON1), 0x0100);
    assert_true(sim_enc28j60_has_link(&b->chip));
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    arrive(b, b->seen[0], 60);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
}

static void a_soft_reset_ends_power_save_without_erratum_19(void **state)
{
    struct bench *b = *state;

    bfs(b, ENC_ECON2, ENC_ECON2_PWRSV);
    src(b);
    assert_int_equal(rcr(b, ENC_ECON2), 0x80);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x00);
    pass_us(b, 300);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01);
}

// ---- interrupts

static void each_flag_needs_its_enable_and_intie(void **state)
{
    static const uint8_t flags[] = { ENC_EIR_DMAIF, ENC_EIR_TXIF,
        ENC_EIR_TXERIF, ENC_EIR_RXERIF };
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(flags); i++) {
        sim_enc28j60_irq_spurious(&b->chip, flags[i]);
        assert_true(b->irq.level);
        assert_int_equal(rcr(b, ENC_ESTAT) & 0x80, 0);
        wcr(b, ENC_EIE, flags[i]);
        assert_true(b->irq.level);
        wcr(b, ENC_EIE, 0x80 | flags[i]);
        assert_false(b->irq.level);
        assert_int_equal(rcr(b, ENC_ESTAT) & 0x80, 0x80);
        wcr(b, ENC_EIE, 0xFB & ~flags[i]);
        assert_true(b->irq.level);
        wcr(b, ENC_EIE, 0x80 | flags[i]);
        bfc(b, ENC_EIR, flags[i]);
        assert_true(b->irq.level);
    }
}

static void intie_set_again_makes_a_new_edge(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, true);
    make_frame(frame, sizeof(frame), own_mac);
    wcr(b, ENC_EIE, 0xC0);
    arrive(b, frame, sizeof(frame));
    assert_int_equal(b->edges, 1);
    arrive(b, frame, sizeof(frame));
    assert_int_equal(b->edges, 1); // the level was low already
    bfc(b, ENC_EIE, 0x80);
    assert_true(b->irq.level);
    bfs(b, ENC_ECON2, ENC_ECON2_PKTDEC);
    bfs(b, ENC_EIE, 0x80);
    assert_int_equal(b->edges, 2);
    bfs(b, ENC_ECON2, ENC_ECON2_PKTDEC);
    assert_true(b->irq.level);
    arrive(b, frame, sizeof(frame));
    assert_int_equal(b->edges, 3);
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(power_up_takes_300_us),
        T(a_soft_reset_keeps_memory_clkrdy_and_ecocon),
        T(the_reset_pin_does_the_same),
        T(a_chip_in_reset_is_deaf_and_dumb),
        T(a_pin_that_is_low_from_the_beginning_holds_the_chip),
        T(a_reset_in_the_middle_of_a_transaction_ends_it),
        T(a_reset_while_sending_leaves_a_cut_frame),
        T(a_reset_ends_dma_and_mii_operations),
        T(a_write_whose_chip_is_reset_before_the_release_is_lost),
        T(power_save_stops_what_is_under_way),
        T(power_save_stops_the_mac_and_keeps_the_rest),
        T(a_soft_reset_ends_power_save_without_erratum_19),
        T(each_flag_needs_its_enable_and_intie),
        T(intie_set_again_makes_a_new_edge),
    };

    return cmocka_run_group_tests_name("model_reset", tests, NULL, NULL);
}
