// SPDX-License-Identifier: MIT
//
// The W5500 model's datagram sockets: UDP, its groups, IPRAW.

#include "tests/w5500/model_frames.h"

static const struct ip_frame plain = { .proto = 17 };
static const uint8_t group_mac[6] = { 0x01, 0x00, 0x5E, 0x01, 0x02, 0x03 };

#define GROUP_IP 0xEF810203u // 239.129.2.3

// Socket 1, port 5000, to port 7 of the peer.
static void open_udp(struct bench *b, unsigned bits)
{
    address(b);
    put16(b, 5, 0x04, 5000);
    put32(b, 5, 0x0C, PEER_IP);
    put16(b, 5, 0x10, 7);
    put8(b, 5, 0x00, 0x02 | bits);
    command(b, 1, 0x01);
    assert_int_equal(get8(b, 5, 0x03), 0x22);
}

// Sends and has the peer answer the question for its card.
static void send_answered(struct bench *b, const void *data, size_t len)
{
    send_data(b, 1, data, len);
    pass_us(b, 20);
    arp_from(b, 2, PEER_IP, OWN_IP);
    pass_us(b, 20);
}

// ---- sending

static void a_datagram_waits_for_arp(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    send_data(b, 1, "hello", 5);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1);
    assert_memory_equal(b->seen[0], all_macs, 6);
    assert_int_equal(seen32(b, 0, 18), 0x06040001); // who has
    assert_int_equal(seen32(b, 0, 28), OWN_IP);
    assert_int_equal(seen32(b, 0, 38), PEER_IP);
    assert_int_equal(get8(b, 5, 0x02), 0x00);
    arp_from(b, 2, PEER_IP, OWN_IP);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 2);
    assert_true(seen_sound(b, 1));
    assert_memory_equal(b->seen[1], peer_mac, 6);
    assert_int_equal(seen8(b, 1, 22), 0x80); // TTL
    assert_int_equal(seen16(b, 1, 20), 0x4000);
    assert_int_equal(seen32(b, 1, 26), OWN_IP);
    assert_int_equal(seen32(b, 1, 30), PEER_IP);
    assert_int_equal(seen32(b, 1, 34), 5000u << 16 | 7);
    assert_int_equal(seen16(b, 1, 38), 13);
    assert_memory_equal(b->seen[1] + 42, "hello", 5);
    assert_int_equal(get8(b, 5, 0x02), 0x10);
    assert_int_equal(fsr(b, 1), 2048);
}

static void a_second_answer_changes_nothing(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    send_answered(b, "x", 1);
    arp_from(b, 2, PEER_IP, OWN_IP);
    pass_us(b, 2000000);
    assert_int_equal(b->seen_count, 2);
    assert_int_equal(get8(b, 5, 0x02), 0x10);
}

static void the_card_that_was_found_is_in_dhar(void **state)
{
    struct bench *b = *state;
    uint8_t dhar[6];

    open_udp(b, 0);
    send_answered(b, "x", 1);
    get(b, 5, 0x06, dhar, 6);
    assert_memory_equal(dhar, peer_mac, 6);
}

static void the_same_peer_is_asked_once(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    send_answered(b, "1", 1);
    send_data(b, 1, "2", 1);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 3);
    assert_int_equal(seen8(b, 2, 42), '2');
    put32(b, 5, 0x0C, 0xC0000209); // another one is
    send_data(b, 1, "3", 1);
    pass_us(b, 20);
    assert_int_equal(seen16(b, 3, 12), 0x0806);
}

static void farp_asks_each_time(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    put8(b, 0, 0x00, 0x02);
    send_answered(b, "1", 1);
    send_answered(b, "2", 1);
    assert_int_equal(b->seen_count, 4);
    assert_int_equal(seen16(b, 2, 12), 0x0806);
}

static void who_is_elsewhere_is_reached_by_the_gateway(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    put32(b, 5, 0x0C, 0xC6336409);
    send_answered(b, "1", 1); // 192.0.2.1 is the gateway
    assert_int_equal(seen32(b, 0, 38), PEER_IP);
    assert_memory_equal(b->seen[1], peer_mac, 6);
    assert_int_equal(seen32(b, 1, 30), 0xC6336409);
}

static void broadcasts_ask_nobody(void **state)
{
    static const uint32_t to[] = { 0xFFFFFFFF, 0xC00002FF };
    struct bench *b = *state;

    open_udp(b, 0);
    for (unsigned i = 0; i < 2; i++) {
        put32(b, 5, 0x0C, to[i]);
        send_data(b, 1, "all", 3);
        pass_us(b, 20);
        assert_int_equal(b->seen_count, i + 1);
        assert_memory_equal(b->seen[i], all_macs, 6);
        assert_int_equal(seen32(b, i, 30), to[i]);
    }
}

static void without_an_address_a_broadcast_can_be_sent(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    put32(b, 0, 0x0F, 0);
    put32(b, 5, 0x0C, 0xFFFFFFFF);
    send_data(b, 1, "dhcp", 4);
    pass_us(b, 20);
    assert_int_equal(seen32(b, 0, 26), 0);
    udp_from(b, &(struct ip_frame){ .to_mac = all_macs, .to = 0xFFFFFFFF },
        5000, "offer", 5);
    assert_int_equal(rsr(b, 1), 13);
}

static void send_mac_asks_nobody(void **state)
{
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x33 };
    struct bench *b = *state;

    open_udp(b, 0);
    put(b, 5, 0x06, mac, 6);
    put(b, 6, 0, mac, 6);
    put16(b, 5, 0x24, 6);
    command(b, 1, 0x21);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1);
    assert_memory_equal(b->seen[0], mac, 6);
}

static void arp_gives_up_after_rcr_and_one_tries(void **state)
{
    struct bench *b = *state;
    uint64_t from_ns;

    open_udp(b, 0);
    put16(b, 0, 0x19, 100); // 10 ms
    put8(b, 0, 0x1B, 3);
    send_data(b, 1, "lost", 4);
    from_ns = b->world.now_ns;
    while (get8(b, 5, 0x02) == 0) {
        assert_true(b->world.now_ns - from_ns < 41 * SIM_MS);
    }
    assert_in_range(b->world.now_ns - from_ns, 39900 * SIM_US, 40010 * SIM_US);
    assert_int_equal(get8(b, 5, 0x02), 0x08); // TIMEOUT
    assert_int_equal(get8(b, 5, 0x03), 0x22); // still open
    assert_int_equal(b->seen_count, 4);
    assert_int_equal(fsr(b, 1), 2048);
    put8(b, 5, 0x02, 0xFF);
    send_answered(b, "next", 4);
    assert_int_equal(get8(b, 5, 0x02), 0x10);
    assert_memory_equal(b->seen[5] + 42, "next", 4);
}

static void arp_gives_up_after_1_8_s_by_default(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    send_data(b, 1, "lost", 4);
    pass_us(b, 1799900);
    assert_int_equal(get8(b, 5, 0x02), 0x00);
    pass_us(b, 200);
    assert_int_equal(get8(b, 5, 0x02), 0x08);
    assert_int_equal(b->seen_count, 9);
}

static void close_ends_the_question(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    send_data(b, 1, "x", 1);
    command(b, 1, 0x10);
    pass_us(b, 3000000);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(get8(b, 5, 0x02), 0x00);
}

static void what_is_too_long_is_split(void **state)
{
    static uint8_t data[2000];
    struct bench *b = *state;

    memset(data + 1472, 0x77, sizeof(data) - 1472);
    open_udp(b, 0);
    send_answered(b, data, sizeof(data));
    pass_us(b, 300);
    assert_int_equal(b->seen_count, 3);
    assert_true(seen_sound(b, 1));
    assert_true(seen_sound(b, 2));
    assert_int_equal(seen16(b, 1, 38), 1480);
    assert_int_equal(seen16(b, 2, 38), 8 + 528);
    assert_int_equal(seen8(b, 2, 42), 0x77);
    assert_int_equal(get8(b, 5, 0x02), 0x10);
}

static void datagrams_of_one_send_keep_the_gap(void **state)
{
    static uint8_t data[1473];
    struct bench *b = *state;

    open_udp(b, 0);
    send_answered(b, data, sizeof(data));
    pass_us(b, 300);
    assert_int_equal(b->seen_count, 3);
    // 12 bytes of gap, 8 of preamble, 60 and 4 of the short one; 80 ns each.
    assert_int_equal(b->seen_ns[2] - b->seen_ns[1], (12 + 8 + 60 + 4) * 80);
}

static void close_drops_what_waits_and_no_more(void **state)
{
    static uint8_t data[2000];
    struct bench *b = *state;

    open_udp(b, 0);
    put16(b, 9, 0x04, 6000); // socket 2, to all
    put32(b, 9, 0x0C, 0xFFFFFFFF);
    put8(b, 9, 0x00, 0x02);
    command(b, 2, 0x01);
    send_answered(b, "x", 1);
    b->seen_count = 0;
    put8(b, 5, 0x02, 0xFF);
    put(b, 6, 1, data, sizeof(data));
    put16(b, 5, 0x24, 1 + sizeof(data));
    put(b, 10, 0, data, 4);
    put16(b, 9, 0x24, 4);
    command(b, 1, 0x20); // two datagrams
    command(b, 2, 0x20);
    command(b, 1, 0x10);
    pass_us(b, 400);
    assert_int_equal(b->seen_count, 2);
    assert_int_equal(seen16(b, 0, 34), 5000); // was on its way
    assert_int_equal(seen16(b, 1, 34), 6000);
    assert_int_equal(get8(b, 5, 0x02), 0x00);
    assert_int_equal(get8(b, 9, 0x02), 0x10);
    command(b, 1, 0x01);
    put32(b, 5, 0x0C, 0xFFFFFFFF);
    send_data(b, 1, "y", 1);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 3);
    assert_int_equal(get8(b, 5, 0x02), 0x10);
    assert_int_equal(b->chip.counts.tx_frames, 5); // ARP was one
}

// ---- receiving

static void a_datagram_is_stored_behind_its_source(void **state)
{
    static const uint8_t expected[13] = { 192, 0, 2, 1, 0, 7, 0, 5, 'h', 'e',
        'l', 'l', 'o' };
    struct bench *b = *state;
    uint8_t in[13];

    open_udp(b, 0);
    udp_from(b, &plain, 5000, "hello", 5);
    assert_int_equal(get8(b, 5, 0x02), 0x04);
    assert_int_equal(rsr(b, 1), 13);
    take_data(b, 1, in, 13);
    assert_memory_equal(in, expected, 13);
    assert_int_equal(rsr(b, 1), 0);
}

static void datagrams_of_other_ports_are_not_for_it(void **state)
{
    struct bench *b = *state;

    open_udp(b, 0);
    udp_from(b, &plain, 5001, "hello", 5);
    assert_int_equal(rsr(b, 1), 0);
}

static void a_datagram_without_room_is_dropped_whole(void **state)
{
    static uint8_t data[1000];
    struct bench *b = *state;
    uint8_t in[1008];

    open_udp(b, 0);
    udp_from(b, &plain, 5000, data, 1000);
    udp_from(b, &plain, 5000, data, 1000);
    udp_from(b, &plain, 5000, data, 100);
    assert_int_equal(rsr(b, 1), 2016);
    assert_int_equal(b->chip.counts.rx_lost, 1);
    take_data(b, 1, in, 1008);
    udp_from(b, &plain, 5000, data, 1000);
    assert_int_equal(rsr(b, 1), 2016);
}

static void bcastb_keeps_broadcasts_away(void **state)
{
    const struct ip_frame all = { .to_mac = all_macs, .to = 0xC00002FF };
    struct bench *b = *state;

    open_udp(b, 0);
    udp_from(b, &all, 5000, "x", 1);
    assert_int_equal(rsr(b, 1), 9);
    put8(b, 5, 0x00, 0x42); // counts from OPEN on
    udp_from(b, &all, 5000, "x", 1);
    assert_int_equal(rsr(b, 1), 18);
    command(b, 1, 0x01);
    udp_from(b, &all, 5000, "x", 1);
    assert_int_equal(rsr(b, 1), 0);
}

static void a_damaged_datagram_is_dropped(void **state)
{
    struct bench *b = *state;
    const uint8_t none[9] = { 0, 7, 0x13, 0x88, 0, 9, 0, 0, 'x' };
    const uint8_t bad[9] = { 0, 7, 0x13, 0x88, 0, 9, 0x12, 0x34, 'x' };
    const uint8_t longer[9] = { 0, 7, 0x13, 0x88, 0, 10, 0, 0, 'x' };

    open_udp(b, 0);
    ip_from(b, &plain, none, 9); // without a checksum
    assert_int_equal(rsr(b, 1), 9);
    ip_from(b, &plain, bad, 9);
    ip_from(b, &plain, longer, 9);
    assert_int_equal(rsr(b, 1), 9);
}

// ---- groups

static void open_group(struct bench *b, unsigned bits)
{
    put(b, 5, 0x06, group_mac, 6);
    address(b);
    put32(b, 5, 0x0C, GROUP_IP);
    put16(b, 5, 0x10, 5000);
    put16(b, 5, 0x04, 5000);
    put8(b, 5, 0x00, 0x82 | bits);
    command(b, 1, 0x01);
    pass_us(b, 20);
}

static void open_joins_a_group_and_close_leaves_it(void **state)
{
    struct bench *b = *state;

    open_group(b, 0);
    assert_int_equal(b->seen_count, 1);
    assert_true(seen_sound(b, 0));
    assert_memory_equal(b->seen[0], group_mac, 6);
    assert_int_equal(seen8(b, 0, 22), 1); // TTL
    assert_int_equal(seen8(b, 0, 23), 2); // IGMP
    assert_int_equal(seen32(b, 0, 30), GROUP_IP);
    assert_int_equal(seen8(b, 0, 34), 0x16);
    assert_int_equal(seen32(b, 0, 38), GROUP_IP);
    command(b, 1, 0x10);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 2);
    assert_int_equal(seen8(b, 1, 34), 0x17);
    assert_int_equal(seen32(b, 1, 30), 0xE0000002);
    assert_int_equal(seen32(b, 1, 38), GROUP_IP);
}

static void mc_means_igmp_version_1(void **state)
{
    struct bench *b = *state;

    open_group(b, 0x20);
    assert_int_equal(seen8(b, 0, 34), 0x12);
    command(b, 1, 0x10);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1); // it knows no leaving
}

static void a_group_needs_its_card_in_dhar(void **state)
{
    struct bench *b = *state;

    put32(b, 5, 0x0C, GROUP_IP);
    put8(b, 5, 0x00, 0x82);
    command(b, 1, 0x01);
    bench_forgive(b, SIM_W5500_R_COMMAND);
}

static void a_member_hears_its_group(void **state)
{
    const struct ip_frame ip = { .to_mac = group_mac, .to = GROUP_IP };
    const struct ip_frame other = { .to_mac = group_mac, .to = 0xEF010203 };
    struct bench *b = *state;

    open_group(b, 0);
    udp_from(b, &ip, 5000, "x", 1);
    assert_int_equal(rsr(b, 1), 9);
    udp_from(b, &other, 5000, "x", 1); // the same card, another group
    assert_int_equal(rsr(b, 1), 9);
    udp_from(b, &plain, 5000, "x", 1);
    assert_int_equal(rsr(b, 1), 18);
    open_group(b, 0x10); // UCASTB
    udp_from(b, &plain, 5000, "x", 1);
    assert_int_equal(rsr(b, 1), 0);
    udp_from(b, &ip, 5000, "x", 1);
    assert_int_equal(rsr(b, 1), 9);
}

static void a_member_sends_to_its_group(void **state)
{
    struct bench *b = *state;

    open_group(b, 0);
    send_data(b, 1, "x", 1);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 2);
    assert_memory_equal(b->seen[1], group_mac, 6);
    assert_int_equal(seen32(b, 1, 30), GROUP_IP);
    assert_int_equal(get8(b, 5, 0x02), 0x10);
}

static void a_query_is_answered(void **state)
{
    static const uint8_t query[8] = { 0x11, 0, 0xEE, 0xFF };
    static const uint8_t all_hosts[6] = { 0x01, 0x00, 0x5E, 0, 0, 1 };
    const struct ip_frame ip = { .to_mac = all_hosts,
        .to = 0xE0000001,
        .proto = 2 };
    struct bench *b = *state;

    open_group(b, 0);
    ip_from(b, &ip, query, 8);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 2);
    assert_int_equal(seen8(b, 1, 34), 0x16);
}

// ---- IPRAW and magic packets

static void ipraw_carries_any_protocol(void **state)
{
    static const uint8_t expected[9] = { 192, 0, 2, 1, 0, 3, 'a', 'b', 'c' };
    const struct ip_frame ip = { .proto = 89 };
    struct bench *b = *state;
    uint8_t in[9];

    address(b);
    put8(b, 5, 0x14, 89);
    put32(b, 5, 0x0C, PEER_IP);
    put8(b, 5, 0x00, 0x03);
    command(b, 1, 0x01);
    assert_int_equal(get8(b, 5, 0x03), 0x32);
    ip_from(b, &ip, (const uint8_t *)"abc", 3);
    ip_from(b, &(struct ip_frame){ .proto = 88 }, (const uint8_t *)"xyz", 3);
    assert_int_equal(rsr(b, 1), 9);
    take_data(b, 1, in, 9);
    assert_memory_equal(in, expected, 9);
    send_answered(b, "xyz", 3);
    assert_int_equal(seen8(b, 1, 23), 89);
    assert_int_equal(seen16(b, 1, 16), 23);
    assert_memory_equal(b->seen[1] + 34, "xyz", 3);
    assert_int_equal(get8(b, 5, 0x02), 0x14);
}

static void a_magic_packet_is_told(void **state)
{
    struct bench *b = *state;
    uint8_t magic[103];

    magic[0] = 0;
    memset(magic + 1, 0xFF, 6);
    for (size_t i = 0; i < 16; i++) {
        memcpy(magic + 7 + 6 * i, own_mac, 6);
    }
    open_udp(b, 0);
    udp_from(b, &plain, 5000, magic, 103);
    assert_int_equal(get8(b, 0, 0x15), 0x00);
    put8(b, 0, 0x00, 0x20);
    udp_from(b, &plain, 5000, magic, 102);
    assert_int_equal(get8(b, 0, 0x15), 0x00);
    udp_from(b, &plain, 5000, magic, 103);
    assert_int_equal(get8(b, 0, 0x15), 0x10);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_datagram_waits_for_arp),
        TEST(a_second_answer_changes_nothing),
        TEST(the_card_that_was_found_is_in_dhar),
        TEST(the_same_peer_is_asked_once),
        TEST(farp_asks_each_time),
        TEST(who_is_elsewhere_is_reached_by_the_gateway),
        TEST(broadcasts_ask_nobody),
        TEST(without_an_address_a_broadcast_can_be_sent),
        TEST(send_mac_asks_nobody),
        TEST(arp_gives_up_after_rcr_and_one_tries),
        TEST(arp_gives_up_after_1_8_s_by_default),
        TEST(close_ends_the_question),
        TEST(what_is_too_long_is_split),
        TEST(datagrams_of_one_send_keep_the_gap),
        TEST(close_drops_what_waits_and_no_more),
        TEST(a_datagram_is_stored_behind_its_source),
        TEST(datagrams_of_other_ports_are_not_for_it),
        TEST(a_datagram_without_room_is_dropped_whole),
        TEST(bcastb_keeps_broadcasts_away),
        TEST(a_damaged_datagram_is_dropped),
        TEST(open_joins_a_group_and_close_leaves_it),
        TEST(mc_means_igmp_version_1),
        TEST(a_group_needs_its_card_in_dhar),
        TEST(a_member_hears_its_group),
        TEST(a_member_sends_to_its_group),
        TEST(a_query_is_answered),
        TEST(ipraw_carries_any_protocol),
        TEST(a_magic_packet_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
