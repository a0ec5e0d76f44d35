// SPDX-License-Identifier: MIT
//
// The W5500 model's TCP as it is on the wire: options, answers, what is sent
// again. The peer is made of frames.

#include "tests/w5500/model_call.h"

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
