// SPDX-License-Identifier: MIT
//
// Servers: whose turn it is, what a backlog holds, and that what was handed
// out comes back.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

#define PORT 5001

static struct nif_conn *listener(void)
{
    return &bench.conn[0];
}

// The most that a backlog may be here.
static unsigned most(void)
{
    unsigned n = bench.stack->caps.conn_max;

    return n == 0 || n > 5 ? 4 : n - 1u;
}

static struct nif_conn *accept_one(struct nif_endpoint *peer)
{
    struct nif_conn *conn = NULL;

    assert_int_equal(nif_accept(listener(), &conn, peer, bench_in(10 * S)), 0);
    assert_non_null(conn);
    assert_true(conn > listener() && conn < bench.conn + BENCH_OWN);
    return conn;
}

// Sends back until the peer has ended.
static void serve(struct nif_conn *conn, uint32_t n)
{
    struct flow flow = {
        .conn = conn,
        .salt_in = 21,
        .salt_out = 22,
        .in = n,
        .out = n,
    };

    flow_run(&flow, bench_in(60 * S));
}

static const struct peer_manner client = {
    .send = 10000,
    .salt = 21,
    .expect = 22,
};

static void a_client_is_served(void **state)
{
    struct nif_endpoint from;
    struct nif_conn *conn;
    struct peer_end *e;

    (void)state;
    bench_listen(0, PORT, 1);
    assert_int_equal(nif_conn_accept(listener(), &conn, NULL), NIF_EAGAIN);
    assert_int_equal(nif_conn_ready(listener()), 0);
    e = peer_dial(PORT, &client);
    conn = accept_one(&from);
    assert_true(nif_ip_equal(&from.ip, &bench.peer.at.ip));
    assert_true(from.port >= 0xC000 || contract_traits()->no_peer_port);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPEN);
    serve(conn, 10000);
    assert_int_equal(nif_close(conn, bench_in(10 * S)), 0);
    assert_true(bench_until(&e->ended, S));
    assert_int_equal(e->got, 10000);
    assert_int_equal(e->err, 0);
}

// Who came first is served first, and told apart by who it is.
static void clients_are_accepted_in_their_order(void **state)
{
    unsigned n = most();
    struct peer_end *e[8] = { NULL };

    (void)state;
    bench_listen(0, PORT, n);
    for (unsigned i = 0; i < n; i++) {
        struct peer_manner as = { .send = 1, .salt = i };

        e[i] = peer_dial(PORT, &as);
        bench_pass(S / 2);
        assert_true(nif_conn_ready(listener()) & NIF_ACCEPTABLE);
    }
    for (unsigned i = 0; i < n; i++) {
        struct nif_conn *conn = accept_one(NULL);
        uint8_t byte;

        assert_int_equal(nif_recv(conn, &byte, 1, bench_in(5 * S)), 1);
        assert_int_equal(byte, peer_text(i, 0));
    }
    assert_int_equal(nif_conn_ready(listener()), 0);
    for (unsigned i = 0; i < n; i++) {
        assert_false(e[i]->ended);
    }
}

// Places of the backlog come back in another order than they were taken in.
static void who_waits_longest_is_first_whatever_its_place(void **state)
{
    uint32_t dialled = 0;

    (void)state;
    if (most() < 3) {
        skip();
    }
    bench_listen(0, PORT, 3);
    for (uint32_t i = 0; i < 8; i++) {
        struct nif_conn *conn;
        uint8_t byte;

        while (dialled < i + 2) {
            (void)peer_dial(PORT,
                &(struct peer_manner){ .send = 1, .salt = dialled++ });
            bench_pass(S / 2);
        }
        conn = accept_one(NULL);
        assert_int_equal(nif_recv(conn, &byte, 1, bench_in(5 * S)), 1);
        assert_int_equal(byte, peer_text(i, 0));
        assert_int_equal(nif_close(conn, bench_in(10 * S)), 0);
        bench_pass(S / 2);
    }
}

struct many {
    struct flow flow[8];
    unsigned n;
    unsigned accepted;
};

static int try_many(void *arg)
{
    struct many *m = arg;
    unsigned done = 0;
    bool moved = false;

    if (m->accepted < m->n &&
        nif_conn_accept(listener(), &m->flow[m->accepted].conn, NULL) == 0) {
        m->accepted++;
    }
    for (unsigned i = 0; i < m->accepted; i++) {
        moved |= !flow_done(&m->flow[i]) && flow_step(&m->flow[i]);
        done += flow_done(&m->flow[i]);
    }
    if (moved) {
        nif_clock_wake(bench.stack->clock);
    }
    return done == m->n ? 0 : NIF_EAGAIN;
}

static void several_clients_at_once_do_not_mix(void **state)
{
    struct many m = { .n = most() };
    struct peer_end *e[8] = { NULL };

    (void)state;
    bench_listen(0, PORT, m.n);
    for (unsigned i = 0; i < m.n; i++) {
        m.flow[i] = (struct flow){
            .salt_in = 21,
            .salt_out = 22,
            .in = 10000,
            .out = 10000,
            .piece = 1 + 400 * i,
        };
        e[i] = peer_dial(PORT, &client);
    }
    assert_int_equal(nif_wait_for(bench.stack, try_many, &m, bench_in(120 * S)),
        0);
    for (unsigned i = 0; i < m.n; i++) {
        assert_int_equal(m.flow[i].err, 0);
        assert_int_equal(nif_close(m.flow[i].conn, bench_in(20 * S)), 0);
    }
    for (unsigned i = 0; i < m.n; i++) { // whoever of them came first
        const struct peer_end *end = e[i];

        if (end == NULL) {
            fail();
            return;
        }
        assert_true(bench_reach(&end->got, 10000, S));
        assert_int_equal(end->err, 0);
        assert_false(end->wrong);
    }
}

// ----------------------------------------------------------- the backlog

// One place, one client after the other: it comes back by itself.
static void a_place_comes_back_to_its_listener(void **state)
{
    (void)state;
    bench_listen(0, PORT, 1);
    for (unsigned i = 0; i < 12; i++) {
        struct nif_conn *conn;
        struct peer_end *e;

        bench.peer.ends = 0;
        e = peer_dial(PORT, &client);
        conn = accept_one(NULL);
        serve(conn, 10000);
        if (i % 3 == 0) { // in each way that there is
            nif_conn_abort(conn);
        } else {
            assert_int_equal(nif_close(conn, bench_in(10 * S)), 0);
        }
        assert_true(bench_until(&e->ended, 5 * S));
    }
}

static void a_full_backlog_serves_again_when_one_has_gone(void **state)
{
    const struct peer_manner patient = { .echo = true };
    unsigned n = most() < 2 ? 1 : 2;
    struct nif_conn *conn[2];
    struct peer_end *late;

    (void)state;
    bench_listen(0, PORT, n);
    for (unsigned i = 0; i < n; i++) {
        (void)peer_dial(PORT, &patient);
        conn[i] = accept_one(NULL);
    }
    late = peer_dial(PORT, &client);
    bench_pass(5 * S);
    for (unsigned i = 0; i < n; i++) { // the others do not notice
        assert_int_equal(nif_conn_state(conn[i]), NIF_CONN_OPEN);
        assert_int_equal(nif_send_all(conn[i], "hello", 5, bench_in(5 * S)), 0);
        assert_int_equal(nif_recv_all(conn[i], &(uint8_t[5]){ 0 }, 5,
                             bench_in(5 * S)),
            5);
    }
    nif_conn_abort(conn[0]);
    if (late->ended || late->conn == NULL) { // was sent away: calls again
        late = peer_dial(PORT, &client);
    }
    serve(accept_one(NULL), 10000);
    assert_true(bench_reach(&late->got, 10000, 10 * S));
}

// More clients than places, all at once, all served in the end.
static void a_rush_is_served_one_after_the_other(void **state)
{
    unsigned served = 0;

    (void)state;
    bench_listen(0, PORT, 1);
    for (unsigned i = 0; i < 4; i++) {
        (void)peer_dial(PORT, &client);
    }
    for (unsigned i = 0; i < 40 && served < 4; i++) {
        struct nif_conn *conn;

        if (nif_accept(listener(), &conn, NULL, bench_in(5 * S)) == 0) {
            serve(conn, 10000);
            assert_int_equal(nif_close(conn, bench_in(10 * S)), 0);
            served++;
            continue;
        }
        for (unsigned k = 0; k < bench.peer.ends; k++) { // was sent away
            struct peer_end *e = &bench.peer.end[k];

            if (e->err != 0 ||
                (contract_traits()->no_abort && e->ended && e->got == 0)) {
                e->err = 0;
                e->ended = false;
                (void)peer_dial(PORT, &client);
                break;
            }
        }
    }
    assert_int_equal(served, 4);
}

// ------------------------------------------- clients of a short patience

static void who_has_gone_before_its_turn_is_still_heard(void **state)
{
    const struct peer_manner brief = { .send = 500, .salt = 30, .fin = true };
    struct flow flow = { .salt_in = 30, .in = 500 };
    uint8_t byte;

    (void)state;
    bench_listen(0, PORT, 1);
    (void)peer_dial(PORT, &brief);
    bench_pass(5 * S);
    flow.conn = accept_one(NULL);
    flow_run(&flow, bench_in(5 * S));
    assert_int_equal(nif_recv(flow.conn, &byte, 1, bench_in(5 * S)), 0);
    assert_int_equal(nif_close(flow.conn, bench_in(10 * S)), 0);
    (void)peer_dial(PORT, &client);
    serve(accept_one(NULL), 10000);
}

// It came, said all and ended before anybody looked whether it had come.
static void who_comes_and_goes_while_nobody_polls_is_still_heard(void **state)
{
    const struct peer_manner brief = { .send = 500, .salt = 30, .fin = true };
    struct flow flow = { .salt_in = 30, .in = 500 };
    uint8_t byte;

    (void)state;
    bench_prove(3); // each knows its neighbour
    bench.peer.ends = 0;
    bench_listen(0, PORT, 1);
    bench_pass(S);
    (void)peer_dial(PORT, &brief);
    sim_pass_ns(&bench.world, 200 * SIM_MS); // the processor is busy
    nif_clock_wake(bench.stack->clock);
    flow.conn = accept_one(NULL);
    flow_run(&flow, bench_in(5 * S));
    assert_int_equal(nif_recv(flow.conn, &byte, 1, bench_in(5 * S)), 0);
    assert_int_equal(nif_close(flow.conn, bench_in(10 * S)), 0);
    (void)peer_dial(PORT, &client);
    serve(accept_one(NULL), 10000);
}

// Whether it is given out, as failed, or not: its place is not lost.
static void who_resets_before_its_turn_costs_no_place(void **state)
{
    (void)state;
    bench_listen(0, PORT, 1);
    for (unsigned i = 0; i < 5; i++) {
        struct nif_conn *conn;
        struct peer_end *e;

        bench.peer.ends = 0;
        e = peer_dial(PORT, &(struct peer_manner){ .stubborn = true });
        bench_pass(S);
        peer_abort(e);
        bench_pass(S);
        if (nif_conn_accept(listener(), &conn, NULL) == 0) {
            assert_int_equal(nif_recv(conn, &(uint8_t){ 0 }, 1,
                                 bench_in(5 * S)),
                contract_traits()->no_reset ? 0 : NIF_ERESET);
            nif_conn_close(conn);
        }
    }
    (void)peer_dial(PORT, &client);
    serve(accept_one(NULL), 10000);
}

// ------------------------------------------------------------- listeners

static void a_listener_that_closes_takes_its_waiting_clients_along(void **state)
{
    struct nif_conn *conn;
    struct peer_end *waiting;
    struct peer_end *served;

    (void)state;
    bench_listen(0, PORT, most() < 2 ? 1 : 2);
    served = peer_dial(PORT, &client);
    conn = accept_one(NULL);
    waiting = peer_dial(PORT, &(struct peer_manner){ .expect = 1 });
    bench_pass(S);
    nif_conn_close(listener());
    assert_int_equal(nif_conn_state(listener()), NIF_CONN_CLOSED);
    bench_reclaim(0, 0);
    assert_true(bench_until(&waiting->ended, 5 * S));
    serve(conn, 10000); // what was accepted goes on
    assert_int_equal(nif_close(conn, bench_in(10 * S)), 0);
    assert_true(bench_until(&served->ended, 5 * S));
    assert_int_equal(served->got, 10000);
    {
        struct peer_end *after =
            peer_dial(PORT, &(struct peer_manner){ .expect = 1 });

        bench_pass(5 * S);
        assert_false(after->open);
    }
    bench_reclaim(1, 100 * S);
    if (most() >= 2) {
        bench_reclaim(2, 100 * S);
    }
}

static void a_port_is_listened_at_once(void **state)
{
    (void)state;
    bench_listen(0, PORT, 1);
    assert_int_equal(bench_try_listen(3, PORT, 1), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_state(&bench.conn[3]), NIF_CONN_CLOSED);
    assert_int_equal(nif_conn_state(&bench.conn[4]), NIF_CONN_CLOSED);
    (void)peer_dial(PORT, &client);
    serve(accept_one(NULL), 10000); // the first one is unharmed
    nif_conn_abort(&bench.conn[1]);
    nif_conn_close(listener());
    bench_reclaim(0, S);
    assert_int_equal(bench_try_listen(3, PORT, 1), 0);
}

static void two_ports_have_their_own_clients(void **state)
{
    struct nif_conn *conn;

    (void)state;
    if (contract_traits()->one_server || most() < 2) {
        skip();
    }
    bench_listen(0, PORT, 1);
    bench_listen(2, PORT + 1, 1);
    (void)peer_dial(PORT + 1, &client);
    assert_int_equal(nif_accept(&bench.conn[2], &conn, NULL, bench_in(5 * S)),
        0);
    assert_int_equal(nif_conn_ready(listener()), 0);
    serve(conn, 10000);
    (void)peer_dial(PORT, &client);
    serve(accept_one(NULL), 10000);
}

static void what_makes_no_listener_is_said(void **state)
{
    struct nif_conn *conn = &bench.conn[0];
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    const struct nif_open_cfg backlog = bench_open(1, NIF_TCP);
    const struct nif_endpoint local = { .port = PORT };
    struct nif_conn *out;

    (void)state;
    assert_int_equal(bench_try_listen(0, PORT, 0), NIF_EINVAL);
    assert_int_equal(bench_try_listen(0, 0, 1), NIF_EINVAL);
    assert_int_equal(nif_open(conn, &cfg), 0);
    assert_int_equal(nif_conn_accept(conn, &out, NULL), NIF_EINVAL);
    assert_int_equal(nif_open(&bench.conn[1], &backlog), 0);
    assert_int_equal(nif_conn_listen(conn, &bench.conn[1], 1), NIF_EINVAL);
    assert_int_equal(nif_conn_bind(conn, &local), 0);
    assert_int_equal(nif_conn_bind(conn, &local), NIF_EISCONN);
    assert_int_equal(nif_conn_listen(conn, &bench.conn[1], 0), NIF_EINVAL);
    assert_int_equal(nif_conn_accept(conn, &out, NULL), NIF_EINVAL);
    assert_int_equal(nif_conn_listen(conn, &bench.conn[1], 1), 0);
    assert_int_equal(nif_conn_listen(conn, &bench.conn[1], 1), NIF_EINVAL);
    assert_int_equal(bench_send(conn, "x", 1, NULL), NIF_ENOTCONN);
    assert_int_equal(bench_recv(conn, &(uint8_t){ 0 }, 1, NULL), NIF_ENOTCONN);
    assert_int_equal(nif_conn_accept(conn, &out, NULL), NIF_EAGAIN);
}

// Servers and clients side by side, on what sockets there are.
static void a_server_may_dial_too(void **state)
{
    struct nif_conn *in;

    (void)state;
    bench_listen(0, PORT, 1);
    (void)peer_dial(PORT, &client);
    in = accept_one(NULL);
    bench.peer.ends = 4;
    bench_prove(5);
    serve(in, 10000);
}

// Both boards have the same chip: each is the other's client.
static void two_of_a_kind_serve_each_other(void **state)
{
    (void)state;
    bench_listen(0, PORT, 1);
    (void)peer_dial(PORT, &client);
    serve(accept_one(NULL), 10000);
}

int sockets_server(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_client_is_served),
        BENCH_TEST(clients_are_accepted_in_their_order),
        BENCH_TEST(who_waits_longest_is_first_whatever_its_place),
        BENCH_TEST(several_clients_at_once_do_not_mix),
        BENCH_TEST(a_place_comes_back_to_its_listener),
        BENCH_TEST(a_full_backlog_serves_again_when_one_has_gone),
        BENCH_TEST(a_rush_is_served_one_after_the_other),
        BENCH_TEST(who_has_gone_before_its_turn_is_still_heard),
        BENCH_TEST(who_comes_and_goes_while_nobody_polls_is_still_heard),
        BENCH_TEST(who_resets_before_its_turn_costs_no_place),
        BENCH_TEST(a_listener_that_closes_takes_its_waiting_clients_along),
        BENCH_TEST(a_port_is_listened_at_once),
        BENCH_TEST(two_ports_have_their_own_clients),
        BENCH_TEST(what_makes_no_listener_is_said),
        BENCH_TEST(a_server_may_dial_too),
        cmocka_unit_test_setup_teardown(two_of_a_kind_serve_each_other,
            bench_setup_twins, bench_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
