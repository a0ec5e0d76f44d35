// SPDX-License-Identifier: MIT
//
// What the ENC28J60 model complains of: each rule is broken once, and a chip
// that is used well complains of nothing (which all other tests check).

#include "tests/enc28j60/model_bench.h"

typedef void breaker(struct bench *b);

static void raw(struct bench *b, const uint8_t *tx, size_t len)
{
    exchange(b, tx, NULL, len);
}

static void too_fast(struct bench *b)
{
    b->chip.spi.hz = 20000001;
    rcr(b, ENC_ESTAT);
}

static void wrong_mode(struct bench *b)
{
    b->chip.spi.mode = 3;
    rcr(b, ENC_ESTAT);
}

// One byte with these times, by hand.
static void by_hand(struct bench *b, uint64_t setup_ns, uint64_t hold_ns)
{
    struct sim_spi_chip *spi = &b->chip.spi;

    pass_us(b, 1);
    spi->ops->select(spi);
    sim_pass_ns(&b->world, setup_ns);
    spi->ops->exchange(spi, ENC_BYTE_RBM);
    sim_pass_ns(&b->world, 400 + hold_ns);
    spi->ops->release(spi);
}

static void short_setup(struct bench *b)
{
    by_hand(b, 49, 10);
}

static void short_hold(struct bench *b)
{
    by_hand(b, 50, 9);
}

static void short_gap(struct bench *b)
{
    by_hand(b, 50, 10);
    sim_pass_ns(&b->world, 49);
    b->chip.spi.ops->select(&b->chip.spi);
    sim_pass_ns(&b->world, 50);
    b->chip.spi.ops->release(&b->chip.spi);
}

static void unknown_instruction(struct bench *b)
{
    raw(b, (uint8_t[]){ 0xC0, 0 }, 2);
}

static void wrong_src(struct bench *b)
{
    raw(b, (uint8_t[]){ 0xE0 }, 1);
    assert_int_equal(b->chip.counts.resets, 1);
}

static void wrong_buffer_argument(struct bench *b)
{
    raw(b, (uint8_t[]){ 0x3B, 0 }, 2);
}

static void write_without_data(struct bench *b)
{
    raw(b, (uint8_t[]){ 0x40 | ENC_EIE }, 1);
}

static void read_without_dummy(struct bench *b)
{
    bank(b, ENC_MACON1);
    raw(b, (uint8_t[]){ 0x00, 0 }, 2);
}

static void read_on(struct bench *b)
{
    raw(b, (uint8_t[]){ ENC_ESTAT, 0, 0 }, 3);
}

static void write_on(struct bench *b)
{
    raw(b, (uint8_t[]){ 0x40 | ENC_EIE, 0, 0 }, 3);
}

static void bfs_on_mac(struct bench *b)
{
    bfs(b, ENC_MACON3, 1);
}

static void bfc_on_mii(struct bench *b)
{
    bfc(b, ENC_MICMD, 1);
}

static void read_1a(struct bench *b)
{
    raw(b, (uint8_t[]){ 0x1A, 0 }, 2);
}

static void write_1a(struct bench *b)
{
    raw(b, (uint8_t[]){ 0x5A, 0 }, 2);
}

static void reserved_bit(struct bench *b)
{
    wcr(b, ENC_MACON1, 0x11);
}

static void reserved_phy_bit(struct bench *b)
{
    phy_write(b, ENC_PHCON2, 0x0101);
}

static void phlcon_without_its_ones(struct bench *b)
{
    phy_write(b, ENC_PHLCON, 0x0476);
}

static void write_epktcnt(struct bench *b)
{
    wcr(b, ENC_EPKTCNT, 0);
}

static void mac_in_start_up(struct bench *b)
{
    sim_enc28j60_brown_out(&b->chip);
    wcr(b, ENC_MACON1, 1);
    assert_int_equal(sim_enc28j60_reg(&b->chip, ENC_MACON1), 0);
}

static void mac_in_power_save(struct bench *b)
{
    wcr(b, ENC_MACON1, 1);
    bfs(b, ENC_ECON2, ENC_ECON2_PWRSV);
    assert_int_equal(rcr(b, ENC_MACON1), 0);
}

static void rxen_in_start_up(struct bench *b)
{
    sim_enc28j60_brown_out(&b->chip);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    assert_int_equal(rcr(b, ENC_ECON1), 0);
}

static void mac_after_src(struct bench *b)
{
    sim_enc28j60_erratum(&b->chip, 2, true);
    src(b);
    pass_us(b, 900);
    rcr(b, ENC_MACON1);
}

static void mac_without_hold(struct bench *b)
{
    b->hold_ns = 209;
    wcr(b, ENC_MACON1, 1);
    assert_int_equal(rcr(b, ENC_MACON1), 0);
}

static void miird_while_busy(struct bench *b)
{
    wcr(b, ENC_MIWRH, 0);
    wcr(b, ENC_MICMD, 1);
}

static void miwr_while_busy(struct bench *b)
{
    wcr(b, ENC_MICMD, 1);
    wcr(b, ENC_MIWRH, 0);
}

static void mird_while_busy(struct bench *b)
{
    wcr(b, ENC_MICMD, 1);
    rcr(b, ENC_MIRDL);
}

static void erxnd_while_receiving(struct bench *b)
{
    start(b, true);
    wcr(b, ENC_ERXNDL, 0xFF);
}

static void erxrdpt_outside(struct bench *b)
{
    start(b, true);
    wcr16(b, ENC_ERXRDPTL, 0xFFFF);
}

static void even_erxrdpt(struct bench *b)
{
    wcr16(b, ENC_ERXRDPTL, 0x0100);
}

static void erxrdpt_high_first(struct bench *b)
{
    wcr(b, ENC_ERXRDPTL, 0x01);
    wcr(b, ENC_ERXRDPTH, 0x01);
    wcr(b, ENC_ERXRDPTH, 0x02);
}

static void vector_in_the_fifo(struct bench *b)
{
    start(b, true);
    wcr16(b, ENC_ETXSTL, 0x1F00);
    wcr16(b, ENC_ETXNDL, 0x1FFE);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
}

static void frame_over_the_fifo(struct bench *b)
{
    start(b, true);
    wcr(b, ENC_MACON3, 0x37);
    bfc(b, ENC_ECON1, ENC_ECON1_RXEN);
    wcr16(b, ENC_ERXSTL, 0x0400);
    wcr16(b, ENC_ERXNDL, 0x04FF);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    wcr16(b, ENC_ETXSTL, 0x0300);
    wcr16(b, ENC_ETXNDL, 0x0600);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
}

static void begin_frame(struct bench *b)
{
    uint8_t frame[500];

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
}

static void txrts_twice(struct bench *b)
{
    begin_frame(b);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
}

static void etxst_while_sending(struct bench *b)
{
    begin_frame(b);
    wcr(b, ENC_ETXSTL, 0);
}

static void wbm_into_the_frame(struct bench *b)
{
    uint8_t two[2] = { 0, 0 };

    begin_frame(b);
    write_at(b, 0x11F3, two, 2); // the frame ends at 11F4
}

static void txrts_without_a_frame(struct bench *b)
{
    start(b, true);
    wcr16(b, ENC_ETXSTL, 0x1000);
    wcr16(b, ENC_ETXNDL, 0x1000);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
}

static void no_gap(struct bench *b)
{
    start(b, true);
    wcr(b, ENC_MABBIPG, 0x14);
    wcr16(b, ENC_ETXSTL, 0x1000);
    wcr16(b, ENC_ETXNDL, 0x1040);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
}

static void padding_without_fcs(struct bench *b)
{
    start(b, true);
    wcr(b, ENC_MACON3, 0x21);
    b->chip.ram[0x1000] = 0;
    wcr16(b, ENC_ETXSTL, 0x1000);
    wcr16(b, ENC_ETXNDL, 0x1040);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
}

static void wbm_into_the_fifo(struct bench *b)
{
    uint8_t byte = 0;

    start(b, true);
    write_at(b, 0x0FFF, &byte, 1);
}

static void endless_copy(struct bench *b)
{
    bfs(b, ENC_ECON1, ENC_ECON1_DMAST);
}

static void duplex_mismatch(struct bench *b)
{
    uint8_t frame[60] = { 0 };

    start(b, true);
    wcr(b, ENC_MACON3, 0x32);
    arrive(b, frame, sizeof(frame));
}

static void sleep_while_receiving(struct bench *b)
{
    start(b, true);
    bfs(b, ENC_ECON2, ENC_ECON2_PWRSV);
}

static void short_reset(struct bench *b)
{
    nif_pin_write(&b->reset.pin, false);
    sim_pass_ns(&b->world, 100); // and a step of the processor
    nif_pin_write(&b->reset.pin, true);
    assert_int_equal(b->chip.counts.resets, 1);
}

static void too_huge(struct bench *b)
{
    start(b, true);
    bfc(b, ENC_ECON1, ENC_ECON1_RXEN);
    wcr(b, ENC_MACON3, 0x37);
    b->chip.ram[0x0000] = 0;
    wcr16(b, ENC_ETXSTL, 0x0000);
    wcr16(b, ENC_ETXNDL, 0x1800);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    pass_us(b, 5000);
    assert_true(rcr(b, ENC_ESTAT) & ENC_ESTAT_TXABRT);
}

static void self_test(struct bench *b)
{
    wcr(b, ENC_EBSTCON, 0x03);
    assert_int_equal(rcr(b, ENC_EBSTCON), 0x02);
}

static void backpressure(struct bench *b)
{
    start(b, false);
    wcr(b, ENC_EFLOCON, 1);
}

static const struct {
    breaker *fn;
    enum sim_enc28j60_rule rule;
    bool mild; // silicon does not mind
} cases[] = {
    { too_fast, SIM_ENC28J60_R_CLOCK, false },
    { wrong_mode, SIM_ENC28J60_R_CLOCK, false },
    { short_setup, SIM_ENC28J60_R_TIMING, false },
    { short_hold, SIM_ENC28J60_R_TIMING, false },
    { short_gap, SIM_ENC28J60_R_TIMING, false },
    { unknown_instruction, SIM_ENC28J60_R_FRAMING, false },
    { wrong_src, SIM_ENC28J60_R_FRAMING, false },
    { wrong_buffer_argument, SIM_ENC28J60_R_FRAMING, false },
    { write_without_data, SIM_ENC28J60_R_FRAMING, false },
    { read_without_dummy, SIM_ENC28J60_R_DUMMY, false },
    { read_on, SIM_ENC28J60_R_EXTRA, true },
    { write_on, SIM_ENC28J60_R_EXTRA, true },
    { bfs_on_mac, SIM_ENC28J60_R_BITOP, true },
    { bfc_on_mii, SIM_ENC28J60_R_BITOP, true },
    { read_1a, SIM_ENC28J60_R_RESERVED, true },
    { write_1a, SIM_ENC28J60_R_RESERVED, true },
    { reserved_bit, SIM_ENC28J60_R_RESERVED, true },
    { reserved_phy_bit, SIM_ENC28J60_R_RESERVED, true },
    { phlcon_without_its_ones, SIM_ENC28J60_R_RESERVED, true },
    { write_epktcnt, SIM_ENC28J60_R_READONLY, true },
    { mac_in_start_up, SIM_ENC28J60_R_NOT_READY, false },
    { mac_in_power_save, SIM_ENC28J60_R_NOT_READY, false },
    { rxen_in_start_up, SIM_ENC28J60_R_NOT_READY, false },
    { mac_after_src, SIM_ENC28J60_R_NOT_READY, false },
    { miird_while_busy, SIM_ENC28J60_R_MII_BUSY, false },
    { miwr_while_busy, SIM_ENC28J60_R_MII_BUSY, false },
    { mird_while_busy, SIM_ENC28J60_R_MII_BUSY, false },
    { erxnd_while_receiving, SIM_ENC28J60_R_RX_SETUP, true },
    { erxrdpt_outside, SIM_ENC28J60_R_RX_SETUP, true },
    { even_erxrdpt, SIM_ENC28J60_R_EVEN, true },
    { vector_in_the_fifo, SIM_ENC28J60_R_TX_AREA, true },
    { frame_over_the_fifo, SIM_ENC28J60_R_TX_AREA, true },
    { txrts_twice, SIM_ENC28J60_R_TX_BUSY, false },
    { etxst_while_sending, SIM_ENC28J60_R_TX_BUSY, false },
    { wbm_into_the_frame, SIM_ENC28J60_R_TX_BUSY, false },
    { txrts_without_a_frame, SIM_ENC28J60_R_TX_SETUP, true },
    { no_gap, SIM_ENC28J60_R_TX_SETUP, true },
    { padding_without_fcs, SIM_ENC28J60_R_TX_SETUP, true },
    { wbm_into_the_fifo, SIM_ENC28J60_R_RX_WRITE, false },
    { endless_copy, SIM_ENC28J60_R_DMA, false },
    { duplex_mismatch, SIM_ENC28J60_R_DUPLEX, false },
    { sleep_while_receiving, SIM_ENC28J60_R_POWER, true },
    { short_reset, SIM_ENC28J60_R_PIN, false },
    { too_huge, SIM_ENC28J60_R_ABSENT, false },
    { self_test, SIM_ENC28J60_R_ABSENT, false },
    { backpressure, SIM_ENC28J60_R_ABSENT, false },
};

static void try_all(void **state, bool compat)
{
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct bench *b =
            bench_open(&(struct sim_enc28j60_cfg){ .compat = compat,
                .errata_off = SIM_ENC28J60_ERRATA_ALL });
        unsigned want = compat && cases[i].mild ? 0 : 1;

        *state = b;
        cases[i].fn(b);
        if (b->chip.counts.broken[cases[i].rule] != 1 ||
            sim_enc28j60_violations(&b->chip) != 1 ||
            b->world.complaints != want) {
            fail_msg("case %zu (%s): %u of it, %u in all, %u complaints: %s", i,
                sim_enc28j60_rule_name(cases[i].rule),
                b->chip.counts.broken[cases[i].rule],
                sim_enc28j60_violations(&b->chip), b->world.complaints,
                b->last);
        }
        b->world.complaints = 0;
    }
}

static void each_broken_rule_is_complained_of_once(void **state)
{
    try_all(state, false);
}

static void compat_counts_mild_ones_and_keeps_silent(void **state)
{
    try_all(state, true);
}

// These two break more than one rule, or have another effect in compat mode.
static void a_mac_write_needs_its_hold_time(void **state)
{
    struct bench *b = bench_open(NULL);

    *state = b;
    mac_without_hold(b);
    bench_forgive(b, SIM_ENC28J60_R_HOLD);
    b->hold_ns = 210;
    wcr(b, ENC_MACON1, 1);
    assert_int_equal(rcr(b, ENC_MACON1), 1);
    b->chip.cfg.compat = true;
    b->hold_ns = 20;
    wcr(b, ENC_MACON1, 2);
    assert_int_equal(rcr(b, ENC_MACON1), 2);
}

static void erxrdpt_wants_its_low_byte_first(void **state)
{
    struct bench *b = bench_open(NULL);

    *state = b;
    erxrdpt_high_first(b);
    bench_forgive(b, SIM_ENC28J60_R_ORDER);
}

#define T(name) cmocka_unit_test_teardown(name, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_broken_rule_is_complained_of_once),
        T(compat_counts_mild_ones_and_keeps_silent),
        T(a_mac_write_needs_its_hold_time),
        T(erxrdpt_wants_its_low_byte_first),
    };

    return cmocka_run_group_tests_name("model_rules", tests, NULL, NULL);
}
