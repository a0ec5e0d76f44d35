// SPDX-License-Identifier: MIT
//
// The W5500 model's packet memory: blocks, pointers, what a host must not do.

#include "tests/w5500/model_bench.h"

static void a_burst_wraps_inside_the_block_of_its_socket(void **state)
{
    struct bench *b = *state;
    uint8_t out[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint8_t in[8];

    // Blocks of 2 KiB: 07FC + 4 is 0000 of the same socket.
    put(b, 6, 0x07FC, out, 8);
    get(b, 6, 0x0000, in, 4);
    assert_memory_equal(in, out + 4, 4);
    get(b, 6, 0xFFFC, in, 8);
    assert_memory_equal(in, out, 8);
    get(b, 10, 0x0000, in, 4);
    assert_memory_not_equal(in, out + 4, 4);
}

static void blocks_are_packed_in_order(void **state)
{
    static const uint8_t kib[8] = { 1, 4, 0, 2, 8, 0, 0, 1 };
    struct bench *b = *state;

    for (unsigned n = 0; n < 8; n++) {
        put8(b, REGS(n), 0x1F, kib[n]);
        put8(b, REGS(n), 0x1E, kib[7 - n]);
    }
    for (unsigned n = 0; n < 8; n++) {
        if (kib[n] > 0) {
            put8(b, 4 * n + 2, 0, 0x40 + n);
            put8(b, 4 * n + 2, kib[n] * 1024u - 1, 0x80 + n);
        }
    }
    for (unsigned n = 0; n < 8; n++) {
        if (kib[n] > 0) {
            assert_int_equal(get8(b, 4 * n + 2, 0), 0x40 + n);
            assert_int_equal(get8(b, 4 * n + 2, kib[n] * 1024u - 1), 0x80 + n);
        }
    }
}

static void what_socket_0_has_nobody_else_may_have(void **state)
{
    struct bench *b = *state;

    // 16 KiB for socket 0, and 2 for each other on paper.
    put16(b, 1, 0x1E, 0x1010);
    put8(b, 1, 0x00, 0x04);
    command(b, 0, 0x01);
    assert_int_equal(b->world.complaints, 0);
    put8(b, 5, 0x00, 0x02);
    command(b, 1, 0x01);
    assert_int_equal(b->world.complaints, 2); // TX and RX
    bench_forgive(b, SIM_W5500_R_BUFFER);
    assert_int_equal(get8(b, 5, 0x03), 0x22);
}

static void a_size_must_be_one_that_there_is(void **state)
{
    static const uint8_t kib[] = { 3, 5, 7, 12, 17, 32, 255 };
    struct bench *b = *state;

    for (unsigned i = 0; i < sizeof(kib); i++) {
        put8(b, 1, 0x00, 0x02);
        put8(b, 1, 0x1E, kib[i]);
        command(b, 0, 0x01);
        bench_forgive(b, SIM_W5500_R_BUFFER);
        command(b, 0, 0x10);
    }
}

static void each_size_that_there_is_can_be_used(void **state)
{
    struct bench *b = *state;

    put8(b, 1, 0x00, 0x02);
    for (unsigned kib = 1; kib <= 16; kib *= 2) {
        put16(b, 1, 0x1E, kib << 8 | kib);
        command(b, 0, 0x01);
        assert_int_equal(get8(b, 1, 0x03), 0x22);
        assert_int_equal(fsr(b, 0), kib * 1024);
        command(b, 0, 0x10);
    }
}

static void a_socket_without_memory_is_a_complaint(void **state)
{
    struct bench *b = *state;

    put8(b, 1, 0x1F, 0);
    put8(b, 1, 0x00, 0x02);
    command(b, 0, 0x01);
    bench_forgive(b, SIM_W5500_R_BUFFER);
    put8(b, 2, 0x0000, 0x55);
    bench_forgive(b, SIM_W5500_R_BUFFER);
}

static void sizes_stay_while_a_socket_behind_is_open(void **state)
{
    struct bench *b = *state;

    put8(b, 5, 0x00, 0x02);
    command(b, 1, 0x01);
    put8(b, 1, 0x1E, 2); // as it was
    put8(b, 9, 0x1E, 4); // behind it
    assert_int_equal(b->world.complaints, 0);
    put8(b, 1, 0x1E, 4);
    bench_forgive(b, SIM_W5500_R_BUFFER);
}

static void tx_wr_is_readable_at_once(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    put16(b, 1, 0x24, 0xFFF0);
    assert_int_equal(get16(b, 1, 0x24), 0xFFF0);
}

static void tx_fsr_is_what_lies_between_the_pointers(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    assert_int_equal(fsr(b, 0), 16384);
    put16(b, 1, 0x24, 1000);
    assert_int_equal(fsr(b, 0), 15384);
    put16(b, 1, 0x24, 16384);
    assert_int_equal(fsr(b, 0), 0);
}

static void all_of_tx_fsr_may_be_written(void **state)
{
    static uint8_t data[2049];
    struct bench *b = *state;

    put8(b, 1, 0x00, 0x02);
    command(b, 0, 0x01);
    put(b, 2, 0, data, 2048);
    assert_int_equal(b->world.complaints, 0);
    put(b, 2, 0, data, 2049);
    bench_forgive(b, SIM_W5500_R_TX_OVER);
}

static void a_write_beyond_tx_fsr_overwrites_what_is_unsent(void **state)
{
    static uint8_t data[1500];
    struct bench *b = *state;
    uint8_t in[4];

    put8(b, 1, 0x00, 0x02);
    command(b, 0, 0x01);
    put(b, 2, 0, data, 1500);
    put16(b, 1, 0x24, 1500); // 548 bytes are left
    memset(data, 0xEE, sizeof(data));
    put(b, 2, 1500, data, 548);
    assert_int_equal(b->world.complaints, 0);
    put(b, 2, 1500, data, 552);
    bench_forgive(b, SIM_W5500_R_TX_OVER);
    get(b, 2, 0, in, 4);
    assert_memory_equal(in, data, 4);
}

static void a_write_into_a_frame_that_is_being_sent_is_a_complaint(void **state)
{
    static uint8_t frame[1514];
    struct bench *b = *state;

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    send_data(b, 0, frame, sizeof(frame));
    put8(b, 2, 10, 0);
    bench_forgive(b, SIM_W5500_R_TX_FLIGHT);
    put8(b, 2, 1514, 0); // behind it
    pass_us(b, 200);
    put8(b, 2, 10, 0); // it is through
    assert_int_equal(b->world.complaints, 0);
}

static void send_of_more_than_there_is_room_for_is_a_complaint(void **state)
{
    struct bench *b = *state;

    put8(b, 1, 0x00, 0x04);
    command(b, 0, 0x01);
    put16(b, 1, 0x24, 2049);
    command(b, 0, 0x20);
    assert_int_equal(b->chip.counts.broken[SIM_W5500_R_TX_OVER], 1);
    assert_int_equal(b->chip.counts.broken[SIM_W5500_R_LENGTH], 1);
    b->world.complaints = 0;
}

static void rx_memory_is_not_the_hosts_to_write(void **state)
{
    struct bench *b = *state;

    put8(b, 3, 0, 0x55);
    bench_forgive(b, SIM_W5500_R_READONLY);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_burst_wraps_inside_the_block_of_its_socket),
        TEST(blocks_are_packed_in_order),
        TEST(what_socket_0_has_nobody_else_may_have),
        TEST(a_size_must_be_one_that_there_is),
        TEST(each_size_that_there_is_can_be_used),
        TEST(a_socket_without_memory_is_a_complaint),
        TEST(sizes_stay_while_a_socket_behind_is_open),
        TEST(tx_wr_is_readable_at_once),
        TEST(tx_fsr_is_what_lies_between_the_pointers),
        TEST(all_of_tx_fsr_may_be_written),
        TEST(a_write_beyond_tx_fsr_overwrites_what_is_unsent),
        TEST(a_write_into_a_frame_that_is_being_sent_is_a_complaint),
        TEST(send_of_more_than_there_is_room_for_is_a_complaint),
        TEST(rx_memory_is_not_the_hosts_to_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
