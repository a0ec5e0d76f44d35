// SPDX-License-Identifier: MIT
//
// How a connection begins and ends when the other side has its own mind:
// nobody there, nobody listening, an end, a reset, an end of ours that leaves
// the other direction open.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

#define PORT 5011

static struct peer_end *first(void)
{
    assert_true(bench_reach(&bench.peer.ends, 1, 5 * S));
    return &bench.peer.end[0];
}

static int dial_to(unsigned i, struct nif_ip ip, uint16_t port, uint64_t us)
{
    const struct nif_open_cfg cfg = bench_open(i, NIF_TCP);
    const struct nif_endpoint to = { .ip = ip, .port = port };

    return nif_dial(&bench.conn[i], &cfg, &to, bench_in(us));
}

// ------------------------------------------------------------- beginning

static void a_port_where_nobody_listens_refuses(void **state)
{
    uint64_t begun_us = bench_now();
    int err;

    (void)state;
    err = dial_to(0, bench.peer.at.ip, PEER_NOBODY, 30 * S);
    if (contract_traits()->no_refusal) {
        assert_true(err < 0 && err != NIF_EAGAIN);
    } else {
        assert_int_equal(err, NIF_EREFUSED);
        assert_true(bench_now() - begun_us < 2 * S);
    }
    assert_int_equal(nif_conn_state(&bench.conn[0]), NIF_CONN_CLOSED);
    bench_reclaim(0, 0);
    bench_prove(1);
}

// The call ends when it is to end, and leaves nothing behind.
static void a_host_that_is_not_there_is_given_up_at_the_deadline(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        static const uint64_t waits_us[] = { 100000, S, 5 * S };
        uint64_t until_us = bench_in(waits_us[i]);
        int err = dial_to(i, nif_ip4(192, 0, 2, 99), 80, waits_us[i]);

        assert_true(err == NIF_ETIMEDOUT || err == NIF_EUNREACH);
        assert_true(bench_now() <= until_us + 10000);
        bench_reclaim(i, 0);
    }
    bench_prove(3);
}

// Without help, too: the stack's own patience is bounded.
static void a_call_that_nobody_answers_fails_by_itself(void **state)
{
    struct nif_conn *conn = &bench.conn[0];
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 99), .port = 80 };
    int err;

    (void)state;
    assert_int_equal(nif_open(conn, &cfg), 0);
    assert_int_equal(nif_conn_connect(conn, &to), 0);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPENING);
    assert_int_equal(bench_send(conn, "x", 1, NULL), NIF_EAGAIN);
    bench_pass(300 * S);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_FAILED);
    err = conn->err;
    assert_true(err == NIF_ETIMEDOUT || err == NIF_EUNREACH);
    assert_int_equal(nif_conn_ready(conn) & (NIF_READABLE | NIF_WRITABLE),
        NIF_READABLE | NIF_WRITABLE);
    assert_int_equal(bench_send(conn, "x", 1, NULL), err);
    assert_int_equal(nif_conn_recv(conn, &(uint8_t){ 0 }, 1, NULL), err);
    nif_conn_close(conn);
    bench_reclaim(0, S);
    bench_prove(1);
}

// What the timed-out call was for may still come: nobody may get it.
static void an_answer_after_the_deadline_opens_nothing(void **state)
{
    (void)state;
    bench_prove(1);
    bench_listen(4, PORT, 1); // nor may it be taken for a client
    bench.peer.ends = 0;
    bench.peer.frozen = true;
    assert_int_equal(dial_to(0, bench.peer.at.ip, PEER_PORT, S / 2),
        NIF_ETIMEDOUT);
    bench_reclaim(0, 0);
    bench.peer.frozen = false;
    peer_kick();
    bench_pass(5 * S);
    assert_int_equal(nif_conn_ready(&bench.conn[4]), 0);
    assert_true(bench.peer.ends == 0 || first()->ended);
    bench.peer.ends = 0;
    bench_prove(2);
}

static void a_slow_answer_opens_it(void **state)
{
    struct nif_conn *conn = &bench.conn[0];
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    struct nif_endpoint to = bench.peer.at;

    (void)state;
    to.port = PEER_PORT;
    bench_prove(1);     // the neighbour is known from now on
    bench_pass(90 * S); // times that were not noted lie long back
    bench.peer.ends = 0;
    bench.peer.frozen = true;
    assert_int_equal(nif_open(conn, &cfg), 0);
    assert_int_equal(nif_conn_connect(conn, &to), 0);
    bench_pass(3 * S);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPENING);
    assert_int_equal(nif_conn_ready(conn), 0);
    bench.peer.frozen = false;
    peer_kick();
    bench_pass(10 * S);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPEN);
    assert_int_equal(nif_conn_ready(conn), NIF_WRITABLE);
    assert_int_equal(bench_send(conn, "hello", 5, NULL), 5);
    assert_true(bench_reach(&first()->got, 5, 5 * S));
}

// ---------------------------------------------------------------- ending

static void the_peers_end_comes_behind_all_that_it_sent(void **state)
{
    struct flow flow = { .salt_in = 4, .in = 5000 };
    uint8_t byte;

    (void)state;
    peer_serve(&(struct peer_manner){ .send = 5000, .salt = 4, .fin = true });
    flow.conn = bench_dial(0, PEER_PORT);
    bench_pass(5 * S); // all of it has come, and waits
    flow_run(&flow, bench_in(20 * S));
    assert_int_equal(nif_recv(flow.conn, &byte, 1, bench_in(5 * S)), 0);
    assert_true(nif_conn_ready(flow.conn) & NIF_READABLE);
    assert_int_equal(bench_recv(flow.conn, &byte, 1, NULL), 0); // and again
    assert_int_equal(nif_close(flow.conn, bench_in(20 * S)), 0);
    bench_reclaim(0, S); // the second to close has nothing to wait for
    assert_true(bench_until(&first()->ended, S));
    assert_int_equal(first()->err, 0);
}

// As it is when chips drop what was not fetched when the end came.
static void what_waits_is_not_lost_when_the_peer_is_gone_for_long(void **state)
{
    struct flow flow = { .salt_in = 4, .in = 2500 };
    uint8_t byte;

    (void)state;
    peer_serve(&(struct peer_manner){ .send = 2500, .salt = 4, .fin = true });
    flow.conn = bench_dial(0, PEER_PORT);
    bench_pass(100 * S);
    flow_run(&flow, bench_in(20 * S));
    assert_int_equal(nif_recv(flow.conn, &byte, 1, bench_in(5 * S)), 0);
}

static void after_the_peers_end_we_may_go_on_sending(void **state)
{
    struct flow flow = { .salt_out = 4, .out = 20000 };
    uint8_t byte;

    (void)state;
    peer_serve(&(struct peer_manner){ .fin = true, .expect = 4 });
    flow.conn = bench_dial(0, PEER_PORT);
    assert_int_equal(nif_recv(flow.conn, &byte, 1, bench_in(5 * S)), 0);
    if (contract_traits()->no_half_close) { // what cannot leave is not taken
        bench_pass(S);
        assert_true(bench_send(flow.conn, "x", 1, NULL) < 0);
        return;
    }
    flow_run(&flow, bench_in(20 * S));
    assert_int_equal(nif_close(flow.conn, bench_in(20 * S)), 0);
    assert_true(bench_until(&first()->ended, 5 * S));
    assert_int_equal(first()->got, 20000);
}

static void after_our_end_we_may_go_on_receiving(void **state)
{
    struct flow flow = {
        .salt_out = 3,
        .out = 3000,
        .salt_in = 4,
        .in = 30000,
    };
    uint8_t byte;

    (void)state;
    peer_serve(&(struct peer_manner){ .send = 30000, .salt = 4, .expect = 3 });
    flow.conn = bench_dial(0, PEER_PORT);
    while (flow.sent < flow.out) {
        (void)flow_step(&flow);
        bench_pass(1000);
    }
    if (contract_traits()->no_half_close) {
        assert_int_equal(nif_conn_shutdown(flow.conn), NIF_ENOTSUP);
        flow_run(&flow, bench_in(30 * S)); // nothing has changed
        return;
    }
    assert_int_equal(nif_conn_shutdown(flow.conn), 0);
    assert_int_equal(bench_send(flow.conn, "x", 1, NULL), NIF_ENOTCONN);
    flow_run(&flow, bench_in(30 * S));
    assert_int_equal(nif_recv(flow.conn, &byte, 1, bench_in(5 * S)), 0);
    assert_true(first()->ended);
    assert_int_equal(first()->err, 0);
    assert_int_equal(first()->got, 3000);
    assert_int_equal(nif_close(flow.conn, bench_in(20 * S)), 0);
}

// close() is for later, not instead of what was sent before it.
static void what_was_sent_before_a_close_arrives(void **state)
{
    struct nif_conn *conn;
    uint8_t text[2000];
    uint32_t sent = 0;

    (void)state;
    peer_serve(&(struct peer_manner){ .expect = 6 });
    conn = bench_dial(0, PEER_PORT);
    for (uint32_t i = 0; i < sizeof(text); i++) {
        text[i] = peer_text(6, i);
    }
    while (sent < sizeof(text)) {
        int n = bench_send(conn, text + sent, sizeof(text) - sent, NULL);

        assert_true(n > 0 || n == NIF_EAGAIN);
        if (n > 0) {
            sent += (uint32_t)n;
        } else {
            bench_pass(1000);
        }
    }
    nif_conn_close(conn);
    assert_true(bench_until(&first()->ended, 20 * S));
    assert_int_equal(first()->err, 0);
    assert_int_equal(first()->got, sizeof(text));
    bench_reclaim(0, 200 * S);
}

static void both_ends_at_the_same_time_are_an_orderly_end(void **state)
{
    struct nif_conn *conn;

    (void)state;
    peer_serve(&(struct peer_manner){ .expect = 6 });
    conn = bench_dial(0, PEER_PORT);
    bench_pass(S);
    first()->as.fin = true;
    peer_kick();
    nif_conn_close(conn); // in the same moment
    bench_reclaim(0, 200 * S);
    assert_true(first()->ended);
    assert_int_equal(first()->err, 0);
}

// Our end, the peer's, and an application that looks when all is over.
static void who_looks_late_sees_an_orderly_end(void **state)
{
    uint8_t byte;

    (void)state;
    if (contract_traits()->no_half_close) {
        skip();
    }
    peer_serve(&(struct peer_manner){ .stubborn = true });
    for (unsigned i = 0; i < 12; i++) {
        struct nif_conn *conn;

        bench.peer.ends = 0;
        conn = bench_dial(0, PEER_PORT);
        bench_pass(S / 10);
        assert_int_equal(nif_conn_shutdown(conn), 0);
        bench_pass(i % 3 * (S / 10));
        first()->as.stubborn = false;
        peer_kick();
        bench_pass(i % 4 * (uint64_t)300);
        sim_pass_ns(&bench.world, 20 * SIM_S);
        for (unsigned k = 0; k < 3; k++) {
            bench_pass(k * S);
            assert_int_equal(bench_recv(conn, &byte, 1, NULL), 0);
            assert_true(nif_conn_state(conn) != NIF_CONN_FAILED);
        }
        assert_int_equal(nif_close(conn, bench_in(200 * S)), 0);
    }
}

// One that says that it has heard us, but never ends.
static void a_peer_that_stays_does_not_keep_what_was_closed(void **state)
{
    (void)state;
    peer_serve(&(struct peer_manner){ .stubborn = true });
    nif_conn_close(bench_dial(0, PEER_PORT));
    bench_reclaim(0, 200 * S);
}

// ---------------------------------------------------------------- resets

static void expect_reset(struct nif_conn *conn)
{
    uint8_t byte;

    assert_int_equal(nif_recv(conn, &byte, 1, bench_in(5 * S)), NIF_ERESET);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_FAILED);
    assert_int_equal(conn->err, NIF_ERESET);
    assert_int_equal(nif_conn_ready(conn) & (NIF_READABLE | NIF_WRITABLE),
        NIF_READABLE | NIF_WRITABLE);
    assert_int_equal(bench_send(conn, "x", 1, NULL), NIF_ERESET);
    assert_int_equal(bench_recv(conn, &byte, 1, NULL), NIF_ERESET); // again
}

static void a_reset_ends_a_connection_with_that_error(void **state)
{
    struct nif_conn *conn;

    (void)state;
    if (contract_traits()->no_reset) {
        skip();
    }
    peer_serve(&(struct peer_manner){ .echo = true });
    conn = bench_dial(0, PEER_PORT);
    bench_pass(S);
    peer_abort(first());
    expect_reset(conn);
    nif_conn_close(conn);
    bench_reclaim(0, S);
    bench_prove(1);
}

static void a_reset_while_we_send_ends_the_sending(void **state)
{
    struct nif_conn *conn;
    static uint8_t data[60000];

    (void)state;
    peer_serve(&(struct peer_manner){ .deaf = true });
    conn = bench_dial(0, PEER_PORT);
    assert_int_equal(nif_send_all(conn, data, sizeof(data), bench_in(3 * S)),
        NIF_ETIMEDOUT);
    peer_abort(first());
    assert_int_equal(nif_send_all(conn, data, sizeof(data), bench_in(3 * S)),
        NIF_ERESET);
    assert_int_equal(nif_close(conn, bench_in(3 * S)), NIF_ERESET);
    bench_reclaim(0, S);
    bench_prove(1);
}

// The end is the last word only if no reset follows it.
static void a_reset_after_the_peers_end_is_told(void **state)
{
    struct nif_conn *conn;
    uint8_t byte;

    (void)state;
    if (contract_traits()->no_half_close) {
        skip();
    }
    peer_serve(&(struct peer_manner){ .fin = true, .stubborn = true });
    conn = bench_dial(0, PEER_PORT);
    assert_int_equal(nif_recv(conn, &byte, 1, bench_in(5 * S)), 0);
    peer_abort(first());
    bench_pass(S);
    assert_int_equal(nif_send_all(conn, "hello", 5, bench_in(S)), NIF_ERESET);
    nif_conn_close(conn);
    bench_reclaim(0, S);
}

// Nor is our end: the peer's has not come.
static void a_reset_after_our_end_is_told(void **state)
{
    struct nif_conn *conn;

    (void)state;
    if (contract_traits()->no_half_close) {
        skip();
    }
    peer_serve(&(struct peer_manner){ .stubborn = true });
    conn = bench_dial(0, PEER_PORT);
    assert_int_equal(nif_conn_shutdown(conn), 0);
    bench_pass(S);
    peer_abort(first());
    assert_int_equal(nif_recv(conn, &(uint8_t){ 0 }, 1, bench_in(5 * S)),
        NIF_ERESET);
    nif_conn_close(conn);
    bench_reclaim(0, S);
}

// An abort of ours is a reset at the peer, at once.
static void an_abort_of_ours_resets_the_peer(void **state)
{
    struct nif_conn *conn;

    (void)state;
    peer_serve(&(struct peer_manner){ .expect = 1 });
    conn = bench_dial(0, PEER_PORT);
    bench_pass(S);
    nif_conn_abort(conn);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_CLOSED);
    bench_reclaim(0, 0);
    assert_true(bench_until(&first()->ended, 5 * S));
    if (!contract_traits()->no_abort) {
        assert_int_equal(first()->err, NIF_ERESET);
    }
    bench_prove(1);
}

// A peer that has forgotten us says so as soon as it hears us.
static void a_peer_that_forgot_us_resets(void **state)
{
    struct nif_conn *conn;

    (void)state;
    peer_serve(&(struct peer_manner){ .expect = 1 });
    conn = bench_dial(0, PEER_PORT);
    bench_pass(S);
    sim_cable_plug(&bench.board.cable, false); // its reset is lost
    peer_abort(first());
    bench_pass(S);
    sim_cable_plug(&bench.board.cable, true);
    bench_pass(10 * S);
    if (nif_conn_state(conn) == NIF_CONN_OPEN) {
        assert_int_equal(nif_send_all(conn, "hello", 5, bench_in(S)), 0);
    }
    expect_reset(conn);
}

// ---------------------------------------------------------------- silence

// The first segment of the board that came after a silence of seconds.
static struct {
    uint64_t last_us;
    uint64_t asked_us;
} heard;

static void hear(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    const uint8_t *ip = frame->data + NIF_ETH_HEADER;

    (void)arg;
    (void)side;
    (void)sent_ns;
    if (nif_get_be16(frame->data + 12) != 0x0800 || ip[9] != NIF_TCP ||
        memcmp(ip + 12, (uint8_t[]){ 192, 0, 2, 2 }, 4) != 0) {
        return;
    }
    if (heard.asked_us == 0 && bench_now() > heard.last_us + 3 * S) {
        heard.asked_us = bench_now();
    }
    heard.last_us = bench_now();
}

// As often as it was asked for, and ended when it does not answer.
static void a_silent_peer_is_asked_and_then_missed(void **state)
{
    static struct sim_cable_tap tap = { .fn = hear };
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    struct nif_endpoint to = bench.peer.at;
    struct nif_conn *conn = &bench.conn[0];
    uint64_t begun_us;

    (void)state;
    to.port = PEER_PORT;
    peer_serve(&(struct peer_manner){ .echo = true });
    assert_int_equal(nif_open(conn, &cfg), 0);
    if (nif_conn_option(conn, NIF_OPT_KEEPALIVE, 20) != 0) {
        skip();
    }
    assert_int_equal(nif_conn_connect(conn, &to), 0);
    bench_pass(S);
    assert_int_equal(nif_send_all(conn, "hello", 5, bench_in(S)), 0);
    bench_pass(S);
    heard.asked_us = 0;
    sim_cable_watch(&bench.board.cable, &tap);
    begun_us = bench_now();
    heard.last_us = begun_us;
    bench_pass(100 * S);
    assert_in_range(heard.asked_us - begun_us, 18 * S, 26 * S);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPEN);
    bench.peer.frozen = true;
    bench_pass(150 * S);
    assert_true(nif_conn_state(conn) == NIF_CONN_FAILED ||
        contract_traits()->no_reset);
    assert_true(nif_conn_ready(conn) & NIF_READABLE);
    bench.peer.frozen = false;
    peer_kick();
}

int sockets_ends(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_port_where_nobody_listens_refuses),
        BENCH_TEST(a_host_that_is_not_there_is_given_up_at_the_deadline),
        BENCH_TEST(a_call_that_nobody_answers_fails_by_itself),
        BENCH_TEST(an_answer_after_the_deadline_opens_nothing),
        BENCH_TEST(a_slow_answer_opens_it),
        BENCH_TEST(the_peers_end_comes_behind_all_that_it_sent),
        BENCH_TEST(what_waits_is_not_lost_when_the_peer_is_gone_for_long),
        BENCH_TEST(after_the_peers_end_we_may_go_on_sending),
        BENCH_TEST(after_our_end_we_may_go_on_receiving),
        BENCH_TEST(what_was_sent_before_a_close_arrives),
        BENCH_TEST(both_ends_at_the_same_time_are_an_orderly_end),
        BENCH_TEST(who_looks_late_sees_an_orderly_end),
        BENCH_TEST(a_peer_that_stays_does_not_keep_what_was_closed),
        BENCH_TEST(a_reset_ends_a_connection_with_that_error),
        BENCH_TEST(a_reset_while_we_send_ends_the_sending),
        BENCH_TEST(a_reset_after_the_peers_end_is_told),
        BENCH_TEST(a_reset_after_our_end_is_told),
        BENCH_TEST(an_abort_of_ours_resets_the_peer),
        BENCH_TEST(a_peer_that_forgot_us_resets),
        BENCH_TEST(a_silent_peer_is_asked_and_then_missed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
