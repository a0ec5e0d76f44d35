// SPDX-License-Identifier: MIT
//
// Calls that wait: closing.

#include "tests/core/net_bench.h"

// -------------------------------------------------------------- closing

static void close_waits_until_the_peer_has_everything(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump.pair.cable.loss = 50;
    pump_connect(&pump);
    assert_int_equal(nif_send_all(&pump.conn, data, 20000, in_us(60 * S)), 0);
    assert_int_equal(nif_close(&pump.conn, in_us(60 * S)), 0);
    assert_int_equal(pump.side.got_len, 20000);
    assert_memory_equal(pump.side.got, data, 20000);
}

// The side that closed first stays in TIME-WAIT (RFC 9293 3.3.2).
static void time_wait_is_kept_and_gives_way_to_a_new_use(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    assert_int_equal(nif_close(&pump.conn, in_us(S)), 0);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSING);
    pump_connect(&pump);
    assert_int_equal(nif_close(&pump.conn, in_us(S)), 0);
    pump_pass(&pump, 120 * S);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

static void the_side_that_closes_second_is_through_at_once(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    pump_pass(&pump, 10000);
    nif_conn_shutdown(pump.side.conn);
    assert_int_equal(nif_recv(&pump.conn, got, 10, in_us(S)), 0);
    assert_int_equal(nif_send_all(&pump.conn, data, 3000, in_us(S)), 0);
    assert_int_equal(nif_close(&pump.conn, in_us(5 * S)), 0);
    assert_int_equal(pump.side.got_len, 3000);
    pump_pass(&pump, S);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

static size_t unacked;

static size_t count_unacked(struct nif_stack *stack, struct nif_conn *conn)
{
    (void)stack;
    (void)conn;
    return unacked;
}

// Our end was told before: only the count says that it is at the peer.
static void a_stack_that_counts_is_asked_what_is_missing(void **state)
{
    static struct nif_stack_ops ops;
    struct nif_stack *stack = &pump.pair.stack[0].stack;

    (void)state;
    ops = *stack->ops;
    ops.unacked = count_unacked;
    stack->ops = &ops;
    pump_serve(&pump, 7);
    for (unacked = 0; unacked < 2; unacked++) {
        pump_connect(&pump);
        nif_conn_shutdown(&pump.conn);
        assert_int_equal(nif_recv(&pump.conn, data, 10, in_us(S)), 0);
        assert_int_equal(nif_close(&pump.conn, in_us(S)),
            unacked == 0 ? 0 : NIF_ETIMEDOUT);
    }
}

static void what_comes_in_while_closing_is_thrown_away(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump.side.echo = true;
    pump_connect(&pump);
    assert_int_equal(nif_send_all(&pump.conn, data, 12000, in_us(5 * S)), 0);
    assert_int_equal(nif_close(&pump.conn, in_us(20 * S)), 0);
    assert_int_equal(pump.side.back_len, 12000);
    assert_int_equal(pump.pair.stack[0].stats.tcp_rst_tx, 0);
}

static unsigned reads;

// A chip whose peer sends as fast as it is read.
static int endless(struct nif_stack *stack, struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from)
{
    (void)stack;
    (void)conn;
    (void)buf;
    (void)from;
    reads++;
    return (int)cap;
}

static void a_peer_that_never_stops_is_reset_at_the_deadline_too(void **state)
{
    static struct nif_stack_ops ops;
    struct nif_stack *stack = &pump.pair.stack[0].stack;

    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    ops = *stack->ops;
    ops.recv = endless;
    stack->ops = &ops;
    reads = 0;
    assert_int_equal(nif_close(&pump.conn, in_us(1000)), NIF_ETIMEDOUT);
    assert_true(reads > 1000); // without a sleep in between
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

static void a_peer_that_never_closes_is_reset_at_the_deadline(void **state)
{
    uint64_t until_us;

    (void)state;
    pump_serve(&pump, 7);
    pump.side.stubborn = true;
    pump_connect(&pump);
    until_us = in_us(2 * S);
    assert_int_equal(nif_close(&pump.conn, until_us), NIF_ETIMEDOUT);
    assert_in_range(pump.pair.now_us, until_us, until_us + 100);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
    pump_pass(&pump, S);
    assert_int_equal(pump.side.err, NIF_ERESET);
}

static void a_last_word_that_is_not_acknowledged_is_told(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    pump_pass(&pump, 10000);
    nif_conn_shutdown(pump.side.conn);
    assert_int_equal(nif_recv(&pump.conn, got, 10, in_us(S)), 0);
    pump.pair.tap = cut;
    assert_int_equal(nif_send(&pump.conn, data, 10, in_us(S)), 10);
    assert_int_equal(nif_close(&pump.conn, in_us(2 * S)), NIF_ETIMEDOUT);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

static void what_has_no_peer_closes_at_once(void **state)
{
    const struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(7);

    (void)state;
    assert_int_equal(nif_close(&pump.conn, 0), 0); // never opened
    assert_int_equal(nif_open(&pump.conn, &cfg), 0);
    assert_int_equal(nif_close(&pump.conn, 0), 0);
    assert_int_equal(nif_open(&pump.conn, &cfg), 0);
    assert_int_equal(nif_conn_connect(&pump.conn, &to), 0);
    assert_int_equal(nif_close(&pump.conn, 0), 0); // still opening
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
    assert_null(pump.pair.stack[0].conns);
}

static void a_close_begun_elsewhere_is_waited_for(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    assert_int_equal(nif_send_all(&pump.conn, data, 4000, in_us(S)), 0);
    nif_conn_close(&pump.conn);
    assert_int_equal(nif_close(&pump.conn, in_us(200 * S)), 0);
    assert_int_equal(nif_conn_unacked(&pump.conn), 0);
    assert_int_equal(pump.side.got_len, 4000);
}

static void a_datagram_that_waits_for_its_neighbour_goes_out_first(void **state)
{
    struct nif_open_cfg cfg = pump_tcp(&pump);
    const struct nif_endpoint to = pump_peer(53);

    (void)state;
    cfg.proto = NIF_UDP;
    assert_int_equal(nif_dial(&pump.conn, &cfg, &to, 0), 0);
    assert_int_equal(nif_conn_send(&pump.conn, "ask", 3, NULL), 3);
    assert_int_equal(nif_close(&pump.conn, in_us(S)), 0);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
    pump_pass(&pump, 10000);
    assert_int_equal(pump.pair.stack[1].stats.udp_closed, 1);
}

static bool fin_seen;

static bool watch_fin(struct pair *pair, int from, const uint8_t *frame,
    size_t len)
{
    struct pair_seg seg;

    (void)pair;
    if (from == 0 && pair_read_tcp(frame, len, &seg)) {
        fin_seen = fin_seen || (seg.flags & 1) != 0;
    }
    return true;
}

static void our_end_is_on_its_way_when_close_returns(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    pump_pass(&pump, 10000);
    nif_conn_shutdown(pump.side.conn);
    assert_int_equal(nif_recv(&pump.conn, got, 10, in_us(S)), 0);
    fin_seen = false;
    pump.pair.tap = watch_fin;
    assert_int_equal(nif_close(&pump.conn, in_us(S)), 0);
    assert_true(fin_seen);
}

static void a_last_word_that_is_refused_is_told(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    pump_connect(&pump);
    pump_pass(&pump, 10000);
    nif_conn_shutdown(pump.side.conn);
    assert_int_equal(nif_recv(&pump.conn, got, 10, in_us(S)), 0);
    assert_int_equal(nif_conn_send(&pump.conn, data, 10, NULL), 10);
    nif_conn_abort(pump.side.conn);
    assert_int_equal(nif_close(&pump.conn, in_us(2 * S)), NIF_ERESET);
    assert_int_equal(nif_conn_state(&pump.conn), NIF_CONN_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(close_waits_until_the_peer_has_everything),
        TEST(time_wait_is_kept_and_gives_way_to_a_new_use),
        TEST(the_side_that_closes_second_is_through_at_once),
        TEST(a_stack_that_counts_is_asked_what_is_missing),
        TEST(what_comes_in_while_closing_is_thrown_away),
        TEST(a_peer_that_never_stops_is_reset_at_the_deadline_too),
        TEST(a_peer_that_never_closes_is_reset_at_the_deadline),
        TEST(a_last_word_that_is_not_acknowledged_is_told),
        TEST(what_has_no_peer_closes_at_once),
        TEST(a_close_begun_elsewhere_is_waited_for),
        TEST(a_datagram_that_waits_for_its_neighbour_goes_out_first),
        TEST(our_end_is_on_its_way_when_close_returns),
        TEST(a_last_word_that_is_refused_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
