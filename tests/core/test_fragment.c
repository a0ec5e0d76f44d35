// SPDX-License-Identifier: MIT
//
// Packets longer than a frame, sent in fragments.

#include "tests/core/pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct pieces s;

static struct nif_tcpip_stats *stats(void)
{
    return &s.pair.stack[0].stats;
}

static int setup(void **state)
{
    (void)state;
    pieces_start(&s, SLOTS, EACH);
    return 0;
}

static uint8_t back[68000]; // an IPv4 payload, put together by hand

// ------------------------------------------------------------- in fragments

// Takes what the stack sends, polls it on, and puts one packet together.
// Returns its length.
static size_t hear(void)
{
    size_t end = 0;
    size_t have = 0;
    uint16_t id = 0;

    for (unsigned i = 0; i < 2000 && (end == 0 || have < end); i++) {
        size_t len = pair_take(&s.pair, s.out);
        const uint8_t *h = s.out + 14;
        size_t at;

        if (len == 0) {
            pair_pass(&s.pair, 100);
            continue;
        }
        assert_int_equal(nif_get_be16(s.out + 12), 0x0800);
        assert_int_equal(pieces_sum(0, h, 20), 0xFFFF);
        at = (size_t)(nif_get_be16(h + 6) & 0x1FFF) * 8;
        assert_int_equal(at, have); // in order
        assert_int_equal(nif_get_be32(h + 16), PAIR_IP1);
        assert_memory_equal(s.out, s.pair.dev[1].hwaddr.byte, 6);
        id = have == 0 ? nif_get_be16(h + 4) : id;
        assert_int_equal(nif_get_be16(h + 4), id);
        memcpy(back + at, h + 20, nif_get_be16(h + 2) - 20u);
        have += nif_get_be16(h + 2) - 20u;
        if (!(nif_get_be16(h + 6) & 0x2000)) {
            end = have;
        }
    }
    return end;
}

// RFC 1122 3.2.2.6-d
static void an_echo_of_any_length_comes_back(void **state)
{
    static const size_t lens[] = { 1473, 1480, 2952, 4000, MOST };

    (void)state;
    for (size_t i = 0; i < nif_countof(lens); i++) {
        size_t len = pieces_echo(&s, lens[i]);

        s.pair.dev[0].refill =
            i % 2 == 0 ? 1000 : 2; // a device with little room
        pieces_say_all(&s, 1, (uint16_t)i, len, 1);
        assert_int_equal(hear(), len);
        assert_int_equal(back[0], 0);
        assert_memory_equal(back + 4, s.whole + 4, len - 4);
        assert_int_equal(pieces_sum(0, back, len), 0xFFFF);
    }
    assert_null(s.fragment.body);
    assert_int_equal(s.slots[0].state, 0);
}

// Its reply fits into one frame, and is made where it was put together.
static void a_short_echo_in_pieces_comes_back_whole(void **state)
{
    size_t len = pieces_echo(&s, 100);

    (void)state;
    pieces_say(&s,
        &(struct frag){ .id = 9, .proto = 1, .at = 56, .len = len - 56 });
    pieces_say(&s,
        &(struct frag){ .id = 9, .proto = 1, .len = 56, .more = true });
    assert_int_equal(hear(), len);
    assert_int_equal(nif_get_be16(s.out + 20), 0);
    assert_int_equal(back[0], 0);
    assert_memory_equal(back + 4, s.whole + 4, len - 4);
    assert_int_equal(s.slots[0].state, 0);
}

static void a_reply_that_finds_no_room_gives_its_memory_back(void **state)
{
    (void)state;
    s.pair.dev[0].room = 0;
    s.pair.dev[0].refill = 0;
    pieces_say_all(&s, 1, 1, pieces_echo(&s, 4000), 1);
    pieces_say_all(&s, 1, 2, pieces_echo(&s, 4000), 1); // one at a time
    assert_int_equal(stats()->hold_drop, 1);
    pair_pass(&s.pair, SECOND / 2);
    assert_int_equal(s.slots[0].state, 2);
    s.pair.now_us += SECOND;
    pair_pass(&s.pair, 1000);
    assert_int_equal(s.slots[0].state, 0);
    s.pair.dev[0].refill = 100;
    pieces_say_all(&s, 1, 3, pieces_echo(&s, 4000), 1);
    assert_int_equal(hear(), 4008);
}

// RFC 1122 3.3.3-a
static void a_datagram_longer_than_a_frame_goes_in_fragments(void **state)
{
    static const size_t lens[] = { 1473, 3000, 30000, MOST };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };

    (void)state;
    assert_int_equal(s.pair.stack[0].stack.caps.datagram_max, MOST);
    for (size_t i = 0; i < nif_countof(lens); i++) {
        size_t len = pieces_udp(&s, lens[i]);
        uint32_t pseudo = (PAIR_IP0 >> 16) + (PAIR_IP0 & 0xFFFF) +
            (PAIR_IP1 >> 16) + (PAIR_IP1 & 0xFFFF) + 17 + (uint32_t)len;

        s.pair.dev[0].refill = i % 2 == 0 ? 1000 : 2;
        assert_int_equal(nif_conn_send(&s.c, s.whole + 8, lens[i], &to),
            lens[i]);
        assert_int_equal(hear(), len);
        assert_memory_equal(back + 8, s.whole + 8, lens[i]);
        assert_int_equal(nif_get_be16(back + 4), len);
        assert_int_equal(pieces_sum(pseudo, back, len), 0xFFFF);
    }
    assert_int_equal(nif_conn_send(&s.c, s.whole, MOST + 1, &to), NIF_ETOOBIG);
    s.c.cfg.tx_cap = 3007; // does not hold it
    assert_int_equal(nif_conn_send(&s.c, s.whole, 3000, &to), NIF_ETOOBIG);
    s.c.cfg.tx_cap = 3008;
    assert_int_equal(nif_conn_send(&s.c, s.whole, 3000, &to), 3000);
}

static void datagrams_and_an_echo_at_a_time_stay_apart(void **state)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };
    unsigned whole_ones = 0;
    unsigned last_ones = 0;

    (void)state;
    s.pair.dev[0].refill = 1;
    s.pair.dev[0].room = 1;
    pieces_say_all(&s, 1, 1, pieces_echo(&s, 9000), 1);
    assert_int_equal(nif_conn_send(&s.c, s.whole, 9000, &to), 9000);
    assert_int_equal(nif_conn_send(&s.c, s.whole, 8000, &to), 8000);
    for (unsigned i = 0; i < 3; i++) {
        (void)!nif_conn_send(&s.c, "small", 5, &to);
        pair_pass(&s.pair, 10000);
    }
    while (pair_take(&s.pair, s.out) != 0) {
        uint16_t field = nif_get_be16(s.out + 20);

        whole_ones += field == 0;
        last_ones += field != 0 && !(field & 0x2000);
    }
    assert_int_equal(whole_ones, 3);
    assert_int_equal(last_ones, 3);
    assert_int_equal(stats()->udp_tx, 5);
}

// The way both ends would use it: every byte there and back.
static void two_stacks_exchange_the_longest_datagram(void **state)
{
    static struct nif_reassembly other;
    static struct nif_reassembly_slot other_slot[1];
    static _Alignas(4) uint8_t other_memory[NIF_REASSEMBLY_BYTES(EACH)];
    static struct nif_conn d;
    static uint8_t d_rx[70000];
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = 5000 };
    const struct nif_conn_cfg cfg = { .rx = d_rx, .rx_cap = sizeof(d_rx) };

    (void)state;
    nif_reassembly_init(&other,
        &(struct nif_reassembly_cfg){ .slots = other_slot,
            .count = 1,
            .buf = other_memory,
            .each = EACH });
    pair_init(&s.pair, 3);
    s.pair.parts.reassembly = &other;
    s.pair.parts.fragment = &s.fragment;
    pair_restart(&s.pair, 3);
    assert_int_equal(nif_conn_open(&s.pair.stack[1].stack, &d, NIF_UDP, &cfg),
        0);
    assert_int_equal(nif_conn_bind(&d, &(struct nif_endpoint){ .port = 5000 }),
        0);
    assert_int_equal(nif_conn_open(&s.pair.stack[0].stack, &s.c, NIF_UDP,
                         &(struct nif_conn_cfg){ .tx = s.tx,
                             .tx_cap = sizeof(s.tx) }),
        0);
    pieces_udp(&s, MOST);
    assert_int_equal(nif_conn_send(&s.c, s.whole + 8, MOST, &to), MOST);
    pair_pass(&s.pair, SECOND);
    assert_int_equal(nif_conn_recv(&d, s.got, sizeof(s.got), NULL), MOST);
    assert_memory_equal(s.got, s.whole + 8, MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_echo_of_any_length_comes_back, setup),
        cmocka_unit_test_setup(a_short_echo_in_pieces_comes_back_whole, setup),
        cmocka_unit_test_setup(a_reply_that_finds_no_room_gives_its_memory_back,
            setup),
        cmocka_unit_test_setup(a_datagram_longer_than_a_frame_goes_in_fragments,
            setup),
        cmocka_unit_test_setup(datagrams_and_an_echo_at_a_time_stay_apart,
            setup),
        cmocka_unit_test_setup(two_stacks_exchange_the_longest_datagram, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
