// SPDX-License-Identifier: MIT
//
// TCP against a peer by hand: data, what is lost, timers.

#include "tests/core/tcp_bench.h"

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
        cmocka_unit_test_setup(sending_fills_segments_and_the_ring_no_more,
            setup),
        cmocka_unit_test_setup(a_lost_segment_is_sent_again_ever_later, setup),
        cmocka_unit_test_setup(no_progress_for_long_ends_the_connection, setup),
        cmocka_unit_test_setup(three_duplicates_bring_the_segment_again, setup),
        cmocka_unit_test_setup(a_timeout_halves_once_and_starts_slowly, setup),
        cmocka_unit_test_setup(recovery_lets_as_much_out_as_has_arrived, setup),
        cmocka_unit_test_setup(a_silent_peer_is_asked_whether_he_lives, setup),
        cmocka_unit_test_setup(a_busy_device_loses_nothing, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
