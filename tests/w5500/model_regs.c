// SPDX-License-Identifier: MIT
//
// The W5500 model's register file and INTn, against the tables of the data
// sheet. The expected values are typed in here once more.

#include "tests/w5500/model_bench.h"

struct row {
    uint8_t at;
    uint8_t len;
    uint8_t mask;
    uint32_t reset; // of the first four bytes
};

// Common registers that keep what is written.
static const struct row common[] = {
    { 0x01, 4, 0xFF, 0 },          // GAR
    { 0x05, 4, 0xFF, 0 },          // SUBR
    { 0x09, 6, 0xFF, 0 },          // SHAR
    { 0x0F, 4, 0xFF, 0 },          // SIPR
    { 0x13, 2, 0xFF, 0 },          // INTLEVEL
    { 0x16, 1, 0xF0, 0 },          // IMR
    { 0x18, 1, 0xFF, 0 },          // SIMR
    { 0x19, 2, 0xFF, 0x07D00000 }, // RTR
    { 0x1B, 1, 0xFF, 0x08000000 }, // RCR
    { 0x1C, 1, 0xFF, 0x28000000 }, // PTIMER
    { 0x1D, 1, 0xFF, 0 },          // PMAGIC
    { 0x1E, 6, 0xFF, 0 },          // PHAR
    { 0x24, 2, 0xFF, 0 },          // PSID
    { 0x26, 2, 0xFF, 0xFFFF0000 }, // PMRU
};

static const struct row socket_regs[] = {
    { 0x00, 1, 0xFF, 0 },          // Sn_MR
    { 0x04, 2, 0xFF, 0 },          // Sn_PORT
    { 0x06, 6, 0xFF, 0xFFFFFFFF }, // Sn_DHAR
    { 0x0C, 4, 0xFF, 0 },          // Sn_DIPR
    { 0x10, 2, 0xFF, 0 },          // Sn_DPORT
    { 0x12, 2, 0xFF, 0 },          // Sn_MSSR
    { 0x14, 1, 0xFF, 0 },          // Sn_PROTO
    { 0x15, 1, 0xFF, 0 },          // Sn_TOS
    { 0x16, 1, 0xFF, 0x80000000 }, // Sn_TTL
    { 0x1E, 1, 0xFF, 0x02000000 }, // Sn_RXBUF_SIZE
    { 0x1F, 1, 0xFF, 0x02000000 }, // Sn_TXBUF_SIZE
    { 0x24, 2, 0xFF, 0 },          // Sn_TX_WR
    { 0x28, 2, 0xFF, 0 },          // Sn_RX_RD
    { 0x2C, 1, 0xFF, 0xFF000000 }, // Sn_IMR
    { 0x2D, 2, 0xFF, 0x40000000 }, // Sn_FRAG
    { 0x2F, 1, 0xFF, 0 },          // Sn_KPALVTR
};

static void check_row(struct bench *b, unsigned block, const struct row *row)
{
    uint8_t out[6] = { 0 };
    uint8_t in[6] = { 0 };

    get(b, block, row->at, in, row->len);
    for (unsigned i = 0; i < row->len; i++) {
        uint8_t reset =
            (uint8_t)(i < 4 ? row->reset >> (24 - 8 * i) : row->reset);

        assert_int_equal(in[i], reset);
        out[i] = (uint8_t)(0xA5 + 0x13 * i);
    }
    put(b, block, row->at, out, row->len);
    get(b, block, row->at, in, row->len);
    for (unsigned i = 0; i < row->len; i++) {
        assert_int_equal(in[i], out[i] & row->mask);
    }
}

static void every_common_register_has_its_reset_value_and_bits(void **state)
{
    for (size_t i = 0; i < nif_countof(common); i++) {
        check_row(*state, 0, &common[i]);
    }
}

static void every_socket_register_has_its_reset_value_and_bits(void **state)
{
    for (unsigned n = 0; n < 8; n++) {
        for (size_t i = 0; i < nif_countof(socket_regs); i++) {
            check_row(*state, REGS(n), &socket_regs[i]);
        }
    }
}

static void the_rest_reads_as_after_a_reset(void **state)
{
    struct bench *b = *state;

    sim_cable_plug(&b->cable, false);
    assert_int_equal(get8(b, 0, 0x00), 0x00); // MR
    assert_int_equal(get8(b, 0, 0x15), 0x00); // IR
    assert_int_equal(get8(b, 0, 0x17), 0x00); // SIR
    assert_int_equal(get32(b, 0, 0x28), 0);   // UIPR
    assert_int_equal(get16(b, 0, 0x2C), 0);   // UPORTR
    assert_int_equal(get8(b, 0, 0x2E), 0xB8); // PHYCFGR, no link
    assert_int_equal(get8(b, 0, 0x39), 0x04); // VERSIONR
    for (unsigned n = 0; n < 8; n++) {
        assert_int_equal(get32(b, REGS(n), 0x00), 0);      // MR CR IR SR
        assert_int_equal(get16(b, REGS(n), 0x20), 0x0800); // TX_FSR
        assert_int_equal(get16(b, REGS(n), 0x22), 0);      // TX_RD
        assert_int_equal(get16(b, REGS(n), 0x26), 0);      // RX_RSR
        assert_int_equal(get16(b, REGS(n), 0x2A), 0);      // RX_WR
    }
}

static void what_is_not_there_reads_0_and_takes_nothing(void **state)
{
    static const uint8_t common_gaps[] = { 0x2F, 0x38, 0x3A, 0xFF };
    static const uint8_t socket_gaps[] = { 0x17, 0x1D, 0x30, 0xFF };
    struct bench *b = *state;

    for (unsigned i = 0; i < 4; i++) {
        put8(b, 0, common_gaps[i], 0xFF);
        bench_forgive(b, SIM_W5500_R_RESERVED);
        assert_int_equal(get8(b, 0, common_gaps[i]), 0);
        put8(b, 5, socket_gaps[i], 0xFF);
        bench_forgive(b, SIM_W5500_R_RESERVED);
        assert_int_equal(get8(b, 5, socket_gaps[i]), 0);
    }
}

static void what_is_read_only_takes_nothing(void **state)
{
    static const uint8_t common_ro[] = { 0x17, 0x28, 0x2B, 0x2D, 0x39 };
    static const uint8_t socket_ro[] = { 0x03, 0x20, 0x23, 0x26, 0x2B };
    struct bench *b = *state;

    for (unsigned i = 0; i < 5; i++) {
        unsigned before = get8(b, 0, common_ro[i]);

        put8(b, 0, common_ro[i], 0xFF);
        bench_forgive(b, SIM_W5500_R_READONLY);
        assert_int_equal(get8(b, 0, common_ro[i]), before);
        before = get8(b, 1, socket_ro[i]);
        put8(b, 1, socket_ro[i], 0xFF);
        bench_forgive(b, SIM_W5500_R_READONLY);
        assert_int_equal(get8(b, 1, socket_ro[i]), before);
    }
}

static void mr_keeps_its_modes_and_no_other_bits(void **state)
{
    struct bench *b = *state;

    put8(b, 0, 0x00, 0x32);
    assert_int_equal(get8(b, 0, 0x00), 0x32);
    put8(b, 0, 0x00, 0x45);
    bench_forgive(b, SIM_W5500_R_RESERVED);
    assert_int_equal(get8(b, 0, 0x00), 0x00);
    put8(b, 0, 0x00, 0x08);
    bench_forgive(b, SIM_W5500_R_ABSENT); // PPPoE
}

// ---- interrupts: RECV of socket 0, by a frame

static void one_frame(struct bench *b)
{
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), own_mac);
    arrive(b, frame, sizeof(frame));
}

static void a_1_that_is_written_to_sn_ir_clears_its_flag(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    one_frame(b);
    assert_int_equal(get8(b, 1, 0x02), 0x04);
    put8(b, 1, 0x02, 0xFB);
    assert_int_equal(get8(b, 1, 0x02), 0x04);
    put8(b, 1, 0x02, 0x04);
    assert_int_equal(get8(b, 1, 0x02), 0x00);
}

static void sir_follows_the_flags_that_are_not_masked(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    one_frame(b);
    assert_int_equal(get8(b, 0, 0x17), 0x01);
    put8(b, 1, 0x2C, 0xFB);
    assert_int_equal(get8(b, 0, 0x17), 0x00);
    assert_int_equal(get8(b, 1, 0x02), 0x04);
    put8(b, 1, 0x2C, 0x04);
    assert_int_equal(get8(b, 0, 0x17), 0x01);
    put8(b, 1, 0x02, 0x04);
    assert_int_equal(get8(b, 0, 0x17), 0x00);
}

static void intn_is_low_while_a_flag_is_set_and_not_masked(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    one_frame(b);
    assert_true(b->irq.level); // SIMR is 0
    put8(b, 0, 0x18, 0x01);
    assert_false(b->irq.level);
    assert_int_equal(b->edges, 1);
    put8(b, 0, 0x18, 0xFE);
    assert_true(b->irq.level);
    put8(b, 0, 0x18, 0x01);
    put8(b, 1, 0x02, 0x04);
    assert_true(b->irq.level); // although a frame is still there
    assert_int_not_equal(rsr(b, 0), 0);
}

static void recv_is_set_by_each_frame(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    put8(b, 0, 0x18, 0x01);
    one_frame(b);
    put8(b, 1, 0x02, 0x04);
    one_frame(b);
    assert_int_equal(get8(b, 1, 0x02), 0x04);
    assert_int_equal(b->edges, 2);
}

static void intn_keeps_the_gap_of_intlevel(void **state)
{
    struct bench *b = *state;
    uint64_t from_ns;

    open_macraw(b, 0);
    put16(b, 0, 0x13, 14999); // 15000 * 4 / 150 MHz = 400 us
    put8(b, 0, 0x18, 0x01);
    one_frame(b);
    assert_false(b->irq.level);
    put8(b, 1, 0x02, 0x04);
    from_ns = b->world.now_ns;
    assert_true(b->irq.level);
    one_frame(b);
    assert_true(b->irq.level);
    sim_pass_ns(&b->world, from_ns + 399 * SIM_US - b->world.now_ns);
    assert_true(b->irq.level);
    pass_us(b, 1);
    assert_false(b->irq.level);
}

static void sn_imr_gates_the_pin_and_not_the_flag(void **state)
{
    struct bench *b = *state;

    put8(b, 1, 0x2C, 0x00);
    open_macraw(b, 0);
    put8(b, 0, 0x18, 0x01);
    one_frame(b);
    assert_int_equal(get8(b, 1, 0x02), 0x04);
    assert_true(b->irq.level);
}

static void to_the_letter_sn_imr_gates_the_flag_too(void **state)
{
    const struct sim_w5500_cfg cfg = { .imr_gates_ir = true };
    struct bench *b = bench_open(&cfg);

    *state = b;
    put8(b, 1, 0x2C, 0x00);
    open_macraw(b, 0);
    one_frame(b);
    assert_int_equal(get8(b, 1, 0x02), 0x00);
    assert_int_not_equal(rsr(b, 0), 0);
    put8(b, 1, 0x2C, 0x04);
    one_frame(b);
    assert_int_equal(get8(b, 1, 0x02), 0x04);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_common_register_has_its_reset_value_and_bits),
        TEST(every_socket_register_has_its_reset_value_and_bits),
        TEST(the_rest_reads_as_after_a_reset),
        TEST(what_is_not_there_reads_0_and_takes_nothing),
        TEST(what_is_read_only_takes_nothing),
        TEST(mr_keeps_its_modes_and_no_other_bits),
        TEST(a_1_that_is_written_to_sn_ir_clears_its_flag),
        TEST(sir_follows_the_flags_that_are_not_masked),
        TEST(intn_is_low_while_a_flag_is_set_and_not_masked),
        TEST(recv_is_set_by_each_frame),
        TEST(intn_keeps_the_gap_of_intlevel),
        TEST(sn_imr_gates_the_pin_and_not_the_flag),
        TEST(to_the_letter_sn_imr_gates_the_flag_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
