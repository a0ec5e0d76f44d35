// SPDX-License-Identifier: MIT
//
// TCP against a peer by hand: data, windows, timers.

#include "core/tcpip/tcp.h"
#include "tests/core/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct peer p;
static uint8_t data[4096];
static uint8_t got[5000];

static int setup(void **state)
{
    (void)state;
    peer_init(&p);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 13 + (i >> 8));
    }
    return 0;
}

static struct nif_tcpip_stats *stats(void)
{
    return &p.pair.stack[0].stats;
}

static int send_all(size_t len)
{
    return nif_conn_send(p.conn, data, len, NULL);
}

static int recv_all(void)
{
    return nif_conn_recv(p.conn, got, sizeof(got), NULL);
}

// RFC 9293 SHLD-18 MUST-40
// RFC 5681 4.2-a 4.2-b
static void text_arrives_and_is_acknowledged_after_a_while(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, "hello", 5);
    peer_expect_nothing(&p);
    assert_int_equal(nif_conn_ready(p.conn), NIF_READABLE | NIF_WRITABLE);
    assert_int_equal(recv_all(), 5);
    assert_memory_equal(got, "hello", 5);
    assert_int_equal(recv_all(), NIF_EAGAIN);
    peer_pass(&p, NIF_TCP_DELACK_MS * 1000 - 1000);
    peer_expect_nothing(&p);
    peer_pass(&p, 2000);
    peer_expect(&p, ACK, 0);
}

// RFC 9293 SHLD-19 MUST-58
// RFC 5681 4.2-c
static void the_second_segment_is_acknowledged_at_once(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, data, 500);
    peer_say(&p, ACK, 0, 0, data, 500);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    peer_expect_nothing(&p);
}

// RFC 9293 SHLD-31
// RFC 5681 3.2-a 3.2-b
static void what_comes_too_early_is_kept_for_later(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK, 100, 0, data + 100, 100);
    peer_expect(&p, ACK, 0); // the duplicate that tells
    peer_say(&p, ACK, 200, 0, data + 200, 100);
    peer_expect(&p, ACK, 0);
    peer_say(&p, ACK, 500, 0, data + 500, 100); // a second hole: dropped
    peer_expect(&p, ACK, 0);
    assert_int_equal(recv_all(), NIF_EAGAIN);
    peer_say(&p, ACK, 0, 0, data, 100);
    p.seq += 200;
    peer_expect(&p, ACK, 0);
    assert_int_equal(recv_all(), 300);
    assert_memory_equal(got, data, 300);
    peer_say(&p, ACK, -50, 0, data + 250, 80); // half of it known
    assert_int_equal(recv_all(), 30);
    assert_memory_equal(got, data + 300, 30);
}

static void a_fin_ahead_of_its_text_waits_for_it(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK | FIN, 10, 0, data + 10, 10);
    peer_expect(&p, ACK, 0);
    peer_say(&p, ACK, 0, 0, data, 10);
    p.seq += 10;
    peer_expect(&p, ACK, 0);
    assert_int_equal(recv_all(), 20);
    assert_int_equal(recv_all(), NIF_EAGAIN);
    peer_say(&p, ACK | FIN, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
    assert_int_equal(recv_all(), 0);
}

// RFC 9293 MUST-39 SHLD-14
static void a_full_ring_shuts_the_window_and_opens_it_in_steps(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, data, 1460);
    peer_say(&p, ACK, 0, 0, data + 1460, 1460);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 1176);
    peer_say(&p, ACK, 0, 0, data + 2920, 1176);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 0);
    peer_say(&p, ACK, 0, 0, "x", 1); // he probes
    p.seq--;
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 0);
    assert_int_equal(nif_conn_recv(p.conn, got, 1000, NULL), 1000);
    peer_pass(&p, 10);
    peer_expect_nothing(&p); // not worth telling
    assert_int_equal(nif_conn_recv(p.conn, got, 1000, NULL), 1000);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    assert_int_equal(p.seg.wnd, 2000);
}

static void text_beyond_the_window_is_cut_off(void **state)
{
    (void)state;
    peer_init_rings(&p, 1000);
    peer_connect(&p);
    peer_say(&p, ACK | FIN, 0, 0, data, 1400);
    p.seq -= 401;
    peer_expect(&p, ACK, 0);
    assert_int_equal(recv_all(), 1000);
    assert_memory_equal(got, data, 1000);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
}

// RFC 9293 MUST-2
static void sending_fills_segments_and_the_ring_no_more(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(send_all(4096), 4096);
    assert_int_equal(send_all(1), NIF_EAGAIN);
    assert_int_equal(send_all(0), NIF_EAGAIN);
    assert_int_equal(nif_conn_ready(p.conn), 0);
    peer_pass(&p, 100);
    peer_expect(&p, ACK, 1460);
    peer_expect(&p, ACK, 1460);
    peer_expect(&p, ACK, 1176);
    assert_memory_equal(p.seg.data, data + 2920, 1176);
    peer_say(&p, ACK, 0, -1176, NULL, 0);
    assert_int_equal(send_all(4096), 2920);
}

// RFC 9293 SHLD-7 MUST-17
static void small_writes_are_gathered_behind_what_is_sent(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    assert_int_equal(send_all(10), 10);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect_nothing(&p);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 20);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 1), 0);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 0), 0);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect_nothing(&p);
}

// RFC 6298 5.4 5.5 5.6
static void a_lost_segment_is_sent_again_ever_later(void **state)
{
    uint64_t waits_us[] = { 1000000, 2000000, 4000000, 8000000 };

    (void)state;
    p.pair.now_us += 5; // the handshake's round trip is no measure here
    peer_connect(&p);
    waits_us[0] = NIF_TCP_RTO_MIN_MS * 1000ull;
    for (size_t i = 1; i < nif_countof(waits_us); i++) {
        waits_us[i] = waits_us[i - 1] * 2;
    }
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 10);
    for (size_t i = 0; i < nif_countof(waits_us); i++) {
        p.ack -= 10;
        peer_pass(&p, waits_us[i] - 5000);
        peer_expect_nothing(&p);
        peer_pass(&p, 5000);
        peer_expect(&p, ACK, 10);
    }
    assert_int_equal(stats()->tcp_timeout, nif_countof(waits_us));
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_pass(&p, 60000000);
    peer_expect_nothing(&p);
}

// RFC 9293 MUST-20
static void no_progress_for_long_ends_the_connection(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(send_all(10), 10);
    peer_pass(&p, (NIF_TCP_R2_S + 2) * 1000000ull);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_FAILED);
    assert_int_equal(p.conn->err, NIF_ETIMEDOUT);
    nif_conn_close(p.conn);
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_IDLE);
}

static void three_duplicates_bring_the_segment_again(void **state)
{
    uint32_t first;

    (void)state;
    peer_connect(&p);
    // Open the congestion window first.
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(send_all(2000), 2000);
        peer_pass(&p, 10);
        while (peer_hear(&p)) {
            p.ack += (uint32_t)p.seg.len;
        }
        peer_say(&p, ACK, 0, 0, NULL, 0);
        while (peer_hear(&p)) {
            p.ack += (uint32_t)p.seg.len;
        }
        peer_say(&p, ACK, 0, 0, NULL, 0);
    }
    first = p.ack;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(nif_conn_option(p.conn, NIF_OPT_NODELAY, 1), 0);
        assert_int_equal(send_all(800), 800);
        peer_pass(&p, 10);
        assert_true(peer_hear(&p));
    }
    p.ack = first;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect_nothing(&p);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 1460); // fewer than four: two are enough
    assert_int_equal(stats()->tcp_fast, 1);
    // A part is acknowledged: the next hole is filled at once.
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 1460);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 1080);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect_nothing(&p);
    assert_int_equal(stats()->tcp_timeout, 0);
}

// Opens the congestion window to more than the ring.
static struct nif__tcp *warm_up(void)
{
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(send_all(2000), 2000);
        peer_pass(&p, 100);
        while (peer_hear(&p)) {
            p.ack += (uint32_t)p.seg.len;
            peer_say(&p, ACK, 0, 0, NULL, 0);
        }
    }
    return nif__tcp_of(p.conn);
}

// RFC 9293 MUST-19
// RFC 5681 3.1-e 3.1-f 3.1-g 3.1-h 3.1-i
static void a_timeout_halves_once_and_starts_slowly(void **state)
{
    const struct nif__tcp *t;

    (void)state;
    peer_connect(&p);
    t = warm_up();
    assert_int_equal(send_all(4096), 4096);
    peer_pass(&p, 10000000); // several timeouts
    assert_true(stats()->tcp_timeout > 2);
    assert_int_equal(t->ssthresh, 2920);
    assert_int_equal(t->cwnd, 1460);
    pair_clear(&p.pair);
    p.ack += 4096;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(t->cwnd, 2920 + 1460); // two segments at most, then ...
    assert_int_equal(send_all(4096), 4096);
    peer_pass(&p, 100);
    pair_clear(&p.pair);
    p.ack += 4096;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(t->cwnd, 2920 + 1460); // ... one per round trip
}

// RFC 5681 3.2-f 3.2-g 3.2-h 3.2-j
// RFC 6582 3.2-3a 3.2-3c
static void recovery_lets_as_much_out_as_has_arrived(void **state)
{
    const struct nif__tcp *t;

    (void)state;
    peer_connect(&p);
    t = warm_up();
    assert_int_equal(send_all(4096), 4096);
    peer_pass(&p, 100);
    pair_clear(&p.pair);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0); // three on the way: two are enough
    assert_int_equal(t->ssthresh, 2920);
    assert_int_equal(t->cwnd, 2920 + 3 * 1460);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(t->cwnd, 2920 + 4 * 1460);
    p.ack += 1460; // a part
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(t->cwnd, 2920 + 4 * 1460);
    p.ack += 2636; // all
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(t->cwnd, 2920);
    assert_int_equal(stats()->tcp_fast, 1);
}

// RFC 9293 MUST-36 MUST-37 SHLD-29 SHLD-30
static void a_shut_window_is_probed(void **state)
{
    unsigned probes = 0;

    (void)state;
    peer_connect(&p);
    p.wnd = 0;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_hear(&p);
    assert_int_equal(send_all(100), 100);
    for (unsigned i = 0; i < 200; i++) {
        peer_pass(&p, 1000000);
        while (peer_hear(&p)) {
            assert_int_equal(p.seg.len, 1);
            assert_int_equal(p.seg.seq, p.ack);
            probes++;
            peer_say(&p, ACK, 0, 0, NULL, 0);
        }
    }
    assert_in_range(probes, 6, 12); // 250 ms, doubled, up to 60 s
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
    // The peer's text still gets its ACK where he can take it.
    peer_say(&p, ACK, 0, 0, "a", 1);
    peer_say(&p, ACK, 0, 0, "b", 1);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 0);
    p.wnd = 4000;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 100);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_pass(&p, 5000000);
    peer_expect_nothing(&p);
}

// A probe may have been sent many times before its byte is taken: Karn.
// RFC 6298 3-a
static void a_probe_is_no_measure_of_the_round_trip(void **state)
{
    uint32_t rto;

    (void)state;
    peer_connect(&p);
    p.wnd = 0;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_hear(&p);
    rto = nif__tcp_rto(nif__tcp_of(p.conn));
    assert_int_equal(send_all(100), 100);
    for (unsigned i = 0; i < 30; i++) {
        peer_pass(&p, 1000000);
        while (peer_hear(&p)) {
            peer_say(&p, ACK, 0, 0, NULL, 0);
        }
    }
    p.wnd = 4000;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 100);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif__tcp_rto(nif__tcp_of(p.conn)), rto);
    // Nor if it is the probe itself that is taken at last.
    p.wnd = 0;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_hear(&p);
    assert_int_equal(send_all(1), 1);
    peer_pass(&p, 5000000);
    while (peer_hear(&p)) {
    }
    p.ack++;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(nif__tcp_rto(nif__tcp_of(p.conn)), rto);
}

// RFC 9293 SHLD-17
static void a_window_that_shuts_over_what_is_on_the_way_is_borne(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(send_all(100), 100);
    peer_pass(&p, 10);
    assert_true(peer_hear(&p));
    p.wnd = 0;
    for (unsigned i = 0; i < NIF_TCP_R2_S + 20; i++) {
        peer_say(&p, ACK, 0, 0, NULL, 0);
        peer_pass(&p, 1000000);
        pair_clear(&p.pair);
    }
    assert_int_equal(nif_conn_state(p.conn), NIF_CONN_OPEN);
}

// CVE-2008-4609
static void a_window_shut_for_ever_is_given_up(void **state)
{
    (void)state;
    peer_connect(&p);
    p.wnd = 0;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_hear(&p);
    assert_int_equal(send_all(100), 100);
    for (unsigned i = 0; i < NIF_TCP_STALL_S + 10; i++) {
        peer_pass(&p, 1000000);
        while (peer_hear(&p) && p.seg.len == 1) {
            peer_say(&p, ACK, 0, 0, NULL, 0);
        }
    }
    assert_int_equal(p.conn->err, NIF_ETIMEDOUT);
}

static void probes_without_any_answer_are_given_up_sooner(void **state)
{
    (void)state;
    peer_connect(&p);
    p.wnd = 0;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_hear(&p);
    assert_int_equal(send_all(100), 100);
    peer_pass(&p, 300 * 1000000ull);
    assert_int_equal(p.conn->err, NIF_ETIMEDOUT);
}

static void an_older_segment_does_not_change_the_window(void **state)
{
    (void)state;
    for (unsigned place = 1; place <= 2;
         place++) { // the long and the short way
        setup(NULL);
        p.pair.dev[0].place = place;
        peer_connect(&p);
        peer_say(&p, ACK, 0, 0, data, 100);
        p.wnd = 5000;
        peer_say(&p, ACK, 0, 0, data, 100);
        assert_int_equal(nif__tcp_of(p.conn)->snd_wnd, 5000);
        p.wnd = 3000; // from before, but it reaches beyond
        peer_say(&p, ACK, -150, 0, data, 180);
        assert_int_equal(nif__tcp_of(p.conn)->snd_wnd, 5000);
        p.seq += 30;
        assert_int_equal(send_all(10), 10);
        peer_pass(&p, 10);
        p.ack += 10;
        p.wnd = 4000;
        peer_say(&p, ACK, 0, 0, NULL, 0);
        p.wnd = 3000; // new text, but what was taken by then is known better
        peer_say(&p, ACK, 20, -10, data, 10);
        assert_int_equal(nif__tcp_of(p.conn)->snd_wnd, 4000);
    }
}

// RFC 9293 MUST-38
static void a_small_window_is_used_after_a_while(void **state)
{
    (void)state;
    peer_connect(&p);
    p.wnd = 50;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(send_all(200), 200);
    peer_pass(&p, 1000);
    peer_expect_nothing(&p); // silly window: RFC 9293 3.8.6.2.1
    peer_pass(&p, 1000000);
    peer_expect(&p, ACK, 50);
}

// RFC 9293 MUST-24 MUST-26 MUST-27 MUST-29 SHLD-12
static void a_silent_peer_is_asked_whether_he_lives(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_option(p.conn, NIF_OPT_KEEPALIVE, 30), 0);
    peer_pass(&p, 29000000);
    peer_expect_nothing(&p);
    peer_pass(&p, 2000000);
    p.ack--;
    peer_expect(&p, ACK, 0);
    p.ack++;
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_pass(&p, 29000000);
    peer_expect_nothing(&p);
    peer_pass(&p, 2000000);
    assert_true(peer_hear(&p));
    peer_pass(&p, 1000000ull * NIF_TCP_KEEP_PROBES * NIF_TCP_KEEP_INTERVAL_S);
    assert_int_equal(p.conn->err, NIF_ETIMEDOUT);
}

static void a_busy_device_loses_nothing(void **state)
{
    (void)state;
    peer_connect(&p);
    p.pair.dev[0].refill = 0;
    p.pair.dev[0].room = 1;
    assert_int_equal(send_all(3000), 3000);
    (void)nif_stack_poll(&p.pair.stack[0].stack);
    p.pair.dev[0].refill = 1;
    peer_pass(&p, 1000);
    peer_expect(&p, ACK, 1460);
    peer_expect(&p, ACK, 1460);
    peer_expect_nothing(&p); // 80 bytes: Nagle
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(small_writes_are_gathered_behind_what_is_sent,
            setup),
        cmocka_unit_test_setup(text_arrives_and_is_acknowledged_after_a_while,
            setup),
        cmocka_unit_test_setup(the_second_segment_is_acknowledged_at_once,
            setup),
        cmocka_unit_test_setup(what_comes_too_early_is_kept_for_later, setup),
        cmocka_unit_test_setup(a_fin_ahead_of_its_text_waits_for_it, setup),
        cmocka_unit_test_setup(
            a_full_ring_shuts_the_window_and_opens_it_in_steps, setup),
        cmocka_unit_test_setup(text_beyond_the_window_is_cut_off, setup),
        cmocka_unit_test_setup(sending_fills_segments_and_the_ring_no_more,
            setup),
        cmocka_unit_test_setup(a_lost_segment_is_sent_again_ever_later, setup),
        cmocka_unit_test_setup(no_progress_for_long_ends_the_connection, setup),
        cmocka_unit_test_setup(three_duplicates_bring_the_segment_again, setup),
        cmocka_unit_test_setup(a_timeout_halves_once_and_starts_slowly, setup),
        cmocka_unit_test_setup(recovery_lets_as_much_out_as_has_arrived, setup),
        cmocka_unit_test_setup(a_shut_window_is_probed, setup),
        cmocka_unit_test_setup(a_probe_is_no_measure_of_the_round_trip, setup),
        cmocka_unit_test_setup(
            a_window_that_shuts_over_what_is_on_the_way_is_borne, setup),
        cmocka_unit_test_setup(a_window_shut_for_ever_is_given_up, setup),
        cmocka_unit_test_setup(probes_without_any_answer_are_given_up_sooner,
            setup),
        cmocka_unit_test_setup(an_older_segment_does_not_change_the_window,
            setup),
        cmocka_unit_test_setup(a_small_window_is_used_after_a_while, setup),
        cmocka_unit_test_setup(a_silent_peer_is_asked_whether_he_lives, setup),
        cmocka_unit_test_setup(a_busy_device_loses_nothing, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
