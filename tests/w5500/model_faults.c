// SPDX-License-Identifier: MIT
//
// The W5500 model's faults: each does what its line in the header says.

#include "tests/w5500/model_bench.h"

static void store(struct bench *b, size_t len)
{
    static uint8_t frame[1514];

    make_frame(frame, len, own_mac);
    arrive(b, frame, len);
}

static void a_torn_value_is_wrong_once_and_right_then(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    store(b, 0x120); // RX_RSR 0122
    sim_w5500_tear(&b->chip, 0, 2);
    assert_int_equal(get16(b, 1, 0x26), 0x0222);
    assert_int_equal(get16(b, 1, 0x26), 0x0122);
    assert_int_equal(get16(b, 1, 0x26), 0x0022);
    assert_int_equal(rsr(b, 0), 0x0122);
    sim_w5500_tear(&b->chip, 0, 1);
    assert_int_equal(get16(b, 1, 0x20), 0x4100);
    assert_int_equal(fsr(b, 0), 0x4000);
    assert_int_equal(b->chip.counts.tears, 3);
}

static void two_single_bytes_are_torn_as_well(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    store(b, 0x120);
    sim_w5500_tear(&b->chip, 0, 1);
    assert_int_equal(get8(b, 1, 0x26), 0x02);
    assert_int_equal(get8(b, 1, 0x27), 0x22);
    assert_int_equal(get8(b, 1, 0x26), 0x01);
}

static void a_frame_that_comes_between_two_bytes_tears(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    store(b, 0xF0); // 00F2
    assert_int_equal(get8(b, 1, 0x26), 0x00);
    store(b, 0x3C); // 0130
    assert_int_equal(get8(b, 1, 0x27), 0x30);
    assert_int_equal(rsr(b, 0), 0x0130);
}

static void who_reads_once_is_told(void **state)
{
    struct bench *b = *state;
    uint8_t in[62];

    open_macraw(b, 0);
    store(b, 60);
    get16(b, 1, 0x26);
    take_data(b, 0, in, 62);
    bench_forgive(b, SIM_W5500_R_TEAR);
    store(b, 60);
    rsr(b, 0);
    take_data(b, 0, in, 62);
    store(b, 60);
    take_data(b, 0, in, 62); // knew it, and did not look
    assert_int_equal(b->world.complaints, 0);
    get16(b, 1, 0x20);
    send_data(b, 0, in + 2, 60);
    bench_forgive(b, SIM_W5500_R_TEAR);
}

static void a_late_sendok_keeps_the_frame_back(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    sim_w5500_sendok(&b->chip, 12 * SIM_MS, 1);
    send_data(b, 0, frame, sizeof(frame));
    pass_us(b, 11900);
    assert_int_equal(get8(b, 1, 0x02), 0x00);
    assert_int_equal(get16(b, 1, 0x22), 0); // TX_RD
    put8(b, 2, 20, 0);
    bench_forgive(b, SIM_W5500_R_TX_FLIGHT);
    assert_int_equal(b->seen_count, 0);
    pass_us(b, 200);
    assert_int_equal(get8(b, 1, 0x02), 0x10);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(b->seen[0][20], 0); // what was written over it
}

static void sendok_can_fail_to_come(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    sim_w5500_sendok(&b->chip, SIM_NEVER, 1);
    send_data(b, 0, frame, sizeof(frame));
    pass_us(b, 1000000);
    assert_int_equal(get8(b, 1, 0x02), 0x00);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(get16(b, 1, 0x22), 60);
    open_macraw(b, 0); // mends it
    send_data(b, 0, frame, sizeof(frame));
    pass_us(b, 20);
    assert_int_equal(get8(b, 1, 0x02), 0x10);
}

static void a_length_can_be_bogus(void **state)
{
    static const uint16_t lengths[] = { 0, 1, 1600, 65534, 65535 };
    struct bench *b = *state;

    for (unsigned i = 0; i < nif_countof(lengths); i++) {
        uint8_t in[62];

        open_macraw(b, 0);
        sim_w5500_rx_bogus(&b->chip, lengths[i]);
        store(b, 60);
        store(b, 60);
        assert_int_equal(rsr(b, 0), 124);
        get(b, 3, 0, in, 62);
        assert_int_equal(nif_get_be16(in), lengths[i]);
        get(b, 3, 62, in, 62);
        assert_int_equal(nif_get_be16(in), 62);
    }
}

static void a_command_can_stick_until_a_reset(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    sim_w5500_cr_stick(&b->chip, 0, SIM_NEVER);
    put8(b, 1, 0x01, 0x40);
    pass_us(b, 10000000);
    assert_int_equal(get8(b, 1, 0x01), 0x40);
    command(b, 0, 0x10);
    bench_forgive(b, SIM_W5500_R_CR_BUSY);
    assert_int_equal(get8(b, 1, 0x03), 0x42);
    put8(b, 0, 0x00, 0x80);
    assert_int_equal(get8(b, 1, 0x01), 0x00);
    open_macraw(b, 0);
}

static void a_command_can_stick_for_a_while(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    sim_w5500_cr_stick(&b->chip, 0, 20 * SIM_MS);
    put8(b, 1, 0x01, 0x10);
    pass_us(b, 19900);
    assert_int_equal(get8(b, 1, 0x03), 0x42);
    pass_us(b, 200);
    assert_int_equal(get8(b, 1, 0x03), 0x00);
}

static void a_brown_out_tells_nobody(void **state)
{
    struct bench *b = *state;
    uint8_t before[8];
    uint8_t after[8];

    open_macraw(b, 0);
    put8(b, 0, 0x18, 0x01);
    get(b, 3, 0, before, 8);
    sim_w5500_brown_out(&b->chip);
    get(b, 3, 0, after, 8);
    assert_memory_not_equal(before, after, 8);
    assert_int_equal(get8(b, 0, 0x39), 0x04);
    assert_int_equal(get8(b, 1, 0x03), 0x00);
    assert_int_equal(get8(b, 0, 0x18), 0x00);
    assert_int_equal(get32(b, 0, 0x09), 0);
    assert_int_equal(b->edges, 0);
    assert_int_equal(b->chip.counts.resets, 2);
}

static void an_edge_can_be_lost(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    put8(b, 0, 0x18, 0x01);
    sim_w5500_irq_lose(&b->chip, 1);
    store(b, 60);
    assert_false(b->irq.level);
    assert_int_equal(b->edges, 0);
    put8(b, 1, 0x02, 0x04);
    store(b, 60);
    assert_int_equal(b->edges, 1);
}

static void a_glitch_shifts_what_follows_by_a_bit(void **state)
{
    static const uint8_t out[3] = { 0x81, 0x80, 0x03 };
    struct bench *b = *state;
    uint8_t in[3];

    put32(b, 0, 0x01, 0x8180FF00);
    sim_w5500_glitch(&b->chip, 1);
    get(b, 0, 0x01, in, 3);
    assert_memory_equal(in, ((uint8_t[]){ 0x03, 0x01, 0xFE }), 3);
    assert_int_equal(get32(b, 0, 0x01), 0x8180FF00);
    sim_w5500_glitch(&b->chip, 1);
    put(b, 0, 0x01, out, 3);
    assert_int_equal(get32(b, 0, 0x01), 0x40C00100);
}

static void miso_can_be_stuck(void **state)
{
    struct bench *b = *state;

    sim_w5500_miso(&b->chip, SIM_W5500_MISO_LOW);
    assert_int_equal(get8(b, 0, 0x39), 0x00);
    sim_w5500_miso(&b->chip, SIM_W5500_MISO_HIGH);
    assert_int_equal(get8(b, 0, 0x39), 0xFF);
    sim_w5500_miso(&b->chip, SIM_W5500_MISO_WELL);
    assert_int_equal(get8(b, 0, 0x39), 0x04);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_torn_value_is_wrong_once_and_right_then),
        TEST(two_single_bytes_are_torn_as_well),
        TEST(a_frame_that_comes_between_two_bytes_tears),
        TEST(who_reads_once_is_told),
        TEST(a_late_sendok_keeps_the_frame_back),
        TEST(sendok_can_fail_to_come),
        TEST(a_length_can_be_bogus),
        TEST(a_command_can_stick_until_a_reset),
        TEST(a_command_can_stick_for_a_while),
        TEST(a_brown_out_tells_nobody),
        TEST(an_edge_can_be_lost),
        TEST(a_glitch_shifts_what_follows_by_a_bit),
        TEST(miso_can_be_stuck),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
