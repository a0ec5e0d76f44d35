// SPDX-License-Identifier: MIT
//
// TCP sends from where data lies, and shows received data where it lies.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct peer p;
static uint8_t page[20000];
static uint8_t got[20000];

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    for (size_t i = 0; i < sizeof(page); i++) {
        page[i] = (uint8_t)(i * 7 + (i >> 8) * 3);
    }
    return 0;
}

// Hears and acknowledges until `len` bytes have come, and gathers them.
static void hear_all(size_t len)
{
    uint32_t start = p.ack;
    size_t have = 0;

    for (unsigned i = 0; i < 100 && have < len; i++) {
        peer_pass(&p, 100);
        while (peer_hear(&p)) {
            assert_int_equal(p.seg.seq, start + have);
            memcpy(got + have, p.seg.data, p.seg.len);
            have += p.seg.len;
        }
        p.ack = start + (uint32_t)have;
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
    assert_int_equal(have, len);
}

static void data_is_sent_from_where_it_lies(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send_ref(p.conn, page, sizeof(page)),
        sizeof(page));
    assert_int_equal(nif_conn_unacked(p.conn), sizeof(page));
    // Beyond what is on the way it is not looked at yet.
    page[10000] ^= 0xFF;
    hear_all(sizeof(page));
    assert_memory_equal(got, page, sizeof(page));
    assert_int_equal(nif_conn_unacked(p.conn), 0);
}

static void copies_and_references_keep_their_order(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 1), 0);
    for (unsigned round = 0; round < 40; round++) {
        size_t want = 0;
        uint8_t expect[5000];

        for (unsigned i = 0; i < 6; i++) {
            size_t len = 1 + (round * 37 + i * 211) % 700;
            const uint8_t *from = page + (size_t)(round * 50 + i * 1000);

            if (i % 3 == 1) {
                assert_int_equal(nif_conn_send_ref(p.conn, from, len), len);
            } else {
                assert_int_equal(nif_conn_send(p.conn, from, len, NULL), len);
            }
            memcpy(expect + want, from, len);
            want += len;
        }
        assert_int_equal(nif_conn_unacked(p.conn), want);
        hear_all(want);
        assert_memory_equal(got, expect, want);
        assert_int_equal(nif_conn_unacked(p.conn), 0);
    }
}

// Hears what has come, behind the `have` bytes that are there; acknowledges it
// if `ack`. Returns how many there are then.
static size_t hear_more(size_t have, bool ack)
{
    uint32_t start = p.ack - (uint32_t)have;

    peer_pass(&p, 100);
    while (peer_hear(&p)) {
        assert_int_equal(p.seg.seq, start + have);
        memcpy(got + have, p.seg.data, p.seg.len);
        have += p.seg.len;
    }
    p.ack = start + (uint32_t)have;
    if (ack) {
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
    return have;
}

// Segments end where references do, and copies come between them while others
// wait, around the end of the ring and at odd places in it.
static void what_was_lent_is_found_from_segment_to_segment(void **state)
{
    static const uint8_t mss[] = { 2, 4, 0, 100 };
    static const size_t lens[] = { 100, 100, 200, 300, 37 };

    (void)state;
    for (size_t cap = 480; cap < 500; cap++) {
        size_t given = 0;
        size_t have = 0;

        memset(got, 0, sizeof(got));
        peer_init_rings(&p, cap);
        p.options = mss;
        p.options_len = sizeof(mss);
        peer_connect(&p);
        p.options = NULL;
        while (given < sizeof(page) - 300) {
            const uint8_t *from = page + given;
            size_t len = lens[pair_roll(&p.pair, nif_countof(lens))];
            int n = pair_roll(&p.pair, 3) > 0
                ? nif_conn_send_ref(p.conn, from, len)
                : nif_conn_send(p.conn, from, len, NULL);

            given += n > 0 ? (size_t)n : 0;
            if (pair_roll(&p.pair, 2) == 0) {
                have = hear_more(have, pair_roll(&p.pair, 3) == 0);
            }
        }
        for (unsigned i = 0; i < 300 && have < given; i++) {
            have = hear_more(have, true);
        }
        assert_int_equal(have, given);
        assert_memory_equal(got, page, given);
    }
}

static void unacked_says_when_lent_data_is_free_again(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send_ref(p.conn, page, 1000), 1000);
    assert_int_equal(nif_conn_send_ref(p.conn, page + 3000, 500), 500);
    assert_int_equal(nif_conn_send(p.conn, page, 7, NULL), 7);
    assert_int_equal(nif_conn_unacked(p.conn), 1507);
    peer_pass(&p, 100);
    peer_expect(&p, ACK, 1460);
    peer_say(&p, ACK, 0, -860, NULL, 0); // 600: a part of the first
    assert_int_equal(nif_conn_unacked(p.conn), 907);
    peer_say(&p, ACK, 0, -260, NULL, 0); // 1200
    assert_int_equal(nif_conn_unacked(p.conn), 307);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_unacked(p.conn), 47);
    peer_expect(&p, ACK, 47);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_unacked(p.conn), 0);
}

// RFC 6298 5.4
static void lent_data_is_sent_again_when_it_was_lost(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, page, 100, NULL), 100);
    assert_int_equal(nif_conn_send_ref(p.conn, page + 100, 300), 300);
    assert_int_equal(nif_conn_send_ref(p.conn, page + 400, 300), 300);
    peer_pass(&p, 100);
    peer_expect(&p, ACK, 700);
    peer_say(&p, ACK, 0, -550, NULL, 0); // in the middle of the first
    peer_pass(&p, 1000000);
    p.ack -= 550;
    peer_expect(&p, ACK, 550);
    assert_memory_equal(p.seg.data, page + 150, 550);
}

static void a_reference_waits_until_there_is_room_to_note_it(void **state)
{
    unsigned n = 0;

    (void)state;
    peer_init_rings(&p, 100);
    peer_connect(&p);
    while (nif_conn_send_ref(p.conn, page + n, 1) == 1) {
        n++;
    }
    assert_in_range(n, 2, 100 / 12);
    p.pair.woken = false;
    assert_int_equal(nif_conn_send_ref(p.conn, page, 1), NIF_EAGAIN);
    assert_false(p.pair.woken); // who asks again and again may sleep
    assert_int_equal(nif_conn_unacked(p.conn), n);
    hear_all(n);
    assert_memory_equal(got, page, n);
    assert_int_equal(nif_conn_send_ref(p.conn, page, 0), 0);
    assert_int_equal(nif_conn_send_ref(p.conn, page, 5), 5);
    nif_conn_abort(p.conn);
    assert_int_equal(nif_conn_send_ref(p.conn, page, 5), NIF_ENOTCONN);
}

// Many small pieces: a segment takes as many as a frame has stretches.
static void a_segment_of_many_pieces_is_cut_not_mixed_up(void **state)
{
    (void)state;
    peer_connect(&p);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(nif_conn_send_ref(p.conn, page + (size_t)i * 11, 11),
            11);
    }
    assert_int_equal(nif_conn_shutdown(p.conn), 0);
    hear_all(550);
    assert_memory_equal(got, page, 550);
    p.ack++; // the FIN
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif__tcp_of(p.conn)->state, TCP_FIN_WAIT_2);
}

static void received_data_is_shown_where_it_lies(void **state)
{
    const uint8_t *data = NULL;

    (void)state;
    peer_init_rings(&p, 1000);
    peer_connect(&p);
    assert_int_equal(nif_conn_peek(p.conn, &data), NIF_EAGAIN);
    peer_say(&p, ACK, 0, 0, page, 400);
    assert_int_equal(nif_conn_peek(p.conn, &data), 400);
    assert_ptr_equal(data, p.rx[0]);
    assert_memory_equal(data, page, 400);
    nif_conn_consume(p.conn, 150);
    assert_int_equal(nif_conn_peek(p.conn, &data), 250);
    assert_memory_equal(data, page + 150, 250);
    nif_conn_consume(p.conn, 250);
    peer_say(&p, ACK, 0, 0, page + 400, 300);
    nif_conn_consume(p.conn, 300);
    peer_say(&p, ACK, 0, 0, page + 700, 500);
    // Around the end of the ring it lies in two pieces.
    assert_int_equal(nif_conn_peek(p.conn, &data), 300);
    assert_memory_equal(data, page + 700, 300);
    nif_conn_consume(p.conn, 300);
    assert_int_equal(nif_conn_peek(p.conn, &data), 200);
    assert_memory_equal(data, page + 1000, 200);
    nif_conn_consume(p.conn, 200);
    peer_say(&p, ACK | FIN, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_peek(p.conn, &data), 0);
}

// RFC 9293 MUST-39
static void consuming_opens_the_window(void **state)
{
    (void)state;
    peer_init_rings(&p, 1000);
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, page, 500);
    peer_say(&p, ACK, 0, 0, page + 500, 500);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 0);
    nif_conn_consume(p.conn, 400);
    peer_pass(&p, 10);
    peer_expect_nothing(&p); // not worth telling
    nif_conn_consume(p.conn, 200);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 600);
}

static void behind_the_peers_end_no_window_is_told(void **state)
{
    (void)state;
    peer_init_rings(&p, 1000);
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, page, 500);
    peer_say(&p, ACK | FIN, 0, 0, page + 500, 500);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    nif_conn_consume(p.conn, 1000);
    peer_pass(&p, 1000000);
    peer_expect_nothing(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(data_is_sent_from_where_it_lies, setup),
        cmocka_unit_test_setup(copies_and_references_keep_their_order, setup),
        cmocka_unit_test_setup(what_was_lent_is_found_from_segment_to_segment,
            setup),
        cmocka_unit_test_setup(unacked_says_when_lent_data_is_free_again,
            setup),
        cmocka_unit_test_setup(lent_data_is_sent_again_when_it_was_lost, setup),
        cmocka_unit_test_setup(a_reference_waits_until_there_is_room_to_note_it,
            setup),
        cmocka_unit_test_setup(a_segment_of_many_pieces_is_cut_not_mixed_up,
            setup),
        cmocka_unit_test_setup(received_data_is_shown_where_it_lies, setup),
        cmocka_unit_test_setup(consuming_opens_the_window, setup),
        cmocka_unit_test_setup(behind_the_peers_end_no_window_is_told, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
