// SPDX-License-Identifier: MIT
//
// The W5500 model's MACRAW mode: frames in and out, and the commands that
// move them.

#include "tests/w5500/model_bench.h"

static const uint8_t group_mac[6] = { 0x01, 0x00, 0x5E, 0, 0, 0x01 };
static const uint8_t other_mac[6] = { 2, 0, 0, 0, 0, 7 };

static void open_makes_socket_0_macraw_and_no_other(void **state)
{
    struct bench *b = *state;

    put8(b, 1, 0x00, 0x04);
    put8(b, 1, 0x01, 0x01);
    assert_int_equal(get8(b, 1, 0x03), 0x42); // in the very next transaction
    assert_int_equal(get8(b, 1, 0x01), 0x00);
    for (unsigned n = 1; n < 8; n++) {
        put8(b, REGS(n), 0x00, 0x04);
        command(b, n, 0x01);
        bench_forgive(b, SIM_W5500_R_COMMAND);
        assert_int_equal(get8(b, REGS(n), 0x03), 0x00);
    }
}

static void open_without_a_mode_stays_closed(void **state)
{
    struct bench *b = *state;

    for (unsigned mr = 0; mr < 16; mr++) {
        if (mr == 0 || mr > 4) {
            put8(b, 1, 0x00, mr);
            command(b, 0, 0x01);
            bench_forgive(b, SIM_W5500_R_COMMAND);
            assert_int_equal(get8(b, 1, 0x03), 0x00);
        }
    }
}

static void a_command_takes_its_time_and_others_are_lost_meanwhile(void **state)
{
    const struct sim_w5500_cfg cfg = { .cr_ns = 50000 };
    struct bench *b = bench_open(&cfg);

    *state = b;
    put8(b, 1, 0x00, 0x04);
    put8(b, 1, 0x01, 0x01);
    assert_int_equal(get8(b, 1, 0x01), 0x01);
    assert_int_equal(get8(b, 1, 0x03), 0x00);
    put8(b, 1, 0x01, 0x10);
    bench_forgive(b, SIM_W5500_R_CR_BUSY);
    pass_us(b, 50);
    assert_int_equal(get8(b, 1, 0x01), 0x00);
    assert_int_equal(get8(b, 1, 0x03), 0x42);
    put8(b, 1, 0x01, 0x10);
    pass_us(b, 51);
    assert_int_equal(get8(b, 1, 0x03), 0x00);
}

static void an_unknown_command_is_a_complaint(void **state)
{
    struct bench *b = *state;

    command(b, 0, 0x33);
    bench_forgive(b, SIM_W5500_R_COMMAND);
    command(b, 0, 0x20); // SEND of a closed socket
    bench_forgive(b, SIM_W5500_R_COMMAND);
    put8(b, 1, 0x01, 0x00); // none at all
}

// ---- receiving

static void a_frame_is_stored_behind_its_length(void **state)
{
    struct bench *b = *state;
    uint8_t frame[61];
    uint8_t in[63];

    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0x80);
    arrive(b, frame, sizeof(frame));
    assert_int_equal(rsr(b, 0), 63);
    assert_int_equal(get16(b, 1, 0x2A), 63); // RX_WR
    get(b, 3, 0, in, 63);
    assert_int_equal(nif_get_be16(in), 63);
    assert_memory_equal(in + 2, frame, 61);
}

static void frames_follow_each_other_without_a_gap(void **state)
{
    struct bench *b = *state;
    uint8_t frame[61];
    uint8_t in[63];

    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0);
    arrive(b, frame, sizeof(frame));
    frame[20] = 0x99;
    arrive(b, frame, sizeof(frame));
    take_data(b, 0, in, 63);
    assert_int_equal(rsr(b, 0), 63);
    take_data(b, 0, in, 63);
    assert_memory_equal(in + 2, frame, 61);
    assert_int_equal(rsr(b, 0), 0);
}

static void only_the_recv_command_gives_memory_back(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0);
    arrive(b, frame, sizeof(frame));
    put16(b, 1, 0x28, 62);
    assert_int_equal(rsr(b, 0), 62);
    command(b, 0, 0x40);
    assert_int_equal(rsr(b, 0), 0);
}

static void rx_rd_must_not_overtake_rx_wr(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0);
    arrive(b, frame, sizeof(frame));
    put16(b, 1, 0x28, 63);
    command(b, 0, 0x40);
    bench_forgive(b, SIM_W5500_R_POINTER);
    assert_int_equal(rsr(b, 0), 0xFFFF); // as the difference is
}

static void headers_and_frames_wrap(void **state)
{
    static uint8_t frame[1514];
    struct bench *b = *state;
    uint8_t in[1516];

    open_macraw(b, 0);
    for (unsigned i = 0; i < 50; i++) {
        size_t len = 1400 + 2 * i + (i & 1);

        make_frame(frame, len, own_mac);
        frame[14] = (uint8_t)i;
        arrive(b, frame, len);
        assert_int_equal(rsr(b, 0), len + 2);
        take_data(b, 0, in, len + 2);
        assert_int_equal(nif_get_be16(in), len + 2);
        assert_memory_equal(in + 2, frame, len);
    }
    assert_true(get16(b, 1, 0x2A) < 16384); // RX_WR went past FFFF
}

static void a_frame_without_room_is_dropped_whole(void **state)
{
    static uint8_t frame[1514];
    struct bench *b = *state;

    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0);
    for (unsigned i = 0; i < 12; i++) {
        arrive(b, frame, sizeof(frame));
    }
    assert_int_equal(rsr(b, 0), 10 * 1516);
    assert_int_equal(b->chip.counts.rx_lost, 2);
    arrive(b, frame, 16384 - 15160 - 2); // what is left
    assert_int_equal(rsr(b, 0), 16384);
}

static void a_bad_frame_is_nobodys(void **state)
{
    struct bench *b = *state;
    uint8_t frame[68];

    make_frame(frame, 60, own_mac);
    sim_fcs_put(frame, 60);
    frame[30] ^= 1;
    open_macraw(b, 0);
    assert_true(sim_nic_send_raw(&b->nic, frame, 64));
    assert_true(sim_nic_send_raw(&b->nic, frame, 20));
    pass_us(b, 30);
    assert_int_equal(rsr(b, 0), 0);
    assert_int_equal(b->chip.counts.rx_bad, 2);
}

// What comes through with these bits of Sn_MR: own, other, all, group, IPv6.
static unsigned passes(struct bench *b, unsigned bits)
{
    const uint8_t *const to[5] = { own_mac, other_mac, all_macs, group_mac,
        own_mac };
    unsigned passed = 0;

    open_macraw(b, bits);
    for (unsigned i = 0; i < 5; i++) {
        uint8_t frame[60];
        unsigned before = rsr(b, 0);

        make_frame(frame, sizeof(frame), to[i]);
        if (i == 4) {
            nif_put_be16(frame + 12, 0x86DD);
        }
        arrive(b, frame, sizeof(frame));
        passed = passed << 1 | (rsr(b, 0) != before);
    }
    command(b, 0, 0x10);
    return passed;
}

static void each_filter_bit_keeps_its_kind_away(void **state)
{
    struct bench *b = *state;

    assert_int_equal(passes(b, 0x00), 0x1F);
    assert_int_equal(passes(b, 0x80), 0x17); // MFEN: not for others
    assert_int_equal(passes(b, 0x40), 0x1B); // BCASTB
    assert_int_equal(passes(b, 0x20), 0x1D); // MMB
    assert_int_equal(passes(b, 0x10), 0x1E); // MIP6B
    assert_int_equal(passes(b, 0xF0), 0x10);
}

// ---- sending

static void a_frame_leaves_and_sendok_comes_when_it_has(void **state)
{
    static uint8_t frame[1514];
    struct bench *b = *state;
    uint64_t from_ns;

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    put(b, 2, 0, frame, sizeof(frame));
    put16(b, 1, 0x24, sizeof(frame));
    put8(b, 1, 0x01, 0x20);
    from_ns = b->world.now_ns;
    assert_int_equal(get16(b, 1, 0x22), 0); // TX_RD
    assert_int_equal(fsr(b, 0), 16384 - 1514);
    while (get8(b, 1, 0x02) == 0) {
        assert_int_equal(b->seen_count, 0);
    }
    // 8 + 1514 + 4 bytes of 80 ns.
    assert_in_range(b->world.now_ns - from_ns, 122080, 124000);
    assert_int_equal(get8(b, 1, 0x02), 0x10);
    assert_int_equal(get16(b, 1, 0x22), 1514);
    assert_int_equal(fsr(b, 0), 16384);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(b->seen_len[0], 1514);
    assert_memory_equal(b->seen[0], frame, 1514);
}

static void a_short_frame_is_padded(void **state)
{
    struct bench *b = *state;
    uint8_t frame[42];

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    send_data(b, 0, frame, sizeof(frame));
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(b->seen_len[0], 60);
    assert_memory_equal(b->seen[0], frame, 42);
    for (unsigned i = 42; i < 60; i++) {
        assert_int_equal(b->seen[0][i], 0);
    }
}

static void chunks_can_be_appended_before_send(void **state)
{
    struct bench *b = *state;
    uint8_t frame[80];

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    put(b, 2, 0, frame, 14);
    put16(b, 1, 0x24, 14);
    put(b, 2, 14, frame + 14, 66);
    put16(b, 1, 0x24, 80);
    command(b, 0, 0x20);
    pass_us(b, 20);
    assert_int_equal(b->seen_len[0], 80);
    assert_memory_equal(b->seen[0], frame, 80);
}

static void frames_keep_their_gap(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    for (unsigned i = 0; i < 100; i++) {
        send_data(b, 0, frame, sizeof(frame));
        while ((get8(b, 1, 0x02) & 0x10) == 0) {
        }
        put8(b, 1, 0x02, 0x10);
    }
    assert_int_equal(b->seen_count, SEEN);
    // TX_RD has gone past 4096, so memory wraps several times in 100 frames.
    assert_int_equal(get16(b, 1, 0x22), 6000);
    for (unsigned i = 1; i < SEEN; i++) {
        assert_true(b->seen_ns[i] - b->seen_ns[i - 1] >= 6720);
    }
}

static void the_next_send_waits_for_sendok(void **state)
{
    static uint8_t frame[1514];
    struct bench *b = *state;

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    send_data(b, 0, frame, sizeof(frame));
    send_data(b, 0, frame, 60);
    bench_forgive(b, SIM_W5500_R_SEND_BUSY);
    pass_us(b, 300);
    assert_int_equal(b->seen_count, 1);
}

static void a_frame_must_have_a_sensible_length(void **state)
{
    static uint8_t frame[1515];
    struct bench *b = *state;

    open_macraw(b, 0);
    command(b, 0, 0x20); // of nothing
    bench_forgive(b, SIM_W5500_R_LENGTH);
    send_data(b, 0, frame, 13);
    bench_forgive(b, SIM_W5500_R_LENGTH);
    pass_us(b, 20);
    send_data(b, 0, frame, 1515);
    bench_forgive(b, SIM_W5500_R_LENGTH);
    pass_us(b, 200);
    assert_int_equal(get16(b, 1, 0x22), 1528);
}

// ---- opening and closing

static void close_forgets_what_is_under_way(void **state)
{
    static uint8_t frame[1514];
    struct bench *b = *state;

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    send_data(b, 0, frame, sizeof(frame));
    command(b, 0, 0x10);
    assert_int_equal(get8(b, 1, 0x03), 0x00);
    pass_us(b, 200);
    assert_int_equal(get8(b, 1, 0x02), 0x00); // no SENDOK
    arrive(b, frame, 60);
    assert_int_equal(rsr(b, 0), 0);
}

static void open_again_begins_anew(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0);
    arrive(b, frame, sizeof(frame));
    send_data(b, 0, frame, sizeof(frame));
    pass_us(b, 20);
    command(b, 0, 0x01); // as Linux does, without CLOSE
    assert_int_equal(get8(b, 1, 0x03), 0x42);
    assert_int_equal(get16(b, 1, 0x22), 0); // TX_RD
    assert_int_equal(get16(b, 1, 0x24), 0); // TX_WR
    assert_int_equal(get16(b, 1, 0x28), 0); // RX_RD
    assert_int_equal(rsr(b, 0), 0);
}

static void recv_is_not_set_again_by_what_is_left(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];
    uint8_t in[62];

    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0);
    arrive(b, frame, sizeof(frame));
    arrive(b, frame, sizeof(frame));
    put8(b, 1, 0x02, 0x04);
    take_data(b, 0, in, 62);
    assert_int_equal(rsr(b, 0), 62);
    assert_int_equal(get8(b, 1, 0x02), 0x00);
}

static void recv_is_set_again_if_it_is_asked_for(void **state)
{
    const struct sim_w5500_cfg cfg = { .recv_again = true };
    struct bench *b = bench_open(&cfg);
    uint8_t frame[60];
    uint8_t in[62];

    *state = b;
    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0);
    arrive(b, frame, sizeof(frame));
    arrive(b, frame, sizeof(frame));
    put8(b, 1, 0x02, 0x04);
    take_data(b, 0, in, 62);
    assert_int_equal(get8(b, 1, 0x02), 0x04);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open_makes_socket_0_macraw_and_no_other),
        TEST(open_without_a_mode_stays_closed),
        TEST(a_command_takes_its_time_and_others_are_lost_meanwhile),
        TEST(an_unknown_command_is_a_complaint),
        TEST(a_frame_is_stored_behind_its_length),
        TEST(frames_follow_each_other_without_a_gap),
        TEST(only_the_recv_command_gives_memory_back),
        TEST(rx_rd_must_not_overtake_rx_wr),
        TEST(headers_and_frames_wrap),
        TEST(a_frame_without_room_is_dropped_whole),
        TEST(a_bad_frame_is_nobodys),
        TEST(each_filter_bit_keeps_its_kind_away),
        TEST(a_frame_leaves_and_sendok_comes_when_it_has),
        TEST(a_short_frame_is_padded),
        TEST(chunks_can_be_appended_before_send),
        TEST(frames_keep_their_gap),
        TEST(the_next_send_waits_for_sendok),
        TEST(a_frame_must_have_a_sensible_length),
        TEST(close_forgets_what_is_under_way),
        TEST(open_again_begins_anew),
        TEST(recv_is_not_set_again_by_what_is_left),
        TEST(recv_is_set_again_if_it_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
