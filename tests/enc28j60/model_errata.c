// SPDX-License-Identifier: MIT
//
// Each erratum of DS80349C that the ENC28J60 model has: it bites where the
// errata sheet says, it is counted, and it does not bite when switched off
// (that is what the other tests run with).

#include "tests/enc28j60/model_bench.h"

static struct bench *open_with(void **state, unsigned number)
{
    struct bench *b = bench_open(&(struct sim_enc28j60_cfg){
        .errata_off = SIM_ENC28J60_ERRATA_ALL,
        .errata_on = SIM_ENC28J60_ERRATUM(number),
    });

    *state = b;
    return b;
}

static bool is_sending(struct bench *b)
{
    return sim_enc28j60_reg(&b->chip, ENC_ECON1) & ENC_ECON1_TXRTS;
}

static void transmit_60(struct bench *b)
{
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
}

static void erratum_1_loses_mac_accesses_on_a_slow_bus(void **state)
{
    struct bench *b = open_with(state, 1);
    unsigned bad = 0;

    for (unsigned i = 0; i < 30; i++) {
        wcr(b, ENC_MAADR1, i);
        bad += rcr(b, ENC_MAADR1) != i;
    }
    assert_int_equal(bad, 0); // 20 MHz
    b->chip.spi.hz = 7900000;
    for (unsigned i = 0; i < 30; i++) {
        wcr(b, ENC_MAADR1, i);
        bad += rcr(b, ENC_MAADR1) != i;
        wcr(b, ENC_EHT0, i); // ETH registers have no such trouble
        assert_int_equal(rcr(b, ENC_EHT0), i);
    }
    assert_int_not_equal(bad, 0);
    assert_int_equal(b->chip.counts.erratum[1], 20);
}

static void erratum_2_makes_the_mac_unusable_for_1_ms_after_src(void **state)
{
    struct bench *b = open_with(state, 2);

    src(b);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01); // and CLKRDY says nothing
    wcr(b, ENC_MAADR1, 0x55);
    assert_int_equal(rcr(b, ENC_MAADR1), 0x00);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    assert_int_equal(rcr(b, ENC_ECON1) & 0x0C, 0x00);
    bench_forgive(b, SIM_ENC28J60_R_NOT_READY);
    pass_us(b, 1000);
    assert_int_equal(rcr(b, ENC_MAADR1), 0x00);
    wcr(b, ENC_MAADR1, 0x55);
    assert_int_equal(rcr(b, ENC_MAADR1), 0x55);
    assert_int_equal(b->chip.counts.erratum[2], 1);
}

static void erratum_5_starts_at_0_if_erxst_is_not_0(void **state)
{
    struct bench *b = open_with(state, 5);
    uint8_t frame[60];
    uint8_t found[6];

    start(b, true);
    bfc(b, ENC_ECON1, ENC_ECON1_RXEN);
    wcr16(b, ENC_ERXSTL, 0x0400);
    bfs(b, ENC_ECON1, ENC_ECON1_RXEN);
    make_frame(frame, sizeof(frame), own_mac);
    arrive(b, frame, sizeof(frame));
    read_at(b, 6, found, sizeof(found));
    assert_memory_equal(found, own_mac, 6);
    assert_int_equal(b->chip.counts.erratum[5], 1);
    arrive(b, frame, sizeof(frame));
    read_at(b, 76, found, sizeof(found)); // behind the first
    assert_memory_equal(found, own_mac, 6);
}

static void erratum_6_hides_pktif_but_not_the_pin(void **state)
{
    struct bench *b = open_with(state, 6);
    uint8_t frame[60];
    unsigned hidden = 0;

    start(b, true);
    wcr(b, ENC_EIE, 0xC0);
    make_frame(frame, sizeof(frame), own_mac);
    arrive(b, frame, sizeof(frame));
    for (unsigned i = 0; i < 30; i++) {
        hidden += !(rcr(b, ENC_EIR) & ENC_EIR_PKTIF);
        assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
        assert_false(b->irq.level);
    }
    assert_int_equal(hidden, 10);
    assert_int_equal(b->chip.counts.erratum[6], 10);
}

static void erratum_9_loops_some_half_duplex_frames_back(void **state)
{
    struct bench *b = open_with(state, 9);

    start(b, false);
    phy_write(b, ENC_PHCON2, 0x0000);
    for (unsigned i = 0; i < 9; i++) {
        transmit_60(b);
    }
    assert_int_equal(rcr(b, ENC_EPKTCNT), 3);
    phy_write(b, ENC_PHCON2, 0x0100);
    for (unsigned i = 0; i < 9; i++) {
        transmit_60(b);
    }
    assert_int_equal(rcr(b, ENC_EPKTCNT), 3);
}

static void erratum_10_loses_some_frames_in_phy_loopback(void **state)
{
    struct bench *b = open_with(state, 10);

    start(b, true);
    phy_write(b, ENC_PHCON1, 0x4100);
    for (unsigned i = 0; i < 9; i++) {
        transmit_60(b);
    }
    assert_int_equal(rcr(b, ENC_EPKTCNT), 6);
    assert_int_equal(b->chip.counts.erratum[10], 3);
}

static void abort_one(struct bench *b)
{
    wcr16(b, ENC_MAMXFLL, 60); // 64 bytes are too many
    transmit_60(b);
    assert_false(is_sending(b));
    assert_true(rcr(b, ENC_EIR) & ENC_EIR_TXERIF);
    wcr16(b, ENC_MAMXFLL, 1518);
    bfc(b, ENC_EIR, ENC_EIR_TXIF | ENC_EIR_TXERIF);
}

static void erratum_12_hangs_after_an_abort_until_txrst(void **state)
{
    struct bench *b = open_with(state, 12);

    start(b, true);
    abort_one(b);
    transmit_60(b);
    pass_us(b, 100000);
    assert_true(is_sending(b));
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    bfc(b, ENC_ECON1, ENC_ECON1_TXRTS);
    transmit_60(b);
    assert_true(is_sending(b)); // that did not help
    bfs(b, ENC_ECON1, ENC_ECON1_TXRST);
    bfc(b, ENC_ECON1, ENC_ECON1_TXRST);
    transmit_60(b);
    assert_false(is_sending(b));
    assert_int_equal(b->seen_count, 1);
}

static void erratum_12_sets_txerif_when_txrst_is_cleared(void **state)
{
    struct bench *b = open_with(state, 12);

    bfs(b, ENC_ECON1, ENC_ECON1_TXRST);
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    bfc(b, ENC_ECON1, ENC_ECON1_TXRST);
    assert_int_equal(rcr(b, ENC_EIR), ENC_EIR_TXERIF);
    bfc(b, ENC_EIR, ENC_EIR_TXERIF);
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
}

static void erratum_13_leaves_txrts_set_and_txif_clear(void **state)
{
    struct bench *b = open_with(state, 13);

    start(b, false);
    sim_enc28j60_tx_fail(&b->chip, SIM_ENC28J60_TX_LATECOL, 2);
    transmit_60(b);
    assert_true(is_sending(b));
    assert_int_equal(rcr(b, ENC_EIR), ENC_EIR_TXERIF);
    assert_true(rcr(b, ENC_ESTAT) & ENC_ESTAT_TXABRT);
    assert_true(vector(b) >> 29 & 1);
    assert_int_equal(b->nic.rx_bad, 1);
    // The way out: clear TXRTS, pulse TXRST, clear the flags, try again.
    for (unsigned i = 0; i < 2; i++) {
        bfc(b, ENC_ECON1, ENC_ECON1_TXRTS);
        bfs(b, ENC_ECON1, ENC_ECON1_TXRST);
        bfc(b, ENC_ECON1, ENC_ECON1_TXRST);
        bfc(b, ENC_EIR, ENC_EIR_TXIF | ENC_EIR_TXERIF);
        bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
        pass_us(b, 100);
        assert_int_equal(is_sending(b), i == 0);
    }
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(b->chip.counts.erratum[13], 2);
}

static void tx_stall_hangs_without_any_flag(void **state)
{
    struct bench *b = *state;

    start(b, true);
    sim_enc28j60_tx_fail(&b->chip, SIM_ENC28J60_TX_STALL, 1);
    transmit_60(b);
    pass_us(b, 100000);
    assert_true(is_sending(b));
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRST);
    bfc(b, ENC_ECON1, ENC_ECON1_TXRST);
    transmit_60(b);
    assert_int_equal(b->seen_count, 1);
}

static void
erratum_14_spoils_the_next_header_after_an_even_erxrdpt(void **state)
{
    struct bench *b = open_with(state, 14);
    uint8_t frame[60];
    uint8_t raw[4];

    start(b, true);
    make_frame(frame, sizeof(frame), own_mac);
    arrive(b, frame, sizeof(frame));
    wcr16(b, ENC_ERXRDPTL, 72); // one byte is free
    bench_forgive(b, SIM_ENC28J60_R_EVEN);
    arrive(b, frame, sizeof(frame));
    arrive(b, frame, sizeof(frame));
    read_at(b, 0, raw, 4);
    assert_int_equal(nif_get_le16(raw), 70);
    assert_int_equal(b->chip.counts.rx_lost, 2);
    wcr16(b, ENC_ERXRDPTL, 0x0FFF);
    arrive(b, frame, sizeof(frame));
    read_at(b, 70, raw, 4);
    assert_int_not_equal(nif_get_le16(raw), 140);
    assert_int_equal(nif_get_le16(raw + 2), 64);
    arrive(b, frame, sizeof(frame));
    read_at(b, 140, raw, 4);
    assert_int_equal(nif_get_le16(raw), 210);
    assert_int_equal(b->chip.counts.erratum[14], 1);
}

static void erratum_14_spares_the_first_write_in_compat_mode(void **state)
{
    struct bench *b = bench_open(&(struct sim_enc28j60_cfg){ .compat = true });

    *state = b;
    wcr16(b, ENC_ERXSTL, 0x0000);
    wcr16(b, ENC_ERXRDPTL, 0x0000);
    assert_int_equal(b->chip.counts.erratum[14], 0);
    assert_int_equal(b->chip.counts.broken[SIM_ENC28J60_R_EVEN], 1);
    wcr16(b, ENC_ERXRDPTL, 0x0100);
    assert_int_equal(b->chip.counts.erratum[14], 1);
}

static void late(struct bench *b)
{
    uint8_t frame[500];

    start(b, false);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    sim_port_send(&b->nic.port, frame, 60);
    pass_us(b, 10);
    assert_true(vector(b) >> 29 & 1);
}

static void erratum_15_does_not_show_late_collisions(void **state)
{
    struct bench *b = open_with(state, 15);

    late(b);
    assert_int_equal(rcr(b, ENC_ESTAT) & 0x12, ENC_ESTAT_TXABRT);
    assert_int_equal(b->chip.counts.erratum[15], 1);
    b->nic.full_duplex = true; // it has no frame of its own to drop
    sim_port_cut(&b->nic.port);
}

static void erratum_16_reads_the_strap_the_wrong_way(void **state)
{
    struct bench *b = open_with(state, 16);

    assert_int_equal(phy_read(b, ENC_PHCON1), 0x0100);
    phy_write(b, ENC_PHCON1, 0x0000);
    assert_int_equal(phy_read(b, ENC_PHCON1), 0x0000);
    src(b);
    assert_int_equal(phy_read(b, ENC_PHCON1), 0x0100);
}

static void erratum_17_loses_the_frame_that_comes_in(void **state)
{
    struct bench *b = open_with(state, 17);
    uint8_t frame[200];

    start(b, true);
    wcr16(b, ENC_EDMASTL, 0x1000);
    wcr16(b, ENC_EDMANDL, 0x1010);
    make_frame(frame, sizeof(frame), own_mac);
    bfs(b, ENC_ECON1, ENC_ECON1_CSUMEN);
    arrive(b, frame, sizeof(frame)); // no harm done so far
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
    bfs(b, ENC_ECON2, ENC_ECON2_PKTDEC);
    sim_nic_send(&b->nic, frame, sizeof(frame));
    pass_us(b, 50);
    bfs(b, ENC_ECON1, ENC_ECON1_DMAST);
    assert_true(rcr(b, ENC_EIR) & ENC_EIR_RXERIF);
    assert_true(rcr(b, ENC_ESTAT) & ENC_ESTAT_BUFER);
    pass_us(b, 200);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
    assert_int_equal(b->chip.counts.erratum[17], 1);
    // A copy does no harm.
    bfc(b, ENC_ECON1, ENC_ECON1_CSUMEN);
    sim_nic_send(&b->nic, frame, sizeof(frame));
    pass_us(b, 50);
    bfs(b, ENC_ECON1, ENC_ECON1_DMAST);
    pass_us(b, 200);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
}

static void erratum_18_lets_some_frames_through_the_pattern(void **state)
{
    struct bench *b = open_with(state, 18);
    uint8_t frame[60];

    start(b, true);
    wcr(b, ENC_ERXFCON, 0x30);
    wcr(b, ENC_EPMM0, 0x3F);
    make_frame(frame, sizeof(frame), own_mac);
    for (unsigned i = 0; i < 9; i++) {
        arrive(b, frame, sizeof(frame));
    }
    assert_int_equal(rcr(b, ENC_EPKTCNT), 3);
    assert_int_equal(b->chip.counts.erratum[18], 3);
}

static void erratum_19_ignores_src_in_power_save(void **state)
{
    struct bench *b = open_with(state, 19);

    wcr(b, ENC_EHT0, 0x12);
    bfs(b, ENC_ECON2, ENC_ECON2_PWRSV);
    src(b);
    assert_int_equal(rcr(b, ENC_EHT0), 0x12);
    assert_true(rcr(b, ENC_ECON2) & ENC_ECON2_PWRSV);
    bfc(b, ENC_ECON2, ENC_ECON2_PWRSV);
    pass_us(b, 300);
    src(b);
    assert_int_equal(rcr(b, ENC_EHT0), 0x00);
    assert_int_equal(b->chip.counts.erratum[19], 1);
}

static void a_switch_at_run_time_works(void **state)
{
    struct bench *b = *state;

    src(b);
    assert_int_equal(b->chip.counts.erratum[2], 0);
    sim_enc28j60_erratum(&b->chip, 2, true);
    src(b);
    assert_int_equal(b->chip.counts.erratum[2], 1);
    sim_enc28j60_erratum(&b->chip, 2, false);
    src(b);
    assert_int_equal(b->chip.counts.erratum[2], 1);
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
#define E(name) cmocka_unit_test_teardown(name, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        E(erratum_1_loses_mac_accesses_on_a_slow_bus),
        E(erratum_2_makes_the_mac_unusable_for_1_ms_after_src),
        E(erratum_5_starts_at_0_if_erxst_is_not_0),
        E(erratum_6_hides_pktif_but_not_the_pin),
        E(erratum_9_loops_some_half_duplex_frames_back),
        E(erratum_10_loses_some_frames_in_phy_loopback),
        E(erratum_12_hangs_after_an_abort_until_txrst),
        E(erratum_12_sets_txerif_when_txrst_is_cleared),
        E(erratum_13_leaves_txrts_set_and_txif_clear),
        T(tx_stall_hangs_without_any_flag),
        E(erratum_14_spoils_the_next_header_after_an_even_erxrdpt),
        E(erratum_14_spares_the_first_write_in_compat_mode),
        E(erratum_15_does_not_show_late_collisions),
        E(erratum_16_reads_the_strap_the_wrong_way),
        E(erratum_17_loses_the_frame_that_comes_in),
        E(erratum_18_lets_some_frames_through_the_pattern),
        E(erratum_19_ignores_src_in_power_save),
        T(a_switch_at_run_time_works),
    };

    return cmocka_run_group_tests_name("model_errata", tests, NULL, NULL);
}
