// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's receive filters.

#include "tests/enc28j60/model_bench.h"

// Does a frame of 60 bytes with this beginning get in?
static bool gets_in(struct bench *b, const uint8_t *frame, size_t len)
{
    uint64_t before = b->chip.counts.rx_stored;

    wcr16(b, ENC_ERXRDPTL, (rcr16(b, ENC_ERXWRPTL) - 1) & 0x0FFF);
    arrive(b, frame, len);
    bfs(b, ENC_ECON2, ENC_ECON2_PKTDEC);
    return b->chip.counts.rx_stored > before;
}

static bool gets_in_to(struct bench *b, const uint8_t to[6])
{
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), to);
    return gets_in(b, frame, sizeof(frame));
}

static void each_filter_lets_in_what_it_is_for(void **state)
{
    static const uint8_t other[6] = { 2, 0, 0, 0, 0, 2 };
    static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
    static const struct {
        uint8_t erxfcon;
        bool own;
        bool other;
        bool group;
        bool all;
    } cases[] = {
        { 0x00, true, true, true, true },
        { 0x20, true, true, true, true },
        { 0x80, true, false, false, false },
        { 0xA0, true, false, false, false },
        { 0x01, false, false, false, true },
        { 0x02, false, false, true, true },
        { 0xA1, true, false, false, true },
        { 0xC1, false, false, false, false }, // all of them: none can
        { 0x43, false, false, false, true },
        { 0x60, true, true, true, true },
    };
    struct bench *b = *state;

    start(b, true);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        wcr(b, ENC_ERXFCON, cases[i].erxfcon);
        assert_int_equal(gets_in_to(b, own_mac), cases[i].own);
        assert_int_equal(gets_in_to(b, other), cases[i].other);
        assert_int_equal(gets_in_to(b, group), cases[i].group);
        assert_int_equal(gets_in_to(b, all_macs), cases[i].all);
    }
}

// Worked out apart from the model, from the CRC-32 of a common library with
// its last inversion and reflection undone; bits 28 to 23 of that.
static void the_hash_table_has_one_bit_for_each_address(void **state)
{
    static const struct {
        uint8_t to[6];
        uint8_t bit;
    } cases[] = {
        { { 0x33, 0x33, 0x00, 0x00, 0x00, 0x01 }, 51 },
        { { 0x01, 0x00, 0x5E, 0x00, 0x00, 0x01 }, 63 },
        { { 0x01, 0x00, 0x5E, 0x00, 0x00, 0xFB }, 62 },
        { { 0x33, 0x33, 0xFF, 0x00, 0x00, 0x01 }, 45 },
        { { 0x02, 0x00, 0x00, 0x00, 0x00, 0x07 }, 30 },
    };
    struct bench *b = *state;

    start(b, true);
    wcr(b, ENC_ERXFCON, 0x24);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        unsigned reg = ENC_EHT0 + cases[i].bit / 8;

        assert_false(gets_in_to(b, cases[i].to));
        wcr(b, reg, 1u << cases[i].bit % 8);
        assert_true(gets_in_to(b, cases[i].to));
        wcr(b, reg, ~(1u << cases[i].bit % 8) & 0xFF);
        assert_false(gets_in_to(b, cases[i].to));
        wcr(b, reg, 0);
    }
}

static void a_pattern_matches_a_broadcast_arp(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, true);
    wcr(b, ENC_ERXFCON, 0x30);
    wcr16(b, ENC_EPMOL, 0);
    wcr(b, ENC_EPMM0, 0x3F);
    wcr(b, ENC_EPMM0 + 1, 0x30);
    wcr16(b, ENC_EPMCSL, 0xF7F9);
    make_frame(frame, sizeof(frame), all_macs);
    assert_false(gets_in(b, frame, sizeof(frame)));
    nif_put_be16(frame + 12, 0x0806);
    assert_true(gets_in(b, frame, sizeof(frame)));
    frame[5] = 0xFE;
    assert_false(gets_in(b, frame, sizeof(frame)));
}

static void a_pattern_takes_masked_bytes_away_and_needs_64_bytes(void **state)
{
    struct bench *b = *state;
    uint8_t frame[100];

    start(b, true);
    make_frame(frame, sizeof(frame), own_mac);
    // Bytes 14 + 1, 14 + 3 and 14 + 59 of the frame: 0F 11 49.
    wcr(b, ENC_ERXFCON, 0x30);
    wcr16(b, ENC_EPMOL, 14);
    wcr(b, ENC_EPMM0, 0x0A);
    wcr(b, ENC_EPMM0 + 7, 0x08);
    wcr16(b, ENC_EPMCSL, ~(0x0F11u + 0x4900u) & 0xFFFF);
    assert_true(gets_in(b, frame, sizeof(frame)));
    assert_true(gets_in(b, frame, 74)); // 78 with FCS: just long enough
    assert_false(gets_in(b, frame, 73));
}

static void a_pattern_sum_carries_around_twice(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, true);
    make_frame(frame, sizeof(frame), own_mac);
    memset(frame + 20, 0xFF, 4);
    frame[25] = 0x01;
    wcr(b, ENC_ERXFCON, 0x30);
    wcr(b, ENC_EPMM0 + 2, 0xF0); // bytes 20 to 25: FFFF FFFF 0001
    wcr(b, ENC_EPMM0 + 3, 0x03);
    frame[24] = 0;
    wcr16(b, ENC_EPMCSL, 0xFFFE);
    assert_true(gets_in(b, frame, sizeof(frame)));
}

static void a_magic_packet_names_us_sixteen_times(void **state)
{
    struct bench *b = *state;
    uint8_t frame[160];
    uint8_t *magic = frame + 30;

    start(b, true);
    wcr(b, ENC_ERXFCON, 0x28);
    make_frame(frame, sizeof(frame), own_mac);
    assert_false(gets_in(b, frame, sizeof(frame)));
    memset(magic, 0xFF, 6);
    for (unsigned i = 1; i <= 16; i++) {
        memcpy(magic + 6 * (size_t)i, own_mac, 6);
    }
    assert_true(gets_in(b, frame, sizeof(frame)));
    for (unsigned i = 0; i <= 16; i++) {
        magic[6 * (size_t)i] ^= 1;
        assert_false(gets_in(b, frame, sizeof(frame)));
        magic[6 * (size_t)i] ^= 1;
    }
    assert_true(gets_in(b, frame, 30 + 102)); // with nothing behind it
    memcpy(frame, all_macs, 6);
    assert_false(gets_in(b, frame, sizeof(frame)));
}

static void control_frames_get_in_with_passall_only(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60] = { 0x01, 0x80, 0xC2, 0, 0, 1 };

    start(b, true);
    nif_put_be16(frame + 12, 0x8808);
    nif_put_be16(frame + 14, 2);
    assert_false(gets_in(b, frame, sizeof(frame)));
    wcr(b, ENC_MACON1, 0x0F);
    assert_true(gets_in(b, frame, sizeof(frame)));
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_filter_lets_in_what_it_is_for),
        T(the_hash_table_has_one_bit_for_each_address),
        T(a_pattern_matches_a_broadcast_arp),
        T(a_pattern_takes_masked_bytes_away_and_needs_64_bytes),
        T(a_pattern_sum_carries_around_twice),
        T(a_magic_packet_names_us_sixteen_times),
        T(control_frames_get_in_with_passall_only),
    };

    return cmocka_run_group_tests_name("model_filter", tests, NULL, NULL);
}
