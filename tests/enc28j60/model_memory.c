// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's packet memory: pointers, wraps, DMA and checksum.

#include "tests/enc28j60/model_bench.h"

static void count_up(uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        data[i] = (uint8_t)(i + 1);
    }
}

static void set_fifo(struct bench *b, unsigned first, unsigned last)
{
    wcr16(b, ENC_ERXSTL, first);
    wcr16(b, ENC_ERXNDL, last);
}

static void bytes_written_are_read_back_in_pieces(void **state)
{
    struct bench *b = *state;
    uint8_t in[100];
    uint8_t out[100];

    count_up(in, sizeof(in));
    write_at(b, 0x1200, in, 60);
    wbm(b, in + 60, 40);
    read_at(b, 0x1200, out, 6);
    rbm(b, out + 6, 1);
    rbm(b, out + 7, 93);
    assert_memory_equal(in, out, sizeof(in));
}

static void
ewrpt_moves_with_each_byte_and_wraps_at_the_end_of_memory(void **state)
{
    struct bench *b = *state;
    uint8_t data[4] = { 1, 2, 3, 4 };

    set_fifo(b, 0x0000, 0x0FFF);
    write_at(b, 0x1FFE, data, 4);
    assert_int_equal(rcr16(b, ENC_EWRPTL), 0x0002);
    assert_int_equal(b->chip.ram[0x1FFF], 2);
    assert_int_equal(b->chip.ram[0x0000], 3);
    // The end of the FIFO means nothing to it.
    write_at(b, 0x0FFF, data, 2);
    assert_int_equal(rcr16(b, ENC_EWRPTL), 0x1001);
}

static void erdpt_jumps_from_erxnd_to_erxst(void **state)
{
    struct bench *b = *state;
    uint8_t data[4];

    b->chip.ram[0x07FE] = 0xA1;
    b->chip.ram[0x07FF] = 0xA2;
    b->chip.ram[0x0800] = 0xEE;
    b->chip.ram[0x0100] = 0xA3;
    b->chip.ram[0x0101] = 0xA4;
    set_fifo(b, 0x0100, 0x07FF);
    read_at(b, 0x07FE, data, 4);
    assert_memory_equal(data, ((uint8_t[]){ 0xA1, 0xA2, 0xA3, 0xA4 }), 4);
    assert_int_equal(rcr16(b, ENC_ERDPTL), 0x0102);
}

static void erdpt_wraps_at_the_end_of_memory(void **state)
{
    struct bench *b = *state;
    uint8_t data[2];

    set_fifo(b, 0x0100, 0x07FF);
    read_at(b, 0x1FFF, data, 2);
    assert_int_equal(rcr16(b, ENC_ERDPTL), 0x0001);
}

static void without_autoinc_the_pointers_stay(void **state)
{
    struct bench *b = *state;
    uint8_t data[3] = { 7, 8, 9 };

    bfc(b, ENC_ECON2, ENC_ECON2_AUTOINC);
    write_at(b, 0x1000, data, 3);
    assert_int_equal(rcr16(b, ENC_EWRPTL), 0x1000);
    assert_int_equal(b->chip.ram[0x1000], 9);
    read_at(b, 0x1000, data, 3);
    assert_memory_equal(data, ((uint8_t[]){ 9, 9, 9 }), 3);
    assert_int_equal(rcr16(b, ENC_ERDPTL), 0x1000);
}

// ---- DMA

static void dma(struct bench *b, unsigned first, unsigned last, unsigned bits)
{
    wcr16(b, ENC_EDMASTL, first);
    wcr16(b, ENC_EDMANDL, last);
    bfc(b, ENC_ECON1, ENC_ECON1_CSUMEN);
    bfc(b, ENC_EIR, ENC_EIR_DMAIF);
    bfs(b, ENC_ECON1, bits);
    bfs(b, ENC_ECON1, ENC_ECON1_DMAST);
}

static bool dma_is_done(struct bench *b)
{
    uint8_t econ1 = rcr(b, ENC_ECON1);
    uint8_t eir = rcr(b, ENC_EIR);

    assert_int_equal((econ1 & ENC_ECON1_DMAST) == 0,
        (eir & ENC_EIR_DMAIF) != 0);
    return (eir & ENC_EIR_DMAIF) != 0;
}

static void a_copy_takes_80_ns_a_byte(void **state)
{
    struct bench *b = *state;
    uint8_t in[1000];

    count_up(in, sizeof(in));
    write_at(b, 0x1000, in, sizeof(in));
    wcr16(b, ENC_EDMADSTL, 0x1800);
    dma(b, 0x1000, 0x1000 + 999, 0);
    pass_us(b, 75);
    assert_false(dma_is_done(b));
    pass_us(b, 5);
    assert_true(dma_is_done(b));
    assert_memory_equal(b->chip.ram + 0x1800, in, sizeof(in));
}

static void a_copy_follows_the_fifo_and_writes_straight_on(void **state)
{
    struct bench *b = *state;
    uint8_t in[8];

    count_up(in, sizeof(in));
    set_fifo(b, 0x0100, 0x07FF);
    write_at(b, 0x07FC, in, 4);
    write_at(b, 0x0100, in + 4, 4);
    wcr16(b, ENC_EDMADSTL, 0x1FFC);
    dma(b, 0x07FC, 0x0103, 0);
    pass_us(b, 2);
    assert_true(dma_is_done(b));
    assert_memory_equal(b->chip.ram + 0x1FFC, in, 4);
    assert_memory_equal(b->chip.ram, in + 4, 4);
}

static void the_checksum_is_that_of_ip(void **state)
{
    // The header of RFC 1071's neighbourhood: a well-known example, whose
    // checksum is B861.
    static const uint8_t header[20] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00,
        0x40, 0x00, 0x40, 0x11, 0x00, 0x00, 0xC0, 0xA8, 0x00, 0x01, 0xC0, 0xA8,
        0x00, 0xC7 };
    static const struct {
        size_t len;
        unsigned want;
    } cases[] = {
        { 20, 0xB861 }, { 2, 0xBAFF }, // ~4500
        { 3, 0xBAFF },                 // ~(4500 + 0000)
        { 4, 0xBA8C },                 // ~(4500 + 0073)
        { 7, 0x7A8C }, // ~(4500 + 0073 + 0000 + 4000): odd, padded with 00
    };
    struct bench *b = *state;

    write_at(b, 0x1000, header, sizeof(header));
    for (size_t i = 0; i < nif_countof(cases); i++) {
        dma(b, 0x1000, 0x1000 + (unsigned)cases[i].len - 1, ENC_ECON1_CSUMEN);
        pass_us(b, 1);
        assert_true(dma_is_done(b));
        assert_int_equal(rcr16(b, ENC_EDMACSL), cases[i].want);
    }
    // FFFF + FFFF + 0001 carries around twice.
    write_at(b, 0x1000, (uint8_t[]){ 0xFF, 0xFF, 0xFF, 0xFF, 0, 1 }, 6);
    dma(b, 0x1000, 0x1005, ENC_ECON1_CSUMEN);
    pass_us(b, 1);
    assert_int_equal(rcr16(b, ENC_EDMACSL), 0xFFFE);
}

static void a_checksum_takes_40_ns_a_byte(void **state)
{
    struct bench *b = *state;

    dma(b, 0x1000, 0x1000 + 999, ENC_ECON1_CSUMEN);
    pass_us(b, 34);
    assert_false(dma_is_done(b));
    pass_us(b, 3);
    assert_true(dma_is_done(b));
}

static void a_copy_can_be_cancelled(void **state)
{
    struct bench *b = *state;

    b->chip.ram[0x1800] = 0x77;
    wcr16(b, ENC_EDMADSTL, 0x1800);
    dma(b, 0x1000, 0x17FF, 0);
    bfc(b, ENC_ECON1, ENC_ECON1_DMAST);
    assert_true(dma_is_done(b));
    pass_us(b, 200);
    assert_int_equal(b->chip.ram[0x1800], 0x77);
}

static void
a_copy_waits_for_the_transmitter_and_the_other_way_round(void **state)
{
    struct bench *b = *state;
    uint8_t frame[200];

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    wcr16(b, ENC_EDMADSTL, 0x1A00);
    dma(b, 0x1800, 0x1810, 0);
    pass_us(b, 20);
    assert_false(dma_is_done(b)); // 169 us of frame are not over
    pass_us(b, 160);
    assert_true(dma_is_done(b));

    dma(b, 0x1800, 0x1800 + 999, 0);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    pass_us(b, 175);
    assert_true(rcr(b, ENC_ECON1) & ENC_ECON1_TXRTS);
    pass_us(b, 80);
    assert_false(rcr(b, ENC_ECON1) & ENC_ECON1_TXRTS);
    assert_int_equal(b->seen_count, 2);
}

static void a_copy_of_one_byte_never_ends(void **state)
{
    struct bench *b = *state;

    wcr16(b, ENC_EDMADSTL, 0x1800);
    dma(b, 0x1000, 0x1000, 0);
    pass_us(b, 10000);
    assert_false(dma_is_done(b));
    bench_forgive(b, SIM_ENC28J60_R_DMA);
    bfc(b, ENC_ECON1, ENC_ECON1_DMAST);
    assert_true(dma_is_done(b));
}

static void a_copy_to_an_end_outside_the_fifo_never_ends(void **state)
{
    struct bench *b = *state;

    set_fifo(b, 0x0000, 0x07FF);
    dma(b, 0x0700, 0x0900, 0);
    pass_us(b, 10000);
    assert_false(dma_is_done(b));
    bench_forgive(b, SIM_ENC28J60_R_DMA);
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(bytes_written_are_read_back_in_pieces),
        T(ewrpt_moves_with_each_byte_and_wraps_at_the_end_of_memory),
        T(erdpt_jumps_from_erxnd_to_erxst),
        T(erdpt_wraps_at_the_end_of_memory),
        T(without_autoinc_the_pointers_stay),
        T(a_copy_takes_80_ns_a_byte),
        T(a_copy_follows_the_fifo_and_writes_straight_on),
        T(the_checksum_is_that_of_ip),
        T(a_checksum_takes_40_ns_a_byte),
        T(a_copy_can_be_cancelled),
        T(a_copy_waits_for_the_transmitter_and_the_other_way_round),
        T(a_copy_of_one_byte_never_ends),
        T(a_copy_to_an_end_outside_the_fifo_never_ends),
    };

    return cmocka_run_group_tests_name("model_memory", tests, NULL, NULL);
}
