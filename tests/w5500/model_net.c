// SPDX-License-Identifier: MIT
//
// What the W5500 model answers without its host.

#include "tests/w5500/model_frames.h"

static void arp_is_answered(void **state)
{
    struct bench *b = *state;

    address(b);
    arp_from(b, 1, PEER_IP, OWN_IP);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1);
    assert_memory_equal(b->seen[0], peer_mac, 6);
    assert_memory_equal(b->seen[0] + 6, own_mac, 6);
    assert_int_equal(seen32(b, 0, 12), 0x08060001);
    assert_int_equal(seen32(b, 0, 18), 0x06040002);
    assert_memory_equal(b->seen[0] + 22, own_mac, 6);
    assert_int_equal(seen32(b, 0, 28), OWN_IP);
    assert_memory_equal(b->seen[0] + 32, peer_mac, 6);
    assert_int_equal(seen32(b, 0, 38), PEER_IP);
    assert_int_equal(b->chip.counts.answers, 1);
}

static void ping_is_answered(void **state)
{
    struct bench *b = *state;

    address(b);
    ping_from(b, OWN_IP, 1000);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 1);
    assert_true(seen_sound(b, 0));
    assert_int_equal(b->seen_len[0], 14 + 20 + 8 + 1000);
    assert_int_equal(seen16(b, 0, 34), 0x0000); // echo reply
    assert_int_equal(seen32(b, 0, 38), 0x12340001);
    assert_int_equal(seen8(b, 0, 42 + 999), 999 & 0xFF);
    assert_int_equal(seen32(b, 0, 26), OWN_IP);
    assert_int_equal(seen32(b, 0, 30), PEER_IP);
}

static void pb_blocks_ping_and_not_arp(void **state)
{
    struct bench *b = *state;

    address(b);
    put8(b, 0, 0x00, 0x10);
    ping_from(b, OWN_IP, 10);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 0);
    arp_from(b, 1, PEER_IP, OWN_IP);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1);
}

static void without_an_address_the_chip_is_silent(void **state)
{
    struct bench *b = *state;

    put(b, 0, 0x09, own_mac, 6);
    arp_from(b, 1, PEER_IP, OWN_IP);
    arp_from(b, 1, PEER_IP, 0);
    ping_from(b, OWN_IP, 10);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 0);
}

static void what_is_for_others_is_not_answered(void **state)
{
    static const uint8_t other_mac[6] = { 2, 0, 0, 0, 0, 7 };
    struct bench *b = *state;
    const struct ip_frame other = { .to_mac = other_mac, .proto = 1 };
    const uint8_t echo[8] = { 8, 0, 0xF7, 0xFF };

    address(b);
    ping_from(b, OWN_IP + 1, 10);
    arp_from(b, 1, PEER_IP, OWN_IP + 1);
    ip_from(b, &other, echo, 8);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 0);
}

static void damaged_packets_and_fragments_are_dropped(void **state)
{
    struct bench *b = *state;
    const uint8_t bad[8] = { 8, 0, 0xF7, 0xFE };
    const uint8_t good[8] = { 8, 0, 0xF7, 0xFF };
    struct ip_frame ip = { .proto = 1 };

    address(b);
    ip_from(b, &ip, bad, 8);
    ip.fragment = 0x2000;
    ip_from(b, &ip, good, 8);
    ip.fragment = 0x0001;
    ip_from(b, &ip, good, 8);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 0);
    ip.fragment = 0x4000;
    ip_from(b, &ip, good, 8);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1);
}

static void macraw_gets_what_the_chip_answers(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    address(b);
    ping_from(b, OWN_IP, 100);
    pass_us(b, 50);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(rsr(b, 0), 144);
}

static void an_address_conflict_is_told(void **state)
{
    struct bench *b = *state;

    address(b);
    put8(b, 0, 0x16, 0x80);
    arp_from(b, 1, PEER_IP, OWN_IP);
    assert_int_equal(get8(b, 0, 0x15), 0x00);
    arp_from(b, 1, OWN_IP, PEER_IP);
    assert_int_equal(get8(b, 0, 0x15), 0x80);
    assert_false(b->irq.level);
    put8(b, 0, 0x15, 0x80);
    assert_int_equal(get8(b, 0, 0x15), 0x00);
    assert_true(b->irq.level);
}

static void its_own_arp_is_no_conflict(void **state)
{
    struct bench *b = *state;
    uint8_t frame[42] = { 0 };

    address(b);
    memcpy(frame, all_macs, 6);
    memcpy(frame + 6, own_mac, 6);
    nif_put_be16(frame + 12, 0x0806);
    nif_put_be32(frame + 14, 0x00010800);
    nif_put_be32(frame + 18, 0x06040001);
    memcpy(frame + 22, own_mac, 6);
    nif_put_be32(frame + 28, OWN_IP);
    nif_put_be32(frame + 38, PEER_IP);
    arrive(b, frame, sizeof(frame)); // a loop in the network
    assert_int_equal(get8(b, 0, 0x15), 0x00);
    frame[27] ^= 1;
    arrive(b, frame, sizeof(frame));
    assert_int_equal(get8(b, 0, 0x15), 0x80);
}

static void malformed_arp_is_dropped(void **state)
{
    static const uint8_t at[] = { 15, 16, 18, 19, 21 };
    struct bench *b = *state;

    address(b);
    for (unsigned i = 0; i < sizeof(at); i++) {
        uint8_t frame[42] = { 0 };

        memcpy(frame, all_macs, 6);
        memcpy(frame + 6, peer_mac, 6);
        nif_put_be16(frame + 12, 0x0806);
        nif_put_be32(frame + 14, 0x00010800);
        nif_put_be32(frame + 18, 0x06040001);
        memcpy(frame + 22, peer_mac, 6);
        nif_put_be32(frame + 28, PEER_IP);
        nif_put_be32(frame + 38, OWN_IP);
        frame[at[i]] ^= 0x10;
        arrive(b, frame, sizeof(frame));
    }
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 0);
}

static void an_unreachable_port_is_told(void **state)
{
    struct bench *b = *state;
    const struct ip_frame ip = { .proto = 1 };
    uint8_t body[36] = { 3, 3 };
    uint32_t sum = 0;

    // The datagram was for port 4660 of 198.51.100.9.
    body[8] = 0x45;
    nif_put_be32(body + 20, OWN_IP);
    nif_put_be32(body + 24, 0xC6336409);
    nif_put_be16(body + 30, 0x1234);
    for (unsigned i = 0; i < sizeof(body); i += 2) {
        sum += nif_get_be16(body + i);
    }
    nif_put_be16(body + 2, (uint16_t) ~(sum + (sum >> 16)));
    address(b);
    put8(b, 0, 0x16, 0x40);
    body[1] = 1; // the host is not reached: that is another thing
    nif_put_be16(body + 2, (uint16_t)(nif_get_be16(body + 2) + 2));
    ip_from(b, &ip, body, sizeof(body));
    assert_int_equal(get8(b, 0, 0x15), 0x00);
    body[1] = 3;
    nif_put_be16(body + 2, (uint16_t)(nif_get_be16(body + 2) - 2));
    ip_from(b, &ip, body, sizeof(body));
    assert_int_equal(get8(b, 0, 0x15), 0x40);
    assert_int_equal(get32(b, 0, 0x28), 0xC6336409);
    assert_int_equal(get16(b, 0, 0x2C), 0x1234);
    assert_false(b->irq.level);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(arp_is_answered),
        TEST(ping_is_answered),
        TEST(pb_blocks_ping_and_not_arp),
        TEST(without_an_address_the_chip_is_silent),
        TEST(what_is_for_others_is_not_answered),
        TEST(damaged_packets_and_fragments_are_dropped),
        TEST(macraw_gets_what_the_chip_answers),
        TEST(an_address_conflict_is_told),
        TEST(its_own_arp_is_no_conflict),
        TEST(malformed_arp_is_dropped),
        TEST(an_unreachable_port_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
