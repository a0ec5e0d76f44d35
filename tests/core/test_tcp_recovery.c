// SPDX-License-Identifier: MIT
//
// How TCP mends losses: limited transmit, NewReno, and by the scoreboard of
// selective acknowledgements; against a peer by hand.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MSS 1000u

static struct peer p;
static uint8_t page[60000];
static uint8_t blocks[40];
static uint32_t start; // the sequence number of page[0]

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    for (size_t i = 0; i < sizeof(page); i++) {
        page[i] = (uint8_t)(i * 7 + (i >> 8) * 3);
    }
    return 0;
}

static struct nif_tcpip_stats *stats(void)
{
    return &p.pair.stack[0].stats;
}

static struct nif__tcp *tcp(void)
{
    return nif__tcp_of(p.conn);
}

// Connects with an MSS of 1000, and has `segments` on the way.
static void fly(bool sack, unsigned segments)
{
    static const uint8_t syn[] = { 2, 4, 0x03, 0xE8, 1, 1, 4, 2 };

    peer_extend(&p, sack, false);
    p.wnd = 60000;
    p.options = syn;
    p.options_len = sizeof(syn);
    peer_say(&p, SYN, 0, 0, NULL, 0);
    p.options = NULL;
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), 0);
    tcp()->cwnd = segments * MSS;
    start = p.ack;
    assert_int_equal(nif_conn_send_ref(p.conn, page, sizeof(page)),
        sizeof(page));
    peer_pass(&p, 100);
    for (unsigned i = 0; i < segments; i++) {
        peer_expect(&p, ACK, MSS);
    }
    peer_expect_nothing(&p);
}

// Acknowledges `segments` from the start, and the `n` stretches [from, to),
// in segments.
static void say_ack(unsigned segments, size_t n, const unsigned (*stretch)[2])
{
    nif_put_be32(blocks, 0x01010500u | (uint32_t)(2 + n * 8));
    for (size_t i = 0; i < n; i++) {
        nif_put_be32(blocks + 4 + i * 8, start + stretch[i][0] * MSS);
        nif_put_be32(blocks + 8 + i * 8, start + stretch[i][1] * MSS);
    }
    p.options = n > 0 ? blocks : NULL;
    p.options_len = 4 + n * 8;
    p.ack = start + segments * MSS;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    p.options = NULL;
}

// Expects segment `i`.
static void expect_segment(unsigned i)
{
    if (!peer_hear(&p)) {
        fail_msg("silence, where segment %u was expected", i);
    }
    assert_int_equal((p.seg.seq - start) / MSS, i);
    assert_int_equal(p.seg.len, MSS);
    assert_memory_equal(p.seg.data, page + (size_t)i * MSS, MSS);
}

// RFC 3042 2-a 2-b
// RFC 5681 3.2-c 3.2-d 3.2-e 3.2-f 3.2-k
static void the_first_two_duplicates_let_new_segments_out(void **state)
{
    uint32_t cwnd;

    (void)state;
    fly(false, 8);
    cwnd = tcp()->cwnd;
    say_ack(0, 0, NULL);
    expect_segment(8);
    say_ack(0, 0, NULL);
    expect_segment(9);
    peer_expect_nothing(&p);
    assert_int_equal(tcp()->cwnd, cwnd);
    say_ack(0, 0, NULL);
    expect_segment(0); // fast retransmit: RFC 5681 3.2
    peer_expect_nothing(&p);
    assert_int_equal(tcp()->ssthresh, 4 * MSS); // of the 8 before
}

// RFC 6582 3.2-3b
static void without_sack_one_hole_is_filled_per_round_trip(void **state)
{
    (void)state;
    fly(false, 8);
    for (unsigned i = 0; i < 3; i++) {
        say_ack(0, 0, NULL);
    }
    expect_segment(8);
    expect_segment(9);
    expect_segment(0);
    say_ack(2, 0, NULL); // a part
    expect_segment(2);
    say_ack(10, 0, NULL); // all
    assert_false(tcp()->flags & TCP_RECOVERY);
    assert_int_equal(stats()->tcp_fast, 1);
    assert_int_equal(stats()->tcp_timeout, 0);
}

// RFC 2018 5-a 5.1-a
// RFC 5681 4.3-a
// RFC 6675 5
static void with_sack_all_holes_are_filled_in_one_round_trip(void **state)
{
    static const unsigned one[][2] = { { 1, 2 } };
    static const unsigned two[][2] = { { 3, 4 }, { 1, 2 } };
    static const unsigned three[][2] = { { 5, 6 }, { 3, 4 }, { 1, 2 } };
    static const unsigned four[][2] = { { 5, 7 }, { 3, 4 }, { 1, 2 } };
    static const unsigned more[][2] = { { 5, 8 }, { 3, 4 }, { 1, 2 } };

    (void)state;
    fly(true, 10);
    say_ack(0, 1, one);
    expect_segment(10);
    say_ack(0, 2, two);
    expect_segment(11);
    say_ack(0, 3, three); // 0, 2 and 4 are missing
    expect_segment(0);
    say_ack(0, 3, four);
    say_ack(0, 3, more);
    peer_expect_nothing(&p); // as what is gone makes room
    say_ack(0, 3, (const unsigned[][2]){ { 5, 9 }, { 3, 4 }, { 1, 2 } });
    expect_segment(2);
    say_ack(0, 3, (const unsigned[][2]){ { 5, 10 }, { 3, 4 }, { 1, 2 } });
    expect_segment(4);
    say_ack(0, 3, (const unsigned[][2]){ { 5, 11 }, { 3, 4 }, { 1, 2 } });
    expect_segment(12); // nothing else is missing: something new
    say_ack(12, 0, NULL);
    assert_false(tcp()->flags & TCP_RECOVERY);
    assert_int_equal(tcp()->cwnd, 2 * MSS); // what is on the way, and one
    assert_int_equal(stats()->tcp_timeout, 0);
    assert_int_equal(stats()->tcp_fast, 1);
}

// RFC 3042 2-c
static void with_sack_only_news_counts_as_a_duplicate(void **state)
{
    static const unsigned one[][2] = { { 1, 2 } };

    (void)state;
    fly(true, 8);
    say_ack(0, 0, NULL);
    peer_expect_nothing(&p);
    say_ack(0, 1, one);
    expect_segment(8);
    for (unsigned i = 0; i < 5; i++) {
        say_ack(0, 1, one);
        peer_expect_nothing(&p);
    }
    assert_int_equal(stats()->tcp_fast, 0);
}

// RFC 5681 4.1-a
static void after_a_rest_the_window_begins_anew(void **state)
{
    (void)state;
    peer_connect(&p);
    tcp()->cwnd = 20 * 1460;
    peer_pass(&p, 100000);
    assert_int_equal(nif_conn_send(p.conn, page, 10, NULL), 10);
    assert_int_equal(tcp()->cwnd, 20 * 1460);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_pass(&p, 2000000);
    assert_int_equal(nif_conn_send(p.conn, page, 10, NULL), 10);
    assert_int_equal(tcp()->cwnd, 3 * 1460);
}

// RFC 2018 5-a
// RFC 6675 5
static void what_was_said_to_have_arrived_is_not_sent_again(void **state)
{
    (void)state;
    fly(true, 6);
    for (unsigned i = 2; i <= 6; i++) {
        say_ack(0, 1, (const unsigned[][2]){ { 1, i } });
    }
    for (unsigned i = 0; i < 20; i++) {
        say_ack(0, 1, (const unsigned[][2]){ { 1, 6 } });
        while (peer_hear(&p)) {
            assert_false(p.seg.seq - start >= MSS &&
                p.seg.seq - start < 6 * MSS);
        }
    }
}

// RFC 2018 5-b 5-c 5.1-b 8-c
static void after_a_timeout_nothing_is_held_to_have_arrived(void **state)
{
    (void)state;
    fly(true, 6);
    say_ack(0, 1, (const unsigned[][2]){ { 1, 2 } });
    expect_segment(6);
    peer_pass(&p, 300000);
    expect_segment(0);
    assert_int_equal(p.more[0].count, 0);
    say_ack(1, 0, NULL);
    expect_segment(1); // he may have thrown it away
    expect_segment(2);
}

// A partial acknowledgement without blocks still tells of a loss.
static void the_last_loss_of_a_flight_needs_no_timeout(void **state)
{
    (void)state;
    fly(true, 8);
    say_ack(0, 1, (const unsigned[][2]){ { 1, 2 } });
    say_ack(0, 1, (const unsigned[][2]){ { 1, 3 } });
    say_ack(0, 1, (const unsigned[][2]){ { 1, 4 } });
    expect_segment(8);
    expect_segment(9);
    expect_segment(0);
    say_ack(4, 0, NULL); // 0 has come, 4 is missing too, what came is told
    expect_segment(4);
    assert_int_equal(stats()->tcp_timeout, 0);
}

// CVE-2019-11477 and its sisters; RFC 2018 3, RFC 2883
static void blocks_that_lie_are_not_believed(void **state)
{
    static const unsigned beyond[][2] = { { 20, 30 } };
    static const unsigned backwards[][2] = { { 4, 2 } };
    static const unsigned acked[][2] = { { 0, 1 } };
    static const unsigned across[][2] = { { 4, 7 } };

    (void)state;
    fly(true, 6);
    say_ack(0, 1, beyond);
    say_ack(0, 1, backwards);
    pair_clear(&p.pair);
    assert_int_equal(p.more[0].count, 0);
    say_ack(1, 1, acked);
    say_ack(1, 1, across + 0);
    for (unsigned i = 0; i < p.more[0].count; i++) {
        assert_true(p.more[0].sacked[i].to - start <= tcp()->snd_max - start);
        assert_true(p.more[0].sacked[i].from - start > MSS);
    }
}

// The short way in does not look at the scoreboard. What is left there, two
// gigabytes later, seems to be still to come.
static void what_arrived_two_gigabytes_ago_is_not_what_arrives_now(void **state)
{
    struct nif_tcp_more *more = &p.more[0];

    (void)state;
    fly(true, 6);
    more->count = 1;
    more->sacked[0].from = start + 0x7FFF0000;
    more->sacked[0].to = start + 0x7FFFF000;
    for (unsigned i = 2; i < 5; i++) {
        say_ack(0, 1, (const unsigned[][2]){ { 1, i } });
    }
    expect_segment(6); // limited transmit
    expect_segment(7);
    expect_segment(0);
    peer_expect_nothing(&p);
}

// What neither fits the scoreboard is only sent once more than need be.
static void more_holes_than_can_be_noted_are_mended_all_the_same(void **state)
{
    unsigned have = 0;
    bool came[20] = { false };

    (void)state;
    fly(true, 20);
    for (unsigned i = 1; i < 20; i += 2) {
        came[i] = true;
        say_ack(0, 1, (const unsigned[][2]){ { i, i + 1 } });
    }
    for (unsigned rounds = 0; have < 20 && rounds < 60; rounds++) {
        while (peer_hear(&p)) {
            unsigned i = (p.seg.seq - start) / MSS;

            if (i < 20) {
                came[i] = true;
            }
        }
        while (have < 20 && came[have]) {
            have++;
        }
        say_ack(have, 0, NULL);
        peer_pass(&p, 1000);
    }
    assert_int_equal(have, 20);
    assert_int_equal(stats()->tcp_timeout, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_two_duplicates_let_new_segments_out,
            setup),
        cmocka_unit_test_setup(without_sack_one_hole_is_filled_per_round_trip,
            setup),
        cmocka_unit_test_setup(with_sack_all_holes_are_filled_in_one_round_trip,
            setup),
        cmocka_unit_test_setup(with_sack_only_news_counts_as_a_duplicate,
            setup),
        cmocka_unit_test_setup(after_a_rest_the_window_begins_anew, setup),
        cmocka_unit_test_setup(what_was_said_to_have_arrived_is_not_sent_again,
            setup),
        cmocka_unit_test_setup(after_a_timeout_nothing_is_held_to_have_arrived,
            setup),
        cmocka_unit_test_setup(the_last_loss_of_a_flight_needs_no_timeout,
            setup),
        cmocka_unit_test_setup(blocks_that_lie_are_not_believed, setup),
        cmocka_unit_test_setup(
            what_arrived_two_gigabytes_ago_is_not_what_arrives_now, setup),
        cmocka_unit_test_setup(
            more_holes_than_can_be_noted_are_mended_all_the_same, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
