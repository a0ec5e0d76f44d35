// SPDX-License-Identifier: MIT
//
// The W5500 model's SPI frames: offset, control byte, data.

#include "tests/w5500/model_bench.h"

static void reads_and_writes_run_across_registers(void **state)
{
    struct bench *b = *state;
    const uint8_t out[12] = { 0x00, 0x01, 0x04, 10, 0, 0, 1, 255, 255, 255, 0,
        0x02 };
    const uint8_t in[12] = { 0x00, 0x01, 0x00 };
    uint8_t back[12];

    exchange(b, out, NULL, 12); // GAR, SUBR, the first byte of SHAR
    exchange(b, in, back, 12);
    assert_memory_equal(back + 3, out + 3, 9);
}

static void the_control_byte_selects_a_block(void **state)
{
    struct bench *b = *state;

    for (unsigned n = 0; n < 8; n++) {
        // Registers, TX and RX of each socket: 08/0C, 10/14, 18/1C + 20 n.
        const uint8_t port[5] = { 0, 0x04, (uint8_t)(0x0C + 0x20 * n), 0x12,
            (uint8_t)n };
        const uint8_t tx[4] = { 0, 3, (uint8_t)(0x14 + 0x20 * n),
            (uint8_t)(0xA0 + n) };

        exchange(b, port, NULL, 5);
        exchange(b, tx, NULL, 4);
    }
    for (unsigned n = 0; n < 8; n++) {
        const uint8_t port[5] = { 0, 0x04, (uint8_t)(0x08 + 0x20 * n) };
        const uint8_t tx[4] = { 0, 3, (uint8_t)(0x10 + 0x20 * n) };
        uint8_t rx[5];

        exchange(b, port, rx, 5);
        assert_int_equal(nif_get_be16(rx + 3), 0x1200 + n);
        exchange(b, tx, rx, 4);
        assert_int_equal(rx[3], 0xA0 + n);
    }
}

static void nothing_is_driven_but_data_that_is_read(void **state)
{
    struct bench *b = *state;
    const uint8_t read[5] = { 0, 0x39, 0x00 };
    const uint8_t write[5] = { 0, 0x01, 0x04, 1, 2 };
    uint8_t rx[5];

    b->bus.watch_driven = true;
    exchange(b, read, rx, 4);
    assert_memory_equal(b->bus.driven, ((uint8_t[]){ 0, 0, 0, 1 }), 4);
    assert_int_equal(rx[3], 0x04);
    exchange(b, write, rx, 5);
    assert_memory_equal(b->bus.driven, ((uint8_t[]){ 0, 0, 0, 0, 0 }), 5);
}

static void reserved_blocks_are_a_complaint_and_drive_nothing(void **state)
{
    struct bench *b = *state;

    for (unsigned n = 1; n < 8; n++) {
        const uint8_t tx[4] = { 0, 0, (uint8_t)(4 * n << 3) };
        uint8_t rx[4];

        b->bus.watch_driven = true;
        exchange(b, tx, rx, 4);
        assert_int_equal(b->bus.driven[3], 0);
        bench_forgive(b, SIM_W5500_R_RESERVED);
    }
}

static void fixed_lengths_go_on_without_chip_select(void **state)
{
    struct bench *b = *state;
    // One byte to RCR, two to RTR, four to SIPR, and read back, in one go.
    const uint8_t tx[] = { 0, 0x1B, 0x05, 7, 0, 0x19, 0x06, 0x11, 0x22, 0, 0x0F,
        0x07, 1, 2, 3, 4, 0, 0x1B, 0x01, 0, 0, 0x19, 0x02, 0, 0, 0, 0x0F, 0x03,
        0, 0, 0, 0 };
    uint8_t rx[sizeof(tx)];

    exchange(b, tx, rx, sizeof(tx));
    assert_int_equal(rx[19], 7);
    assert_int_equal(nif_get_be16(rx + 23), 0x1122);
    assert_int_equal(nif_get_be32(rx + 28), 0x01020304);
    assert_int_equal(get8(b, 0, 0x1B), 7);
}

static void a_fixed_length_must_be_kept(void **state)
{
    struct bench *b = *state;

    exchange(b, (uint8_t[]){ 0, 0x19, 0x06, 0x11 }, NULL, 4);
    bench_forgive(b, SIM_W5500_R_FRAMING);
    assert_int_equal(get16(b, 0, 0x19), 0x11D0); // what came took effect
}

static void a_frame_without_data_is_a_complaint(void **state)
{
    struct bench *b = *state;

    for (size_t len = 1; len <= 3; len++) {
        exchange(b, (uint8_t[]){ 0, 0, 0 }, NULL, len);
        bench_forgive(b, SIM_W5500_R_FRAMING);
    }
    exchange(b, NULL, NULL, 0); // chip select alone is none
}

static void each_chip_select_begins_anew(void **state)
{
    struct bench *b = *state;

    exchange(b, (uint8_t[]){ 0, 0x39 }, NULL, 2);
    bench_forgive(b, SIM_W5500_R_FRAMING);
    assert_int_equal(get8(b, 0, 0x39), 0x04);
}

static void a_cut_byte_is_dropped_and_those_before_it_count(void **state)
{
    struct bench *b = *state;
    const struct sim_spi_chip_ops *ops = b->chip.spi.ops;
    struct sim_spi_chip *spi = &b->chip.spi;
    const uint8_t bytes[] = { 0, 0x01, 0x04, 0xAA };

    ops->select(spi);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        ops->exchange(spi, bytes[i]);
    }
    ops->cut(spi, 0xBB, 7);
    ops->release(spi);
    bench_forgive(b, SIM_W5500_R_FRAMING);
    assert_int_equal(get16(b, 0, 0x01), 0xAA00);
}

static void writes_take_effect_byte_by_byte(void **state)
{
    struct bench *b = *state;
    const struct sim_spi_chip_ops *ops = b->chip.spi.ops;
    struct sim_spi_chip *spi = &b->chip.spi;
    const uint8_t bytes[] = { 0, 0x24, 0x0C, 0x12 };

    ops->select(spi);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        ops->exchange(spi, bytes[i]);
    }
    assert_int_equal(sim_w5500_socket_reg(&b->chip, 0, 0x24), 0x12);
    assert_int_equal(sim_w5500_socket_reg(&b->chip, 0, 0x25), 0x00);
    ops->exchange(spi, 0x34);
    ops->release(spi);
    assert_int_equal(get16(b, 1, 0x24), 0x1234);
}

static void modes_0_and_3_are_taken_and_no_others(void **state)
{
    struct bench *b = *state;

    for (uint8_t mode = 0; mode < 4; mode++) {
        b->chip.spi.mode = mode;
        assert_int_equal(get8(b, 0, 0x39), 0x04);
        if (mode == 1 || mode == 2) {
            bench_forgive(b, SIM_W5500_R_CLOCK);
        }
    }
    assert_int_equal(b->world.complaints, 0);
}

static void the_clock_has_two_limits(void **state)
{
    struct bench *b = *state;

    b->chip.spi.hz = 33333333;
    assert_int_equal(get8(b, 0, 0x39), 0x04);
    assert_int_equal(b->world.complaints, 0);
    b->chip.spi.hz = 80000000;
    assert_int_equal(get8(b, 0, 0x39), 0x04);
    bench_forgive(b, SIM_W5500_R_SPEED);
    b->chip.spi.hz = 80000001;
    assert_int_equal(get8(b, 0, 0x39), 0x04);
    bench_forgive(b, SIM_W5500_R_CLOCK);
}

static void compat_counts_what_silicon_bears(void **state)
{
    const struct sim_w5500_cfg cfg = { .compat = true };
    struct bench *b = bench_open(&cfg);

    *state = b;
    b->chip.spi.hz = 40000000;
    put8(b, 0, 0x39, 0x55); // VERSIONR
    put8(b, 0, 0x30, 0x55); // nothing
    assert_int_equal(b->world.complaints, 0);
    assert_int_equal(b->chip.counts.broken[SIM_W5500_R_SPEED], 2);
    assert_int_equal(b->chip.counts.broken[SIM_W5500_R_READONLY], 1);
    assert_int_equal(b->chip.counts.broken[SIM_W5500_R_RESERVED], 1);
    assert_int_equal(sim_w5500_violations(&b->chip), 4);
    assert_int_equal(get8(b, 0, 0x39), 0x04);
}

static void two_chips_share_nothing(void **state)
{
    static struct sim_w5500 other;
    struct bench *b = *state;
    struct sim_spi bus;

    sim_w5500_init(&other, &b->world, NULL);
    sim_spi_init(&bus, &b->cpu, &other.spi, NULL);
    pass_us(b, 1001);
    put8(b, 0, 0x1B, 0x33);
    assert_int_equal(sim_w5500_reg(&other, 0x1B), 0x08);
    assert_int_equal(get8(b, 0, 0x1B), 0x33);
    sim_w5500_done(&other);
    sim_spi_done(&bus);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_and_writes_run_across_registers),
        TEST(the_control_byte_selects_a_block),
        TEST(nothing_is_driven_but_data_that_is_read),
        TEST(reserved_blocks_are_a_complaint_and_drive_nothing),
        TEST(fixed_lengths_go_on_without_chip_select),
        TEST(a_fixed_length_must_be_kept),
        TEST(a_frame_without_data_is_a_complaint),
        TEST(each_chip_select_begins_anew),
        TEST(a_cut_byte_is_dropped_and_those_before_it_count),
        TEST(writes_take_effect_byte_by_byte),
        TEST(modes_0_and_3_are_taken_and_no_others),
        TEST(the_clock_has_two_limits),
        TEST(compat_counts_what_silicon_bears),
        TEST(two_chips_share_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
