// SPDX-License-Identifier: MIT
//
// The W5500 model's TCP as it is on the wire, and its times: RTR, RCR,
// Sn_KPALVTR, TIME_WAIT. The peer is made of frames.

#include "tests/w5500/model_frames.h"

static unsigned sr(struct bench *b)
{
    return get8(b, 5, 0x03);
}

// The last frame that the chip has sent.
static unsigned last(const struct bench *b)
{
    assert_true(b->seen_count > 0);
    return b->seen_count - 1;
}

static unsigned flags(const struct bench *b, unsigned frame)
{
    assert_true(seen_sound(b, frame));
    return seen8(b, frame, 47);
}

static void open_tcp(struct bench *b)
{
    address(b);
    put16(b, 5, 0x04, 5000);
    put32(b, 5, 0x0C, PEER_IP);
    put16(b, 5, 0x10, 7);
    put8(b, 5, 0x00, 0x01);
    command(b, 1, 0x01);
}

// As far as the SYN. Returns the chip's next sequence number.
static uint32_t call(struct bench *b)
{
    open_tcp(b);
    command(b, 1, 0x04);
    pass_us(b, 10);
    assert_int_equal(sr(b), 0x15);
    assert_int_equal(seen16(b, 0, 12), 0x0806);
    b->seen_count = 0;
    arp_from(b, 2, PEER_IP, OWN_IP);
    pass_us(b, 10);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(flags(b, 0), SYN);
    return seen32(b, 0, 38) + 1;
}

// As far as ESTABLISHED; the peer's next number is 1001.
static uint32_t establish(struct bench *b)
{
    uint32_t seq = call(b);

    tcp_from(b, SYN | ACK, 1000, seq, NULL, 0);
    pass_us(b, 20);
    assert_int_equal(sr(b), 0x17);
    put8(b, 5, 0x02, 0xFF);
    b->seen_count = 0;
    return seq;
}

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

// ---- on the wire

static void a_syn_has_mss_and_no_other_option(void **state)
{
    struct bench *b = *state;

    call(b);
    assert_int_equal(seen16(b, 0, 16), 44);
    assert_int_equal(seen8(b, 0, 46), 0x60);
    assert_int_equal(seen32(b, 0, 54), 0x020405B4);
    assert_int_equal(seen16(b, 0, 48), 2048); // the window: RX memory
    assert_int_equal(seen8(b, 0, 22), 0x80);  // TTL
}

static void mssr_is_what_a_syn_says(void **state)
{
    struct bench *b = *state;

    put16(b, 5, 0x12, 900);
    put8(b, 5, 0x16, 33);
    put8(b, 5, 0x15, 0x10);
    call(b);
    assert_int_equal(seen32(b, 0, 54), 0x02040000 | 900);
    assert_int_equal(seen8(b, 0, 22), 33);
    assert_int_equal(seen8(b, 0, 15), 0x10); // TOS
}

static void a_server_goes_by_synrecv(void **state)
{
    struct bench *b = *state;
    uint32_t seq;

    open_tcp(b);
    command(b, 1, 0x02);
    tcp_from(b, SYN, 1000, 0, NULL, 0);
    pass_us(b, 20);
    assert_int_equal(sr(b), 0x16);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(flags(b, 0), SYN | ACK);
    assert_int_equal(seen32(b, 0, 42), 1001);
    assert_int_equal(seen32(b, 0, 54), 0x020405B4);
    assert_int_equal(get8(b, 5, 0x02), 0x00);
    assert_int_equal(get16(b, 5, 0x10), 7);
    seq = seen32(b, 0, 38) + 1;
    tcp_from(b, ACK, 1001, seq, NULL, 0);
    assert_int_equal(sr(b), 0x17);
    assert_int_equal(get8(b, 5, 0x02), 0x01);
}

// How long the first segment is to a client with these options.
static size_t first_segment(struct bench *b, const uint8_t *options, size_t len)
{
    static uint8_t data[2000];
    uint32_t seq;

    command(b, 1, 0x10);
    b->seen_count = 0;
    open_tcp(b);
    command(b, 1, 0x02);
    syn_from(b, 0, 0, options, len);
    pass_us(b, 20);
    seq = seen32(b, last(b), 38) + 1;
    tcp_from(b, ACK, 1001, seq, NULL, 0);
    assert_int_equal(sr(b), 0x17);
    b->seen_count = 0;
    send_data(b, 1, data, sizeof(data));
    pass_us(b, 1000);
    return seen16(b, 0, 16) - 40u;
}

static void the_peers_mss_is_kept_to(void **state)
{
    static const uint8_t plain[4] = { 2, 4, 0x02, 0x58 };
    static const uint8_t behind[12] = { 1, 1, 4, 2, 3, 3, 7, 1, 2, 4, 0x02,
        0x58 };
    static const uint8_t large[4] = { 2, 4, 0x10, 0x00 };
    static const uint8_t tiny[4] = { 2, 4, 0x00, 0x01 };
    static const uint8_t broken[8] = { 3, 1, 2, 4, 0x02, 0x58, 0, 0 };
    static const uint8_t cut[4] = { 1, 1, 2, 4 };
    static const uint8_t ended[8] = { 0, 0, 2, 4, 0x02, 0x58, 0, 0 };
    struct bench *b = *state;

    assert_int_equal(first_segment(b, plain, 4), 600);
    assert_int_equal(first_segment(b, behind, 12), 600);
    assert_int_equal(first_segment(b, large, 4), 1460);
    assert_int_equal(first_segment(b, tiny, 4), 64);
    assert_int_equal(first_segment(b, plain, 0), 536);
    assert_int_equal(first_segment(b, broken, 8), 536);
    assert_int_equal(first_segment(b, cut, 4), 536);
    assert_int_equal(first_segment(b, ended, 8), 536);
}

static void a_client_keeps_to_it_too(void **state)
{
    static const uint8_t mss[4] = { 2, 4, 0x02, 0x58 };
    static uint8_t data[1000];
    struct bench *b = *state;
    uint32_t seq = call(b);

    syn_from(b, ACK, seq, mss, 4);
    pass_us(b, 20);
    assert_int_equal(sr(b), 0x17);
    b->seen_count = 0;
    send_data(b, 1, data, sizeof(data));
    pass_us(b, 1000);
    assert_int_equal(b->seen_count, 2);
    assert_int_equal(seen16(b, 0, 16), 640);
    assert_int_equal(seen16(b, 1, 16), 440);
}

static void connect_needs_a_host(void **state)
{
    struct bench *b = *state;

    open_tcp(b);
    put32(b, 5, 0x0C, 0xFFFFFFFF);
    command(b, 1, 0x04);
    arp_from(b, 2, PEER_IP, OWN_IP); // the gateway
    bench_forgive(b, SIM_W5500_R_COMMAND);
    assert_int_equal(sr(b), 0x00);
}

static void a_damaged_syn_is_not_heard(void **state)
{
    const struct ip_frame ip = { .proto = 6 };
    uint8_t syn[20] = { 0, 7, 0x13, 0x88, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2 };
    struct bench *b = *state;

    open_tcp(b);
    command(b, 1, 0x02);
    ip_from(b, &ip, syn, sizeof(syn));
    pass_us(b, 20);
    assert_int_equal(sr(b), 0x14);
    assert_int_equal(b->seen_count, 0);
}

static void a_reset_in_synrecv_closes(void **state)
{
    struct bench *b = *state;

    open_tcp(b);
    command(b, 1, 0x02);
    tcp_from(b, SYN, 1000, 0, NULL, 0);
    pass_us(b, 20);
    tcp_from(b, RST, 1001, 0, NULL, 0);
    assert_int_equal(sr(b), 0x00);
    assert_int_equal(get8(b, 5, 0x02), 0x00);
}

static void a_segment_for_nobody_is_reset(void **state)
{
    struct bench *b = *state;

    address(b);
    tcp_from(b, SYN, 1000, 0, NULL, 0);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(flags(b, 0), RST | ACK);
    assert_int_equal(seen32(b, 0, 42), 1001);
}

static void what_is_sent_again_is_what_lies_in_memory(void **state)
{
    struct bench *b = *state;
    uint32_t seq = establish(b);

    send_data(b, 1, "abcd", 4);
    pass_us(b, 20);
    assert_memory_equal(b->seen[0] + 54, "abcd", 4);
    put(b, 6, get16(b, 5, 0x24) - 4, (const uint8_t *)"XY", 2);
    bench_forgive(b, SIM_W5500_R_TX_FLIGHT);
    pass_us(b, 210000);
    assert_int_equal(b->seen_count, 2);
    assert_int_equal(seen32(b, 1, 38), seq);
    assert_memory_equal(b->seen[1] + 54, "XYcd", 4);
}

static void an_ack_may_wait_but_not_with_nd(void **state)
{
    struct bench *b = *state;
    uint32_t seq = establish(b);

    tcp_from(b, ACK | PSH, 1001, seq, "x", 1);
    pass_us(b, 1000);
    assert_int_equal(b->seen_count, 0);
    pass_us(b, 50000);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(seen32(b, 0, 42), 1002);
    put8(b, 5, 0x00, 0x21);
    tcp_from(b, ACK | PSH, 1002, seq, "y", 1);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 2);
    assert_int_equal(seen32(b, 1, 42), 1003);
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
        TEST(a_syn_has_mss_and_no_other_option),
        TEST(mssr_is_what_a_syn_says),
        TEST(a_server_goes_by_synrecv),
        TEST(the_peers_mss_is_kept_to),
        TEST(a_client_keeps_to_it_too),
        TEST(connect_needs_a_host),
        TEST(a_damaged_syn_is_not_heard),
        TEST(a_reset_in_synrecv_closes),
        TEST(a_segment_for_nobody_is_reset),
        TEST(what_is_sent_again_is_what_lies_in_memory),
        TEST(an_ack_may_wait_but_not_with_nd),
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
