// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's control registers and SPI framing, against the tables
// of DS39662. The expected values are typed in here once more.

#include "tests/enc28j60/model_bench.h"

struct row {
    uint8_t id;
    uint8_t reset;
    uint8_t mask;
};

// What a host finds after a reset, and what stays of FF written there. EIR,
// ESTAT, ECON1, ECON2, MICMD, MIWRH and what acts when it is written come in
// tests of their own.
static const struct row rows[] = {
    { 0x00, 0xFA, 0xFF }, // ERDPT
    { 0x01, 0x05, 0x1F },
    { 0x02, 0x00, 0xFF }, // EWRPT
    { 0x03, 0x00, 0x1F },
    { 0x04, 0x00, 0xFF }, // ETXST
    { 0x05, 0x00, 0x1F },
    { 0x06, 0x00, 0xFF }, // ETXND
    { 0x07, 0x00, 0x1F },
    { 0x08, 0xFA, 0xFF }, // ERXST
    { 0x09, 0x05, 0x1F },
    { 0x0A, 0xFF, 0xFF }, // ERXND
    { 0x0B, 0x1F, 0x1F },
    { 0x10, 0x00, 0xFF }, // EDMAST
    { 0x11, 0x00, 0x1F },
    { 0x12, 0x00, 0xFF }, // EDMAND
    { 0x13, 0x00, 0x1F },
    { 0x14, 0x00, 0xFF }, // EDMADST
    { 0x15, 0x00, 0x1F },
    { 0x1B, 0x00, 0xFB }, // EIE
    { 0x20, 0x00, 0xFF }, // EHT0
    { 0x21, 0x00, 0xFF },
    { 0x22, 0x00, 0xFF },
    { 0x23, 0x00, 0xFF },
    { 0x24, 0x00, 0xFF },
    { 0x25, 0x00, 0xFF },
    { 0x26, 0x00, 0xFF },
    { 0x27, 0x00, 0xFF }, // EHT7
    { 0x28, 0x00, 0xFF }, // EPMM0
    { 0x29, 0x00, 0xFF },
    { 0x2A, 0x00, 0xFF },
    { 0x2B, 0x00, 0xFF },
    { 0x2C, 0x00, 0xFF },
    { 0x2D, 0x00, 0xFF },
    { 0x2E, 0x00, 0xFF },
    { 0x2F, 0x00, 0xFF }, // EPMM7
    { 0x30, 0x00, 0xFF }, // EPMCS
    { 0x31, 0x00, 0xFF },
    { 0x34, 0x00, 0xFF }, // EPMO
    { 0x35, 0x00, 0x1F },
    { 0x38, 0xA1, 0xFF }, // ERXFCON
    { 0x40, 0x00, 0x0F }, // MACON1
    { 0x42, 0x00, 0xFF }, // MACON3
    { 0x43, 0x00, 0x70 }, // MACON4
    { 0x44, 0x00, 0x7F }, // MABBIPG
    { 0x46, 0x00, 0x7F }, // MAIPGL
    { 0x47, 0x00, 0x7F }, // MAIPGH
    { 0x48, 0x0F, 0x0F }, // MACLCON1
    { 0x49, 0x37, 0x3F }, // MACLCON2
    { 0x4A, 0x00, 0xFF }, // MAMXFL
    { 0x4B, 0x06, 0xFF },
    { 0x54, 0x00, 0x1F }, // MIREGADR
    { 0x56, 0x00, 0xFF }, // MIWRL
    { 0x60, 0x00, 0xFF }, // MAADR5
    { 0x61, 0x00, 0xFF }, // MAADR6
    { 0x62, 0x00, 0xFF }, // MAADR3
    { 0x63, 0x00, 0xFF }, // MAADR4
    { 0x64, 0x00, 0xFF }, // MAADR1
    { 0x65, 0x00, 0xFF }, // MAADR2
    { 0x66, 0x00, 0xFF }, // EBSTSD
    { 0x75, 0x04, 0x07 }, // ECOCON
    { 0x78, 0x00, 0xFF }, // EPAUS
    { 0x79, 0x10, 0xFF },
};

// Those that a host cannot write.
static const struct row read_only[] = {
    { 0x0E, 0x00, 0 }, // ERXWRPT
    { 0x0F, 0x00, 0 },
    { 0x16, 0x00, 0 }, // EDMACS
    { 0x17, 0x00, 0 },
    { 0x18, 0x00, 0 }, // not there
    { 0x19, 0x00, 0 },
    { 0x32, 0x00, 0 },
    { 0x33, 0x00, 0 },
    { 0x39, 0x00, 0 }, // EPKTCNT
    { 0x45, 0x00, 0 },
    { 0x4F, 0x00, 0 },
    { 0x53, 0x00, 0 },
    { 0x58, 0x00, 0 }, // MIRD
    { 0x59, 0x00, 0 },
    { 0x68, 0x00, 0 }, // EBSTCS
    { 0x69, 0x00, 0 },
    { 0x6A, 0x00, 0 }, // MISTAT
    { 0x6B, 0x00, 0 },
    { 0x71, 0x00, 0 },
    { 0x72, 0x06, 0 }, // EREVID
    { 0x73, 0x00, 0 },
    { 0x74, 0x00, 0 },
};

static void every_register_has_its_reset_value(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(rows); i++) {
        assert_int_equal(rcr(b, rows[i].id), rows[i].reset);
    }
    for (size_t i = 0; i < nif_countof(read_only); i++) {
        assert_int_equal(rcr(b, read_only[i].id), read_only[i].reset);
    }
    assert_int_equal(rcr16(b, ENC_ERXRDPTL), 0x05FA);
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01);
    assert_int_equal(rcr(b, ENC_ECON2), 0x80);
    assert_int_equal(rcr(b, ENC_ECON1) & 0xFC, 0x00);
    assert_int_equal(rcr(b, ENC_EFLOCON), 0x00);
    assert_int_equal(rcr(b, ENC_MICMD), 0x00);
}

static void every_register_keeps_the_bits_it_has(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(rows); i++) {
        wcr(b, rows[i].id, 0xFF);
    }
    for (size_t i = 0; i < nif_countof(rows); i++) {
        assert_int_equal(rcr(b, rows[i].id), rows[i].mask);
    }
    for (size_t i = 0; i < nif_countof(rows); i++) {
        wcr(b, rows[i].id, 0x00);
    }
    for (size_t i = 0; i < nif_countof(rows); i++) {
        assert_int_equal(rcr(b, rows[i].id), 0x00);
    }
    // Of these, EIE, MACON1 and MACON4 have bits that must stay 0.
    bench_forgive(b, SIM_ENC28J60_R_RESERVED);
}

static void read_only_registers_stay_as_they_are(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(read_only); i++) {
        wcr(b, read_only[i].id, (unsigned)~read_only[i].reset & 0xFF);
        assert_int_equal(rcr(b, read_only[i].id), read_only[i].reset);
    }
    assert_int_equal(b->chip.counts.broken[SIM_ENC28J60_R_READONLY],
        nif_countof(read_only));
    bench_forgive(b, SIM_ENC28J60_R_READONLY);
}

static void banks_do_not_mix_and_the_upper_five_are_common(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_EWRPTL, 0x11); // address 02 of each bank
    wcr(b, ENC_EHT0 + 2, 0x22);
    wcr(b, ENC_MACON3, 0x32);
    wcr(b, ENC_MAADR3, 0x44);
    wcr(b, ENC_EIE, 0x55 & 0xFB);
    for (unsigned n = 0; n < 4; n++) {
        static const uint8_t want[4] = { 0x11, 0x22, 0x32, 0x44 };

        assert_int_equal(rcr(b, n << 5 | 2), want[n]);
        assert_int_equal(rcr(b, ENC_ECON1) & 3, n);
        assert_int_equal(rcr(b, ENC_EIE), 0x51);
    }
}

static void bit_operations_change_eth_registers(void **state)
{
    struct bench *b = *state;

    bfs(b, ENC_ERXFCON, 0x06);
    assert_int_equal(rcr(b, ENC_ERXFCON), 0xA7);
    bfc(b, ENC_ERXFCON, 0x85);
    assert_int_equal(rcr(b, ENC_ERXFCON), 0x22);
}

static void bit_operations_on_a_mac_register_do_nothing(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_MACON3, 0x30);
    bfs(b, ENC_MACON3, 0x02);
    bfc(b, ENC_MACON3, 0x10);
    assert_int_equal(rcr(b, ENC_MACON3), 0x30);
    bench_forgive(b, SIM_ENC28J60_R_BITOP);
}

static void compat_lets_bit_operations_work_on_mac_registers(void **state)
{
    struct bench *b = bench_open(&(struct sim_enc28j60_cfg){ .compat = true,
        .errata_off = SIM_ENC28J60_ERRATA_ALL });

    *state = b;
    bfs(b, ENC_MACON3, 0x32);
    assert_int_equal(rcr(b, ENC_MACON3), 0x32);
    assert_int_equal(b->chip.counts.broken[SIM_ENC28J60_R_BITOP], 1);
    assert_int_equal(sim_enc28j60_violations(&b->chip), 1);
}

static void flags_can_be_cleared_but_not_set(void **state)
{
    struct bench *b = *state;

    bfs(b, ENC_EIR, 0x2B);
    wcr(b, ENC_EIR, 0x2B);
    assert_int_equal(rcr(b, ENC_EIR), 0x00);
    bfs(b, ENC_ESTAT, 0x52);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01);
    sim_enc28j60_irq_spurious(&b->chip, 0xFF);
    assert_int_equal(rcr(b, ENC_EIR), 0x2B);
    bfc(b, ENC_EIR, 0x08);
    assert_int_equal(rcr(b, ENC_EIR), 0x23);
    wcr(b, ENC_EIR, 0x01);
    assert_int_equal(rcr(b, ENC_EIR), 0x01);
}

static void the_dummy_byte_is_wrong_and_the_next_is_right(void **state)
{
    struct bench *b = *state;
    uint8_t rx[3];

    wcr(b, ENC_MAADR1, 0x5A);
    exchange(b, (uint8_t[]){ 0x04, 0, 0 }, rx, 3);
    assert_int_not_equal(rx[1], 0x5A);
    assert_int_equal(rx[2], 0x5A);
}

static void the_chip_drives_the_line_only_when_it_has_something(void **state)
{
    static const struct {
        uint8_t mosi[3];
        uint8_t driven[3];
    } cases[] = {
        { { 0x1D, 0, 0 }, { 0, 1, 1 } },        // RCR ESTAT and one more
        { { 0x0A, 0, 0 }, { 0, 1, 1 } },        // RCR MISTAT
        { { 0x3A, 0, 0 }, { 0, 1, 1 } },        // RBM
        { { 0x7A, 1, 2 }, { 0, 0, 0 } },        // WBM
        { { 0x40 | 0x1B, 0, 0 }, { 0, 0, 0 } }, // WCR EIE
        { { 0xFF, 0xFF, 0xFF }, { 0, 0, 0 } },  // SRC
    };
    struct bench *b = *state;
    uint8_t rx[3];

    b->bus.watch_driven = true;
    bank(b, ENC_MISTAT);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        exchange(b, cases[i].mosi, rx, 3);
        assert_memory_equal(b->bus.driven, cases[i].driven, 3);
    }
    bench_forgive(b, SIM_ENC28J60_R_EXTRA);
}

static void an_empty_select_does_nothing(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_EIE, 0x80);
    exchange(b, NULL, NULL, 0);
    assert_int_equal(rcr(b, ENC_EIE), 0x80);
}

static void a_write_that_is_cut_has_no_effect(void **state)
{
    struct bench *b = *state;
    struct sim_spi_chip *spi = &b->chip.spi;

    wcr(b, ENC_EIE, 0x40);
    pass_us(b, 1);
    spi->ops->select(spi);
    sim_pass_ns(&b->world, 100);
    spi->ops->exchange(spi, 0x40 | ENC_EIE);
    sim_pass_ns(&b->world, 400);
    spi->ops->cut(spi, 0xFF, 7);
    sim_pass_ns(&b->world, 450);
    spi->ops->release(spi);
    assert_int_equal(sim_enc28j60_reg(&b->chip, ENC_EIE), 0x40);
    pass_us(b, 1);
    bench_forgive(b, SIM_ENC28J60_R_FRAMING);
}

static void what_follows_a_soft_reset_is_ignored(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_EIE, 0x40);
    exchange(b, (uint8_t[]){ 0xFF, 0x40 | ENC_EIE, 0x80 }, NULL, 3);
    assert_int_equal(rcr(b, ENC_EIE), 0x00);
}

static void old_drivers_may_write_zero_to_macon2(void **state)
{
    struct bench *b = *state;

    wcr(b, ENC_MACON2, 0x00);
    assert_int_equal(sim_enc28j60_violations(&b->chip), 0);
}

static void stuck_and_hidden_flags_change_what_is_read(void **state)
{
    struct bench *b = *state;

    sim_enc28j60_flag_stick(&b->chip, ENC_MISTAT, 0x01);
    sim_enc28j60_flag_hide(&b->chip, ENC_ESTAT, 0x01);
    assert_int_equal(rcr(b, ENC_MISTAT), 0x01);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x00);
    sim_enc28j60_flag_stick(&b->chip, ENC_MISTAT, 0);
    sim_enc28j60_flag_hide(&b->chip, ENC_ESTAT, 0);
    assert_int_equal(rcr(b, ENC_MISTAT), 0x00);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01);
}

static void the_revision_is_what_the_bench_says(void **state)
{
    static const uint8_t revisions[] = { 2, 4, 5, 6 };

    for (size_t i = 0; i < nif_countof(revisions); i++) {
        struct bench *b =
            bench_open(&(struct sim_enc28j60_cfg){ .revision = revisions[i] });

        *state = b;
        assert_int_equal(rcr(b, ENC_EREVID), revisions[i]);
        assert_int_equal((b->chip.errata >> 1) & 1, revisions[i] < 5);
        assert_int_equal((b->chip.errata >> 13) & 1, revisions[i] >= 5);
    }
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_register_has_its_reset_value),
        T(every_register_keeps_the_bits_it_has),
        T(read_only_registers_stay_as_they_are),
        T(banks_do_not_mix_and_the_upper_five_are_common),
        T(bit_operations_change_eth_registers),
        T(bit_operations_on_a_mac_register_do_nothing),
        T(compat_lets_bit_operations_work_on_mac_registers),
        T(flags_can_be_cleared_but_not_set),
        T(the_dummy_byte_is_wrong_and_the_next_is_right),
        T(the_chip_drives_the_line_only_when_it_has_something),
        T(an_empty_select_does_nothing),
        T(a_write_that_is_cut_has_no_effect),
        T(what_follows_a_soft_reset_is_ignored),
        T(old_drivers_may_write_zero_to_macon2),
        T(stuck_and_hidden_flags_change_what_is_read),
        T(the_revision_is_what_the_bench_says),
    };

    return cmocka_run_group_tests_name("model_regs", tests, NULL, NULL);
}
