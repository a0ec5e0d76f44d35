// SPDX-License-Identifier: MIT
//
// The times of the W5500 model's TCP: RTR, RCR, Sn_KPALVTR, TIME_WAIT. The peer
// is made of frames.

#include "tests/w5500/model_call.h"

// Checks that the chip's frames so far came at these times after the first,
// in units of 100 us.
static void came_after(const struct bench *b, const unsigned *units, unsigned n)
{
    assert_int_equal(b->seen_count, n + 1);
    for (unsigned i = 0; i < n; i++) {
        uint64_t ns = b->seen_ns[i + 1] - b->seen_ns[0];

        assert_in_range(ns, units[i] * 100000ull, units[i] * 100000ull + 2000);
    }
}

// ---- RTR and RCR

static void connect_without_arp_times_out(void **state)
{
    struct bench *b = *state;

    put16(b, 0, 0x19, 100);
    put8(b, 0, 0x1B, 2);
    open_tcp(b);
    command(b, 1, 0x04);
    pass_us(b, 29900);
    assert_int_equal(sr(b), 0x15);
    pass_us(b, 200);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02), 0x08);
    assert_int_equal(b->seen_count, 3);
}

static void a_syn_is_sent_again_and_given_up(void **state)
{
    static const unsigned units[] = { 100, 300, 700 };
    struct bench *b = *state;

    put16(b, 0, 0x19, 100);
    put8(b, 0, 0x1B, 3);
    call(b);
    pass_us(b, 149800);
    assert_int_equal(sr(b), 0x15);
    pass_us(b, 400);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02), 0x08);
    came_after(b, units, 3);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(flags(b, i), SYN);
    }
}

static void a_syn_ack_is_sent_again_and_given_up(void **state)
{
    static const unsigned units[] = { 100, 300 };
    struct bench *b = *state;

    put16(b, 0, 0x19, 100);
    put8(b, 0, 0x1B, 2);
    open_tcp(b);
    command(b, 1, 0x02);
    tcp_from(b, SYN, 1000, 0, NULL, 0);
    pass_us(b, 69900);
    assert_int_equal(sr(b), 0x16);
    pass_us(b, 300);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02), 0x08);
    came_after(b, units, 2);
}

static void data_is_given_up_after_31_8_s(void **state)
{
    // 2000 doubled as long as it fits 16 bits: 2000 4000 8000 16000 32000
    // 64000, then 64000 again.
    static const unsigned units[] = { 2000, 6000, 14000, 30000, 62000, 126000,
        190000, 254000 };
    struct bench *b = *state;

    establish(b);
    send_data(b, 1, "x", 1);
    pass_us(b, 31799900);
    assert_int_equal(sr(b), 0x17);
    pass_us(b, 200);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02), 0x18); // SENDOK came long ago
    came_after(b, units, 8);
}

static void an_ack_begins_the_count_anew(void **state)
{
    struct bench *b = *state;
    uint32_t seq;

    put16(b, 0, 0x19, 100);
    put8(b, 0, 0x1B, 2);
    seq = establish(b);
    send_data(b, 1, "x", 1);
    pass_us(b, 60000);
    tcp_from(b, ACK, 1001, seq + 1, NULL, 0);
    b->seen_count = 0;
    put8(b, 5, 0x02, 0xFF);
    send_data(b, 1, "y", 1);
    pass_us(b, 69800);
    assert_int_equal(sr(b), 0x17);
    pass_us(b, 300);
    assert_int_equal(sr(b), 0x00);
    came_after(b, (const unsigned[]){ 100, 300 }, 2);
}

static void a_fin_that_nobody_answers_times_out(void **state)
{
    struct bench *b = *state;

    put16(b, 0, 0x19, 100);
    put8(b, 0, 0x1B, 1);
    establish(b);
    command(b, 1, 0x08);
    assert_int_equal(sr(b), 0x18);
    pass_us(b, 29800);
    assert_int_equal(sr(b), 0x18);
    pass_us(b, 300);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02), 0x08);
    assert_int_equal(flags(b, 0) & FIN, FIN);
    came_after(b, (const unsigned[]){ 100 }, 1);
}

static void a_peer_that_never_closes_times_out(void **state)
{
    struct bench *b = *state;
    uint32_t seq;

    put16(b, 0, 0x19, 100);
    put8(b, 0, 0x1B, 1);
    seq = establish(b);
    command(b, 1, 0x08);
    tcp_from(b, ACK, 1001, seq + 1, NULL, 0);
    assert_int_equal(sr(b), 0x18);
    pass_us(b, 29800);
    assert_int_equal(sr(b), 0x18);
    pass_us(b, 300);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02), 0x08);
}

static void a_simultaneous_close_goes_by_closing(void **state)
{
    struct bench *b = *state;
    uint32_t seq = establish(b);

    command(b, 1, 0x08);
    tcp_from(b, FIN | ACK, 1001, seq, NULL, 0);
    assert_int_equal(sr(b), 0x1A); // CLOSING
    assert_int_equal(get8(b, 5, 0x02), 0x02);
    tcp_from(b, ACK, 1002, seq + 1, NULL, 0);
    assert_int_equal(sr(b), 0x1B); // TIME_WAIT
    pass_us(b, 100100);
    assert_int_equal(sr(b), 0x00);
}

static void discon_ends_what_has_not_begun(void **state)
{
    struct bench *b = *state;

    open_tcp(b);
    command(b, 1, 0x08);
    assert_int_equal(sr(b), 0x00);
    open_tcp(b);
    command(b, 1, 0x02);
    command(b, 1, 0x08);
    assert_int_equal(sr(b), 0x00);
    call(b);
    command(b, 1, 0x08);
    assert_int_equal(sr(b), 0x00);
    pass_us(b, 1000000);
    assert_int_equal(b->seen_count, 1); // the SYN is not sent again
    assert_int_equal(get8(b, 5, 0x02), 0x00);
}

static void last_ack_waits_for_the_peer(void **state)
{
    struct bench *b = *state;
    uint32_t seq = establish(b);

    tcp_from(b, FIN | ACK, 1001, seq, NULL, 0);
    assert_int_equal(sr(b), 0x1C);
    command(b, 1, 0x08);
    assert_int_equal(sr(b), 0x1D); // LAST_ACK
    tcp_from(b, ACK, 1002, seq + 1, NULL, 0);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02), 0x02);
}

static void sendok_waits_for_the_window(void **state)
{
    static uint8_t data[2048];
    struct bench *b = *state;
    uint32_t seq = establish(b);

    // The peer's window is 8192; shut it.
    uint8_t body[20] = { 0, 7, 0x13, 0x88, 0, 0, 0x03, 0xE9, 0, 0, 0, 0, 0x50,
        ACK };
    const struct ip_frame ip = { .proto = 6 };
    uint32_t sum = 0xC000 + 0x0201 + 0xC000 + 0x0202 + 6 + 20;

    nif_put_be32(body + 8, seq);
    for (unsigned i = 0; i < sizeof(body); i += 2) {
        sum += nif_get_be16(body + i);
    }
    sum = (sum & 0xFFFF) + (sum >> 16);
    nif_put_be16(body + 16, (uint16_t) ~(sum + (sum >> 16)));
    ip_from(b, &ip, body, sizeof(body));
    send_data(b, 1, data, sizeof(data));
    pass_us(b, 1000);
    assert_int_equal(get8(b, 5, 0x02), 0x00);
    assert_int_equal(b->seen_count, 0);
    tcp_from(b, ACK, 1001, seq, NULL, 0);
    pass_us(b, 1000);
    assert_int_equal(get8(b, 5, 0x02), 0x10);
    assert_int_equal(fsr(b, 1), 0);
    tcp_from(b, ACK, 1001, seq + 2048, NULL, 0);
    assert_int_equal(fsr(b, 1), 2048);
}

// ---- keep-alive

static void a_silent_connection_is_probed(void **state)
{
    struct bench *b = *state;
    uint32_t seq;

    put16(b, 0, 0x19, 100);
    put8(b, 0, 0x1B, 1);
    put8(b, 5, 0x2F, 2); // 10 s
    seq = establish(b);
    send_data(b, 1, "x", 1);
    tcp_from(b, ACK, 1001, seq + 1, NULL, 0);
    b->seen_count = 0;
    pass_us(b, 9999000);
    assert_int_equal(b->seen_count, 0);
    pass_us(b, 1100);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(flags(b, 0), ACK);
    assert_int_equal(seen32(b, 0, 38), seq); // one before the next
    tcp_from(b, ACK, 1001, seq + 1, NULL, 0);
    pass_us(b, 9990000);
    assert_int_equal(b->seen_count, 1);
    pass_us(b, 9000);
    assert_int_equal(sr(b), 0x17);
    pass_us(b, 31000); // two probes without an answer
    assert_int_equal(b->seen_count, 3);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02) & 0x08, 0x08);
}

static void send_keep_probes_once_data_has_flowed(void **state)
{
    struct bench *b = *state;
    uint32_t seq = establish(b);

    command(b, 1, 0x22);
    bench_forgive(b, SIM_W5500_R_COMMAND);
    tcp_from(b, ACK | PSH, 1001, seq, "x", 1);
    pass_us(b, 50000); // its ACK
    b->seen_count = 0;
    command(b, 1, 0x22);
    pass_us(b, 10);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(seen32(b, 0, 38), seq - 1);
    tcp_from(b, ACK, 1002, seq, NULL, 0);
    put8(b, 5, 0x2F, 1);
    command(b, 1, 0x22); // automatic now: nothing
    pass_us(b, 10);
    assert_int_equal(b->seen_count, 1);
}

// ---- together

static void a_reset_of_the_chip_forgets_connections(void **state)
{
    struct bench *b = *state;
    uint32_t seq = establish(b);

    send_data(b, 1, "x", 1);
    put8(b, 0, 0x00, 0x80);
    pass_us(b, 40000000);
    assert_int_equal(b->seen_count, 0); // cut, and nothing after it
    address(b);
    tcp_from(b, ACK, 1001, seq, NULL, 0);
    pass_us(b, 20);
    assert_int_equal(flags(b, last(b)), RST);
}

static void a_link_flap_does_not_end_a_connection(void **state)
{
    struct bench *b = *state;
    uint32_t seq = establish(b);

    sim_cable_plug(&b->cable, false);
    send_data(b, 1, "x", 1);
    pass_us(b, 1000000);
    sim_cable_plug(&b->cable, true);
    pass_us(b, 1000000);
    assert_int_equal(sr(b), 0x17);
    assert_true(b->seen_count > 0);
    assert_int_equal(seen32(b, 0, 38), seq);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(connect_without_arp_times_out),
        TEST(a_syn_is_sent_again_and_given_up),
        TEST(a_syn_ack_is_sent_again_and_given_up),
        TEST(data_is_given_up_after_31_8_s),
        TEST(an_ack_begins_the_count_anew),
        TEST(a_fin_that_nobody_answers_times_out),
        TEST(a_peer_that_never_closes_times_out),
        TEST(a_simultaneous_close_goes_by_closing),
        TEST(discon_ends_what_has_not_begun),
        TEST(last_ack_waits_for_the_peer),
        TEST(sendok_waits_for_the_window),
        TEST(a_silent_connection_is_probed),
        TEST(send_keep_probes_once_data_has_flowed),
        TEST(a_reset_of_the_chip_forgets_connections),
        TEST(a_link_flap_does_not_end_a_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
