// SPDX-License-Identifier: MIT
//
// Packets that come in fragments (RFC 791 3.2, RFC 815).

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

// ------------------------------------------------------------ put together

// RFC 1122 3.2.1.4-a 3.3.2-a
// RFC 791 3.2
static void a_datagram_comes_together_in_any_order(void **state)
{
    static const size_t lens[] = { 1473, 2952, 2953, 9000, 20000, MOST };
    static const size_t steps[] = { 1, 7, 11 };
    uint16_t id = 0;

    (void)state;
    for (size_t i = 0; i < nif_countof(lens); i++) {
        for (size_t k = 0; k < nif_countof(steps); k++) {
            size_t len = pieces_udp(&s, lens[i]);

            if (((len + 1479) / 1480) % steps[k] == 0 && steps[k] != 1) {
                continue;
            }
            pieces_say_all(&s, 17, id++, len, steps[k]);
            assert_int_equal(pieces_recv(&s), lens[i]);
            assert_memory_equal(s.got, s.whole + 8, lens[i]);
        }
    }
    assert_int_equal(stats()->ip_frag_rx, id);
    assert_int_equal(stats()->ip_fragment, 0);
    // Backwards, too.
    pieces_udp(&s, 3000);
    pieces_say(&s, &(struct frag){ .id = 99, .at = 2960, .len = 48 });
    pieces_say(&s,
        &(struct frag){ .id = 99, .at = 1480, .len = 1480, .more = true });
    pieces_say(&s,
        &(struct frag){ .id = 99, .at = 0, .len = 1480, .more = true });
    assert_int_equal(pieces_recv(&s), 3000);
}

static void packets_are_told_apart_by_id_source_and_protocol(void **state)
{
    size_t len = pieces_udp(&s, 20);

    (void)state;
    pieces_say(&s, &(struct frag){ .id = 1, .len = 16, .more = true });
    pieces_say(&s, &(struct frag){ .id = 2, .at = 16, .len = len - 16 });
    pieces_say(&s,
        &(struct frag){ .id = 1, .src = 0xC0000203, .at = 16, .len = 12 });
    pieces_say(&s, &(struct frag){ .id = 1, .proto = 1, .at = 16, .len = 12 });
    assert_int_equal(pieces_recv(&s), NIF_EAGAIN);
    assert_int_equal(stats()->ip_frag_lost, 1); // its own quota: two
    pieces_say(&s, &(struct frag){ .id = 2, .len = 16, .more = true });
    assert_int_equal(pieces_recv(&s), 20);
}

// RFC 1858 RFC 5722
// CVE-2018-5391 CVE-2020-17438 CVE-1999-0015
static void what_overlaps_or_contradicts_is_dropped_whole(void **state)
{
    static const struct {
        const char *what;
        struct frag f[4];
        bool arrives;
    } cases[] = {
        { "teardrop: the end inside what is there",
            { { .len = 48, .more = true }, { .at = 24, .len = 8 } }, false },
        { "half over the end of another",
            { { .len = 48, .more = true },
                { .at = 40, .len = 16, .more = true },
                { .at = 56, .len = 52 } },
            false },
        { "half over the start of another",
            { { .at = 48, .len = 60 }, { .len = 56, .more = true } }, false },
        { "around another",
            { { .at = 16, .len = 16, .more = true },
                { .len = 56, .more = true }, { .at = 56, .len = 52 } },
            false },
        { "two ends",
            { { .at = 48, .len = 52 }, { .at = 48, .len = 60 },
                { .len = 48, .more = true } },
            false },
        { "more behind the end",
            { { .at = 48, .len = 60 }, { .at = 112, .len = 8, .more = true },
                { .len = 48, .more = true } },
            false },
        { "an end before what is there",
            { { .at = 56, .len = 8, .more = true }, { .at = 48, .len = 4 },
                { .len = 48, .more = true } },
            false },
        { "an exact repetition",
            { { .len = 48, .more = true }, { .len = 48, .more = true },
                { .at = 48, .len = 60 } },
            true },
        { "a repeated end",
            { { .at = 48, .len = 60 }, { .at = 48, .len = 60 },
                { .len = 48, .more = true } },
            true },
        { "a piece of what is there",
            { { .len = 48, .more = true }, { .at = 8, .len = 8, .more = true },
                { .at = 48, .len = 60 } },
            true },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        setup(state);
        pieces_udp(&s, 100);
        for (size_t k = 0; k < 4 && cases[i].f[k].len > 0; k++) {
            pieces_say(&s, &cases[i].f[k]);
        }
        if ((pieces_recv(&s) == 100) != cases[i].arrives) {
            fail_msg("%s: %s", cases[i].what,
                cases[i].arrives ? "did not arrive" : "arrived");
        }
    }
}

// CVE-1999-0128 CVE-2020-11896 CVE-2020-17438
static void pieces_that_cannot_be_are_dropped(void **state)
{
    static const struct frag cases[] = {
        { .at = 65528, .len = 8, .more = true }, // ping of death
        { .at = 65512, .len = 1000 },
        { .at = 65512, .len = 8, .more = true },
        { .at = 65512, .len = 4 },
        { .at = 8, .len = 7, .more = true }, // not in units of 8
        { .at = 8, .len = 0 },
        { .at = 0, .len = 0, .more = true },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        setup(state);
        pieces_say(&s, &cases[i]);
        assert_int_equal(stats()->ip_fragment, 1);
        assert_int_equal(s.slots[0].state, 0);
        pieces_udp(&s, 20); // and what had begun is over
        pieces_say(&s, &(struct frag){ .len = 8, .more = true });
        pieces_say(&s, &cases[i]);
        pieces_say(&s, &(struct frag){ .at = 8, .len = 20 });
        assert_int_equal(pieces_recv(&s), NIF_EAGAIN);
        assert_int_equal(stats()->ip_frag_lost, 1);
    }
    setup(state); // the longest that can be
    pieces_say(&s, &(struct frag){ .at = 65512, .len = 3 });
    assert_int_equal(stats()->ip_fragment, 0);
}

// RFC 1122 3.3.2-b
static void what_is_too_long_for_the_memory_is_dropped(void **state)
{
    static const size_t limits[] = { 4000, 4001, 4004, 4007 };

    (void)state;
    for (size_t i = 0; i < nif_countof(limits); i++) {
        pieces_start(&s, 2, limits[i]);
        memset(s.memory + 2 * NIF_REASSEMBLY_BYTES(limits[i]), 0xEE, 64);
        pieces_say_all(&s, 17, 1, pieces_udp(&s, limits[i] - 8), 1);
        assert_int_equal(pieces_recv(&s), limits[i] - 8);
        pieces_say_all(&s, 17, 2, pieces_udp(&s, limits[i] - 7), 1);
        assert_int_equal(pieces_recv(&s), NIF_EAGAIN);
        for (size_t k = 0; k < 64; k++) {
            assert_int_equal(s.memory[2 * NIF_REASSEMBLY_BYTES(limits[i]) + k],
                0xEE);
        }
    }
}

// RFC 1122 3.3.2-d
static void what_stays_unfinished_is_given_up_and_its_sender_told(void **state)
{
    uint8_t copy[NIF_ETH_FRAME_MAX];

    (void)state;
    pieces_udp(&s, 3000);
    pieces_say(&s, &(struct frag){ .id = 5, .len = 1480, .more = true });
    pair_pass(&s.pair, 30 * SECOND - 1000);
    assert_int_equal(s.pair.dev[1].queued, 0);
    pair_pass(&s.pair, 2000);
    assert_int_equal(pair_take(&s.pair, s.out), 70);
    assert_memory_equal(s.out, s.pair.dev[1].hwaddr.byte, 6);
    assert_int_equal(nif_get_be16(s.out + 34), 0x0B01);
    assert_int_equal(nif_get_be32(s.out + 38), 0);
    assert_int_equal(nif_get_be16(s.out + 42 + 4), 5);
    assert_memory_equal(s.out + 42 + 12, s.in + 26, 8);
    assert_memory_equal(s.out + 42 + 20, s.whole, 8);
    memcpy(copy, s.out, 70);
    pair_resum(copy);
    assert_memory_equal(copy, s.out, 70);
    // Without its beginning nobody could tell which it was.
    pieces_say(&s,
        &(struct frag){ .id = 6, .at = 1480, .len = 1480, .more = true });
    pair_pass(&s.pair, 31 * SECOND);
    assert_int_equal(s.pair.dev[1].queued, 0);
    assert_int_equal(stats()->ip_frag_lost, 2);
    assert_true(nif_stack_poll(&s.pair.stack[0].stack) >
        s.pair.now_us + 60 * SECOND);
}

// CVE-2018-5391
static void a_flood_of_one_source_leaves_room_for_others(void **state)
{
    (void)state;
    pieces_udp(&s, 100);
    pieces_say(&s,
        &(struct frag){ .src = PAIR_IP1 + 5, .len = 48, .more = true });
    for (uint16_t id = 0; id < 10000; id++) {
        pieces_say(&s,
            &(struct frag){ .id = id, .at = 8, .len = 8, .more = true });
    }
    // Began before the flood, ends after it; the sum knows another source.
    nif_put_be16(s.whole + 6, 0);
    pieces_say(&s, &(struct frag){ .src = PAIR_IP1 + 5, .at = 48, .len = 60 });
    assert_int_equal(stats()->ip_frag_rx, 1);
    pieces_say_all(&s, 17, 11111, pieces_udp(&s, 3000), 1);
    assert_int_equal(stats()->ip_frag_rx, 2);
}

static void a_flood_of_many_sources_does_not_stop_others(void **state)
{
    size_t len = pieces_udp(&s, 3000);
    uint16_t id = 0;

    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        pieces_say(&s,
            &(struct frag){ .src = 0xC0000203 + i % 240,
                .id = id++,
                .at = 8,
                .len = 8,
                .more = true });
        if (i % 100 == 0) {
            pieces_say_all(&s, 17, 50000, len, 1);
            assert_int_equal(pieces_recv(&s), 3000);
        }
    }
}

// 8-byte pieces with gaps: more holes than honest disorder makes.
static void a_packet_full_of_holes_is_given_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < 200; i++) {
        pieces_say(&s,
            &(struct frag){ .id = 1, .at = i * 16, .len = 8, .more = true });
    }
    assert_true(stats()->ip_frag_lost >= 1);
    pieces_say_all(&s, 17, 2, pieces_udp(&s, 3000), 1);
    assert_int_equal(pieces_recv(&s), 3000);
}

static void without_the_part_fragments_are_dropped(void **state)
{
    (void)state;
    s.pair.parts.reassembly = NULL;
    s.pair.parts.fragment = NULL;
    pair_restart(&s.pair, 31);
    assert_int_equal(s.pair.stack[0].stack.caps.datagram_max, 1472);
    pieces_say_all(&s, 17, 1, pieces_udp(&s, 3000), 1);
    assert_int_equal(stats()->ip_fragment, 3);
}

// A fixed sample; 65,000 with NIF_FULL in the environment.
static void mutations_of_fragments_do_no_harm(void **state)
{
    const char *full = getenv("NIF_FULL");
    unsigned count = full != NULL && *full != 0 ? 65000 : 3000;

    (void)state;
    pieces_start(&s, 2, 5000);
    for (unsigned n = 0; n < count; n++) {
        size_t at = (size_t)pair_roll(&s.pair, 700) * 8;
        struct frag f = {
            .id = (uint16_t)pair_roll(&s.pair, 3),
            .proto = pair_roll(&s.pair, 2) == 0 ? 1 : 17,
            .at = at,
            .len = 1 + pair_roll(&s.pair, 1480),
            .more = pair_roll(&s.pair, 3) != 0,
        };

        if (pair_roll(&s.pair, 2) == 0) {
            f.at = (size_t)pair_roll(&s.pair, 4) * 1480;
            f.len = 1480;
        } else if (f.more) {
            f.len = (f.len + 7) & ~(size_t)7;
        }
        pieces_say(&s, &f);
        if (n % 64 == 0) {
            pair_pass(&s.pair, pair_roll(&s.pair, 20000000));
            pair_clear(&s.pair);
            (void)pieces_recv(&s);
        }
    }
    pair_pass(&s.pair, 40 * SECOND);
    pieces_say_all(&s, 17, 77, pieces_udp(&s, 3000), 1);
    while (pieces_recv(&s) >= 0 && memcmp(s.got, s.whole + 8, 3000) != 0) {
    }
    assert_memory_equal(s.got, s.whole + 8, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_datagram_comes_together_in_any_order, setup),
        cmocka_unit_test_setup(packets_are_told_apart_by_id_source_and_protocol,
            setup),
        cmocka_unit_test_setup(what_overlaps_or_contradicts_is_dropped_whole,
            setup),
        cmocka_unit_test_setup(pieces_that_cannot_be_are_dropped, setup),
        cmocka_unit_test(what_is_too_long_for_the_memory_is_dropped),
        cmocka_unit_test_setup(
            what_stays_unfinished_is_given_up_and_its_sender_told, setup),
        cmocka_unit_test_setup(a_flood_of_one_source_leaves_room_for_others,
            setup),
        cmocka_unit_test_setup(a_flood_of_many_sources_does_not_stop_others,
            setup),
        cmocka_unit_test_setup(a_packet_full_of_holes_is_given_up, setup),
        cmocka_unit_test_setup(without_the_part_fragments_are_dropped, setup),
        cmocka_unit_test_setup(mutations_of_fragments_do_no_harm, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
