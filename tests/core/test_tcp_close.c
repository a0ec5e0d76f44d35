// SPDX-License-Identifier: MIT
//
// TCP connections end: in every state, from either side, in order and not.

#include "tests/core/tcp_bench.h"

static enum nif_conn_state state_of(const struct nif_conn *conn)
{
    return nif_conn_state(conn);
}

// RFC 9293 MUST-13
static void we_close_first_and_wait_out_the_last_segments(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, "bye", 3, NULL), 3);
    nif_conn_close(p.conn);
    assert_int_equal(state_of(p.conn), NIF_CONN_CLOSING);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 3);
    peer_say(&p, ACK, 0, 0, NULL, 0); // FIN-WAIT-2
    peer_expect_nothing(&p);
    peer_say(&p, FIN | ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 0); // TIME-WAIT
    peer_pass(&p, 30000000);
    peer_say(&p, FIN | ACK, -1, 0, NULL, 0); // he has not heard
    peer_expect(&p, ACK, 0);
    peer_pass(&p, (NIF_TCP_TIME_WAIT_S - 1) * 1000000ull);
    assert_int_equal(state_of(p.conn), NIF_CONN_CLOSING);
    peer_pass(&p, 2000000);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
}

// RFC 9293 MUST-12
static void the_peer_closes_first(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, FIN | ACK, 0, 0, "last", 4);
    peer_expect(&p, ACK, 0);
    assert_int_equal(recv_all(), 4);
    assert_int_equal(recv_all(), 0);
    assert_int_equal(nif_conn_ready(p.conn), NIF_READABLE | NIF_WRITABLE);
    // Half closed: we may still say something.
    assert_int_equal(nif_conn_send(p.conn, "mine", 4, NULL), 4);
    peer_pass(&p, 10);
    peer_expect(&p, ACK, 4);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
}

static void both_close_at_once(void **state)
{
    (void)state;
    peer_connect(&p);
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
    peer_say(&p, FIN | ACK, 0, -1, NULL, 0);
    peer_expect(&p, ACK, 0); // CLOSING
    peer_say(&p, ACK, 0, 0, NULL, 0);
    assert_int_equal(state_of(p.conn), NIF_CONN_CLOSING); // TIME-WAIT
    peer_pass(&p, (NIF_TCP_TIME_WAIT_S + 1) * 1000000ull);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
}

static void after_shutdown_the_peers_text_is_still_read(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_shutdown(p.conn), 0);
    assert_int_equal(nif_conn_shutdown(p.conn), 0);
    assert_int_equal(nif_conn_send(p.conn, "x", 1, NULL), NIF_ENOTCONN);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_pass(&p, (NIF_TCP_FIN_WAIT_S + 100) * 1000000ull);
    peer_say(&p, ACK, 0, 0, "late", 4);
    assert_int_equal(recv_all(), 4);
    peer_say(&p, FIN | ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
    assert_int_equal(recv_all(), 0);
    peer_pass(&p, (NIF_TCP_TIME_WAIT_S + 1) * 1000000ull);
    // It is over, but the application has the memory until it says so.
    assert_int_equal(state_of(p.conn), NIF_CONN_OPEN);
    assert_int_equal(recv_all(), 0);
    nif_conn_close(p.conn);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
}

// RFC 9293 SHLD-3
static void closing_with_text_unread_is_a_reset(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, "unread", 6);
    nif_conn_close(p.conn);
    peer_expect(&p, RST | ACK, 0);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
}

// RFC 9293 SHLD-3
static void text_for_whom_nobody_is_left_is_a_reset(void **state)
{
    (void)state;
    peer_connect(&p);
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
    peer_say(&p, ACK, 0, 0, "hello?", 6);
    p.seq -= 6;
    peer_expect(&p, RST | ACK, 0);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
}

static void a_peer_that_never_closes_is_left_after_a_while(void **state)
{
    (void)state;
    peer_connect(&p);
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_pass(&p, (NIF_TCP_FIN_WAIT_S - 1) * 1000000ull);
    assert_int_equal(state_of(p.conn), NIF_CONN_CLOSING);
    peer_pass(&p, 2000000);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
}

static void a_lost_fin_is_said_again(void **state)
{
    (void)state;
    peer_connect(&p);
    nif_conn_close(p.conn);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
    peer_pass(&p, 1200000);
    p.ack--;
    peer_expect(&p, FIN | ACK, 0);
}

// RFC 9293 MUST-12
// RFC 5961 3.2-b
static void a_reset_ends_it_what_came_before_is_read(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK, 0, 0, "data", 4);
    peer_say(&p, RST, 0, 0, NULL, 0);
    assert_int_equal(state_of(p.conn), NIF_CONN_FAILED);
    assert_int_equal(recv_all(), 4);
    assert_int_equal(recv_all(), NIF_ERESET);
    assert_int_equal(nif_conn_send(p.conn, "x", 1, NULL), NIF_ERESET);
    nif_conn_close(p.conn);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
}

// RFC 5961 3.2-a 3.2-c 3.2-d
static void a_reset_not_exactly_in_place_is_challenged(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, RST, 1, 0, NULL, 0); // RFC 5961 3.2
    peer_expect(&p, ACK, 0);
    peer_say(&p, RST, 5000, 0, NULL, 0); // not even in the window
    peer_expect_nothing(&p);
    peer_say(&p, RST, -1, 0, NULL, 0);
    peer_expect_nothing(&p);
    assert_int_equal(state_of(p.conn), NIF_CONN_OPEN);
    assert_int_equal(stats()->tcp_challenge, 1);
}

// RFC 5961 4.2-a 4.2-b
static void a_syn_in_the_window_is_challenged(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, SYN, 1, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
    peer_say(&p, SYN | ACK, 1, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
    assert_int_equal(state_of(p.conn), NIF_CONN_OPEN);
}

// RFC 5961 5.2-a 5.2-b
static void an_ack_from_nowhere_is_challenged_and_its_text_dropped(void **state)
{
    (void)state;
    peer_connect(&p);
    peer_say(&p, ACK, 0, 100, "evil", 4); // of what we never sent
    p.seq -= 4;
    peer_expect(&p, ACK, 0);
    peer_say(&p, ACK, 0, -100000, "evil", 4);
    p.seq -= 4;
    peer_expect(&p, ACK, 0);
    peer_say(&p, 0, 0, 0, "evil", 4); // none at all
    p.seq -= 4;
    peer_expect_nothing(&p);
    assert_int_equal(recv_all(), NIF_EAGAIN);
}

// RFC 5961 7-a
static void challenges_are_limited(void **state)
{
    unsigned count = 0;

    (void)state;
    peer_connect(&p);
    for (unsigned i = 0; i < 100; i++) {
        peer_say(&p, SYN, 1, 0, NULL, 0);
        count += peer_hear(&p);
    }
    assert_in_range(count, 1, 16);
    p.pair.now_us += 1000000;
    peer_say(&p, SYN, 1, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
}

static void abort_resets_at_once(void **state)
{
    (void)state;
    peer_connect(&p);
    assert_int_equal(nif_conn_send(p.conn, "x", 1, NULL), 1);
    nif_conn_abort(p.conn);
    assert_int_equal(state_of(p.conn), NIF_CONN_IDLE);
    assert_true(peer_hear(&p));
    assert_int_equal(p.seg.flags, RST | ACK);
    assert_int_equal(p.seg.seq, p.ack);
    peer_serve(&p);
    nif_conn_abort(&p.client);
    assert_int_equal(state_of(&p.client), NIF_CONN_CLOSED);
}

static void a_call_that_was_not_answered_can_be_closed(void **state)
{
    const struct nif_conn_cfg cfg = { p.rx[2], 100, p.tx[2], 100 };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PEER_PORT };

    (void)state;
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &cfg),
        0);
    assert_int_equal(nif_conn_connect(&p.client, &to), 0);
    peer_pass(&p, 10);
    nif_conn_close(&p.client);
    assert_int_equal(state_of(&p.client), NIF_CONN_CLOSED);
}

static void a_listener_closes_with_what_was_not_accepted(void **state)
{
    (void)state;
    peer_connect(&p); // accepted
    p.port++;
    p.seq = 1000;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    nif_conn_close(&p.listener);
    peer_expect(&p, RST | ACK, 0);
    assert_int_equal(state_of(&p.listener), NIF_CONN_CLOSED);
    assert_int_equal(state_of(p.conn), NIF_CONN_OPEN);
    for (int i = 0; i < 2; i++) {
        if (&p.backlog[i] != p.conn) {
            assert_int_equal(state_of(&p.backlog[i]), NIF_CONN_CLOSED);
        }
    }
    nif_conn_abort(p.conn);
    assert_int_equal(state_of(p.conn), NIF_CONN_CLOSED);
    assert_null(p.pair.stack[0].conns);
}

static void who_waits_in_time_wait_makes_room_for_the_next(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        p.port = (uint16_t)(PEER_PORT + i);
        peer_connect(&p);
        nif_conn_close(p.conn);
        peer_pass(&p, 10);
        peer_expect(&p, FIN | ACK, 0);
        peer_say(&p, FIN | ACK, 0, 0, NULL, 0);
        peer_expect(&p, ACK, 0);
    }
    assert_int_equal(stats()->tcp_full, 0);
    // The same peer from the same port, too, if his SYN is newer.
    p.seq += 100000;
    peer_connect(&p);
}

static void a_server_can_start_again_while_old_connections_end(void **state)
{
    const struct nif_endpoint local = { .port = OUR_PORT };
    const struct nif_conn_cfg none = { .rx = NULL };
    struct nif_conn *old;

    (void)state;
    peer_connect(&p);
    old = p.conn;
    nif_conn_close(old);
    nif_conn_close(&p.listener);
    assert_int_equal(state_of(old), NIF_CONN_CLOSING);
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.listener, NIF_TCP,
                         &none),
        0);
    assert_int_equal(nif_conn_bind(&p.listener, &local), 0);
    assert_int_equal(nif_conn_open(&p.pair.stack[0].stack, &p.client, NIF_TCP,
                         &none),
        0);
    assert_int_equal(nif_conn_bind(&p.client, &local), NIF_EADDRINUSE);
}

static void a_peer_lost_before_accept_frees_his_place(void **state)
{
    (void)state;
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    peer_say(&p, ACK, 0, 0, NULL, 0);
    peer_say(&p, RST, 0, 0, NULL, 0);
    assert_int_equal(nif_conn_accept(&p.listener, &p.conn, NULL), NIF_EAGAIN);
    assert_int_equal(state_of(&p.backlog[0]), NIF_CONN_IDLE);
    assert_int_equal(state_of(&p.backlog[1]), NIF_CONN_IDLE);
}

static void a_new_address_ends_connections(void **state)
{
    const struct nif_net net = { .ip = nif_ip4(192, 0, 2, 7),
        .prefix_len = 24 };
    struct nif_net same;

    (void)state;
    peer_connect(&p);
    nif_stack_net(&p.pair.stack[0].stack, &same);
    assert_int_equal(nif_stack_set_net(&p.pair.stack[0].stack, &same), 0);
    assert_int_equal(state_of(p.conn), NIF_CONN_OPEN);
    assert_int_equal(nif_stack_set_net(&p.pair.stack[0].stack, &net), 0);
    assert_int_equal(p.conn->err, NIF_EADDR);
    assert_int_equal(state_of(&p.listener), NIF_CONN_LISTENING);
}

static void a_cable_pulled_for_a_while_loses_nothing(void **state)
{
    (void)state;
    peer_connect(&p);
    p.pair.dev[0].link = false;
    assert_int_equal(nif_conn_send(p.conn, "still here", 10, NULL), 10);
    peer_pass(&p, 5000000);
    peer_expect_nothing(&p);
    p.pair.dev[0].link = true;
    for (unsigned i = 0; i < 20 && p.pair.dev[1].queued == 0; i++) {
        peer_pass(&p, 1000000);
    }
    for (unsigned i = 0; i < 20 && !peer_hear(&p); i++) {
        peer_pass(&p, 1000000);
    }
    assert_int_equal(p.seg.len, 10);
    assert_int_equal(state_of(p.conn), NIF_CONN_OPEN);
}

// ----------------------------------------------- close in every state

// What leads to the state, and what is left after the call.
struct way {
    const char *state;
    void (*lead)(void);
};

static void lead_syn_rcvd(void)
{
    peer_say(&p, SYN, 0, 0, NULL, 0);
    peer_expect(&p, SYN | ACK, 0);
    p.conn = &p.backlog[0];
}

static void lead_established(void)
{
    peer_connect(&p);
}

static void lead_fin_wait_1(void)
{
    peer_connect(&p);
    assert_int_equal(nif_conn_shutdown(p.conn), 0);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
}

static void lead_fin_wait_2(void)
{
    lead_fin_wait_1();
    peer_say(&p, ACK, 0, 0, NULL, 0);
}

static void lead_close_wait(void)
{
    peer_connect(&p);
    peer_say(&p, FIN | ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
}

static void lead_closing(void)
{
    lead_fin_wait_1();
    peer_say(&p, FIN | ACK, 0, -1, NULL, 0);
    peer_expect(&p, ACK, 0);
}

static void lead_last_ack(void)
{
    lead_close_wait();
    assert_int_equal(nif_conn_shutdown(p.conn), 0);
    peer_pass(&p, 10);
    peer_expect(&p, FIN | ACK, 0);
}

static void lead_time_wait(void)
{
    lead_fin_wait_2();
    peer_say(&p, FIN | ACK, 0, 0, NULL, 0);
    peer_expect(&p, ACK, 0);
}

static const struct way ways[] = {
    { "SYN-RCVD", lead_syn_rcvd },
    { "ESTABLISHED", lead_established },
    { "FIN-WAIT-1", lead_fin_wait_1 },
    { "FIN-WAIT-2", lead_fin_wait_2 },
    { "CLOSE-WAIT", lead_close_wait },
    { "CLOSING", lead_closing },
    { "LAST-ACK", lead_last_ack },
    { "TIME-WAIT", lead_time_wait },
};

static void close_in_any_state_gives_the_memory_back_in_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(ways); i++) {
        peer_init(&p);
        ways[i].lead();
        nif_conn_close(p.conn);
        peer_pass(&p, 300 * 1000000ull); // the peer says no more
        if (state_of(p.conn) != NIF_CONN_IDLE) {
            fail_msg("still there after close in %s", ways[i].state);
        }
    }
}

static void abort_in_any_state_gives_the_memory_back_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(ways); i++) {
        peer_init(&p);
        ways[i].lead();
        nif_conn_abort(p.conn);
        if (state_of(p.conn) != NIF_CONN_IDLE) {
            fail_msg("still there after abort in %s", ways[i].state);
        }
    }
}

static void a_reset_in_any_state_ends_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(ways); i++) {
        peer_init(&p);
        ways[i].lead();
        peer_say(&p, RST, 0, 0, NULL, 0);
        nif_conn_close(p.conn);
        if (state_of(p.conn) != NIF_CONN_IDLE) {
            fail_msg("still there after a reset in %s", ways[i].state);
        }
        assert_int_equal(stats()->tcp_rst_rx, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(we_close_first_and_wait_out_the_last_segments,
            setup),
        cmocka_unit_test_setup(the_peer_closes_first, setup),
        cmocka_unit_test_setup(both_close_at_once, setup),
        cmocka_unit_test_setup(after_shutdown_the_peers_text_is_still_read,
            setup),
        cmocka_unit_test_setup(closing_with_text_unread_is_a_reset, setup),
        cmocka_unit_test_setup(text_for_whom_nobody_is_left_is_a_reset, setup),
        cmocka_unit_test_setup(a_peer_that_never_closes_is_left_after_a_while,
            setup),
        cmocka_unit_test_setup(a_lost_fin_is_said_again, setup),
        cmocka_unit_test_setup(a_reset_ends_it_what_came_before_is_read, setup),
        cmocka_unit_test_setup(a_reset_not_exactly_in_place_is_challenged,
            setup),
        cmocka_unit_test_setup(a_syn_in_the_window_is_challenged, setup),
        cmocka_unit_test_setup(
            an_ack_from_nowhere_is_challenged_and_its_text_dropped, setup),
        cmocka_unit_test_setup(challenges_are_limited, setup),
        cmocka_unit_test_setup(abort_resets_at_once, setup),
        cmocka_unit_test_setup(a_call_that_was_not_answered_can_be_closed,
            setup),
        cmocka_unit_test_setup(a_listener_closes_with_what_was_not_accepted,
            setup),
        cmocka_unit_test_setup(who_waits_in_time_wait_makes_room_for_the_next,
            setup),
        cmocka_unit_test_setup(
            a_server_can_start_again_while_old_connections_end, setup),
        cmocka_unit_test_setup(a_peer_lost_before_accept_frees_his_place,
            setup),
        cmocka_unit_test_setup(a_new_address_ends_connections, setup),
        cmocka_unit_test_setup(a_cable_pulled_for_a_while_loses_nothing, setup),
        cmocka_unit_test(close_in_any_state_gives_the_memory_back_in_the_end),
        cmocka_unit_test(abort_in_any_state_gives_the_memory_back_at_once),
        cmocka_unit_test(a_reset_in_any_state_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
