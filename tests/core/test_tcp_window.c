// SPDX-License-Identifier: MIT
//
// TCP's windows against a peer by hand: ours that shuts and opens, his that is
// small, shut, or shut for ever.

#include "tests/core/tcp_bench.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            a_full_ring_shuts_the_window_and_opens_it_in_steps, setup),
        cmocka_unit_test_setup(text_beyond_the_window_is_cut_off, setup),
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
