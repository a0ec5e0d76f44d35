// SPDX-License-Identifier: MIT
//
// A main loop that sleeps for as long as poll() has said, or until the clock
// is woken: what a call begins while it sleeps is done soon all the same.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#define PORT 5010

static struct nif_endpoint peer_at(void)
{
    struct nif_endpoint to = bench.peer.at;

    to.port = PEER_PORT;
    return to;
}

static struct nif_endpoint board_at(void)
{
    return (struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, 2), .port = PORT };
}

static void soon(void)
{
    bench_doze(contract_late_us());
}

static void expect_told(void)
{
    soon();
    assert_true(bench.peer.end[0].ended);
    if (nif_conn_state(&bench.conn[0]) != NIF_CONN_CLOSED) {
        nif_conn_abort(&bench.conn[0]);
    }
}

static struct nif_conn *connected_and_at_rest(void)
{
    struct nif_conn *conn;

    bench.peer.ends = 0;
    conn = bench_dial(0, PEER_PORT);
    assert_true(bench_reach(&bench.peer.ends, 1, 5 * S));
    bench_rest();
    return conn;
}

static void an_end_of_ours_is_told_soon(void **state)
{
    struct nif_conn *conn;

    (void)state;
    peer_serve(&(struct peer_manner){ .expect = 1 });
    nif_conn_abort(connected_and_at_rest());
    expect_told();
    nif_conn_close(connected_and_at_rest());
    expect_told();
    conn = connected_and_at_rest();
    if (nif_conn_shutdown(conn) == 0) {
        expect_told();
    }
}

static void a_call_is_made_soon(void **state)
{
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    const struct nif_endpoint to = peer_at();

    (void)state;
    bench_prove(1); // the neighbour is known
    assert_int_equal(nif_open(&bench.conn[0], &cfg), 0);
    bench_rest();
    assert_int_equal(nif_conn_connect(&bench.conn[0], &to), 0);
    soon();
    assert_int_equal(nif_conn_state(&bench.conn[0]), NIF_CONN_OPEN);
}

static void what_is_sent_leaves_soon(void **state)
{
    const struct nif_open_cfg cfg = bench_open(1, NIF_UDP);
    const struct nif_endpoint to = peer_at();
    struct nif_conn *conn;

    (void)state;
    peer_udp(PEER_PORT, false);
    peer_serve(&(struct peer_manner){ .expect = 0 });
    conn = connected_and_at_rest();
    assert_int_equal(nif_conn_send(conn, "hello", 5, NULL), 5);
    soon();
    assert_int_equal(bench.peer.end[0].got, 5);
    assert_int_equal(nif_open(&bench.conn[1], &cfg), 0);
    bench_rest();
    assert_int_equal(nif_conn_send(&bench.conn[1], "hello", 5, &to), 5);
    soon();
    assert_int_equal(bench.peer.udp.count, 1);
}

static void who_listens_is_found_soon(void **state)
{
    (void)state;
    bench_rest();
    assert_int_equal(bench_try_listen(0, PORT, 1), 0);
    soon();
    (void)peer_dial(PORT, &(struct peer_manner){ .send = 1 });
    bench_doze(S / 10); // its neighbour is not known yet
    assert_true(nif_conn_ready(&bench.conn[0]) & NIF_ACCEPTABLE);
}

static void a_port_for_datagrams_is_open_soon(void **state)
{
    const struct nif_endpoint back = board_at();
    struct nif_open_cfg cfg = bench_open(0, NIF_UDP);

    (void)state;
    bench_needs_datagrams();
    peer_udp(PEER_PORT, false);
    bench_rest();
    cfg.local.port = PORT;
    assert_int_equal(nif_open(&bench.conn[0], &cfg), 0);
    soon();
    assert_true(peer_say(50, 1, &back));
    bench_doze(S / 10);
    assert_true(nif_conn_ready(&bench.conn[0]) & NIF_READABLE);
}

static void a_group_is_joined_soon(void **state)
{
    const struct nif_ip group = nif_ip4(239, 1, 2, 3);
    const struct nif_endpoint to = { .ip = group, .port = PORT };
    struct nif_open_cfg cfg = bench_open(0, NIF_UDP);

    (void)state;
    if (bench.stack->ops->group == NULL) {
        skip();
    }
    peer_udp(PEER_PORT, false);
    cfg.local.port = PORT;
    assert_int_equal(nif_open(&bench.conn[0], &cfg), 0);
    bench_rest();
    assert_int_equal(nif_conn_group(&bench.conn[0], &group, true), 0);
    soon();
    assert_true(peer_say(50, 1, &to));
    bench_doze(S / 10);
    assert_true(nif_conn_ready(&bench.conn[0]) & NIF_READABLE);
}

static void another_address_is_in_force_soon(void **state)
{
    const struct nif_net other = {
        .ip = nif_ip4(192, 0, 2, 50),
        .prefix_len = 24,
    };
    struct nif_net now;

    (void)state;
    bench_rest();
    if (nif_stack_set_net(bench.stack, &other) == NIF_ENOTSUP) {
        skip();
    }
    soon();
    nif_stack_net(bench.stack, &now);
    assert_true(nif_ip_equal(&now.ip, &other.ip));
}

int sockets_wakes(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(an_end_of_ours_is_told_soon),
        BENCH_TEST(a_call_is_made_soon),
        BENCH_TEST(what_is_sent_leaves_soon),
        BENCH_TEST(who_listens_is_found_soon),
        BENCH_TEST(a_port_for_datagrams_is_open_soon),
        BENCH_TEST(a_group_is_joined_soon),
        BENCH_TEST(another_address_is_in_force_soon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
