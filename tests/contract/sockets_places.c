// SPDX-License-Identifier: MIT
//
// Places: whatever became of the connection that had one, it comes back, and
// is used as soon as it is free.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#define PORT 5008

// More often than any chip has sockets.
#define OFTEN 12

// A place that was given back is used by who asks for one within this time.
#define USED_US S

// How many connections there can be at a time; some stacks have no limit.
static unsigned most(void)
{
    unsigned n = bench.stack->caps.conn_max;

    return n == 0 || n > PEER_ENDS - 2 ? PEER_ENDS - 2 : n;
}

// Until the peer is through with its end, if it has one.
static void settle(void)
{
    bench_pass(S / 10); // it may hear of it only now
    for (unsigned i = 0; i < 100 && bench.peer.end[0].conn != NULL; i++) {
        bench_pass(S / 10);
    }
    bench.peer.ends = 0;
}

static struct nif_conn *open_udp(unsigned i)
{
    const struct nif_open_cfg cfg = bench_open(i, NIF_UDP);
    struct nif_endpoint to = bench.peer.at;

    to.port = PEER_PORT;
    assert_int_equal(nif_open(&bench.conn[i], &cfg), 0);
    assert_int_equal(nif_conn_connect(&bench.conn[i], &to), 0);
    bench_settle();
    return &bench.conn[i];
}

// ------------------------------------------------- ways of a connection 0

static void dial_and_abort(void)
{
    nif_conn_abort(bench_dial(0, PEER_PORT));
}

static void the_peer_ends(void)
{
    struct nif_conn *conn = bench_dial(0, PEER_PORT);

    assert_true(bench_reach(&bench.peer.ends, 1, 5 * S));
    bench.peer.end[0].as.fin = true;
    peer_kick();
    assert_int_equal(nif_recv(conn, &(uint8_t){ 0 }, 1, bench_in(5 * S)), 0);
    nif_conn_close(conn);
}

static void the_peer_resets(void)
{
    struct nif_conn *conn = bench_dial(0, PEER_PORT);

    assert_true(bench_reach(&bench.peer.ends, 1, 5 * S));
    peer_abort(&bench.peer.end[0]);
    bench_pass(S);
    nif_conn_close(conn);
}

static void a_call_is_refused(void)
{
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    struct nif_endpoint to = bench.peer.at;

    to.port = PEER_NOBODY;
    assert_true(nif_dial(&bench.conn[0], &cfg, &to, bench_in(20 * S)) < 0);
}

static void one_listens(void)
{
    bench_listen(0, PORT, 1);
    nif_conn_close(&bench.conn[0]);
}

static void datagrams(void)
{
    assert_int_equal(nif_send_all(open_udp(0), "x", 1, bench_in(5 * S)), 0);
    nif_conn_close(&bench.conn[0]);
}

static void no_datagram(void)
{
    nif_conn_close(open_udp(0));
}

static void (*const ways[])(void) = { dial_and_abort, the_peer_ends,
    the_peer_resets, a_call_is_refused, one_listens, datagrams, no_datagram };

static void a_place_comes_back_from_every_end(void **state)
{
    (void)state;
    peer_serve(&(struct peer_manner){ .expect = 0 });
    peer_udp(PEER_PORT, false);
    for (size_t w = 0; w < nif_countof(ways); w++) {
        for (unsigned i = 0; i < OFTEN; i++) {
            ways[w]();
            bench_wait_closed(0, 200 * S);
            bench_wait_closed(1, 200 * S);
            settle();
        }
    }
    bench_prove(0);
}

// All are taken; one ends, and the next is there in no time, each time.
static void a_place_is_used_as_soon_as_it_is_free(void **state)
{
    unsigned n = most();

    (void)state;
    peer_serve(&(struct peer_manner){ .expect = 0 });
    for (unsigned i = 0; i < n; i++) {
        (void)bench_dial(i, PEER_PORT);
    }
    for (unsigned i = 0; n + i < PEER_ENDS; i++) {
        uint64_t begun_us;

        assert_int_equal(nif_close(&bench.conn[i % n], bench_in(20 * S)), 0);
        begun_us = bench_now();
        (void)bench_dial(i % n, PEER_PORT);
        assert_true(bench_now() - begun_us <= USED_US);
    }
}

// Who waited in the backlog is gone with the chip; the places are not.
static void a_backlog_is_whole_again_when_the_chip_was_lost(void **state)
{
    (void)state;
    if (bench.board.chip->reset == NULL) {
        skip();
    }
    bench.broken = true;
    bench_listen(0, PORT, 2);
    for (unsigned i = 0; i < 2; i++) {
        (void)peer_dial(PORT, &(struct peer_manner){ .expect = 0 });
        bench_pass(S);
    }
    bench.board.chip->reset(&bench.board);
    bench_pass(20 * S);
    for (unsigned i = 0; i < 20 && !bench_is_up(&bench.board); i++) {
        bench_pass(S);
    }
    if (nif_conn_state(&bench.conn[0]) != NIF_CONN_LISTENING) {
        nif_conn_close(&bench.conn[0]);
        bench_pass(S);
        bench_listen(0, PORT, 2);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct nif_conn *conn;
        uint8_t byte;

        bench.peer.ends = 4 + i;
        (void)peer_dial(PORT, &(struct peer_manner){ .send = 1, .salt = i });
        do { // those whose stack outlives its chip come first
            assert_int_equal(nif_accept(&bench.conn[0], &conn, NULL,
                                 bench_in(10 * S)),
                0);
            if (nif_recv(conn, &byte, 1, bench_in(S)) == 1) {
                break;
            }
            nif_conn_abort(conn);
        } while (true);
        assert_int_equal(byte, peer_text(i, 0));
    }
}

// ------------------------------------------------- one more than has a place

// The backlog of conn[0] has one place, which is taken; somebody else calls.
// Returns who, if he was let in to wait; NULL: he was not.
static struct peer_end *call_one_too_many(struct nif_conn **served)
{
    struct peer_end *e;

    bench.peer.ends = 0;
    bench_listen(0, PORT, 1);
    (void)peer_dial(PORT, &(struct peer_manner){ .expect = 0 });
    assert_int_equal(nif_accept(&bench.conn[0], served, NULL, bench_in(5 * S)),
        0);
    e = peer_dial(PORT, &(struct peer_manner){ .send = 500, .salt = 4 });
    bench_pass(S);
    return e;
}

// He has been told that he is connected: so he is served, and what he has
// said in the meantime is heard.
static void who_waits_without_a_place_is_served_or_knows(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct flow flow = { .salt_in = 4, .in = 500 };
        struct nif_conn *served;
        struct peer_end *e = call_one_too_many(&served);
        uint64_t begun_us;
        unsigned n = 3;

        // Who takes all the places there are does not take his.
        for (; n < BENCH_OWN && nif_conn_state(served) == NIF_CONN_OPEN; n++) {
            const struct nif_open_cfg cfg = bench_open(n, NIF_UDP);

            if (nif_open(&bench.conn[n], &cfg) != 0) {
                break;
            }
        }
        bench_pass(S + i * (S / 30));
        if (!e->ended && e->open) {
            nif_conn_abort(served);
            assert_int_equal(nif_accept(&bench.conn[0], &flow.conn, NULL,
                                 bench_in(5 * S)),
                0);
            begun_us = bench_now();
            flow_run(&flow, bench_in(5 * S));
            assert_true(bench_now() - begun_us <= contract_late_us());
            assert_false(e->ended);
        }
        for (unsigned k = 0; k < n; k++) {
            if (nif_conn_state(&bench.conn[k]) != NIF_CONN_CLOSED) {
                nif_conn_abort(&bench.conn[k]);
            }
        }
        bench_pass(20 * S);
    }
}

static void who_waits_without_a_place_hears_that_nobody_listens(void **state)
{
    struct nif_conn *served;
    struct peer_end *e = call_one_too_many(&served);

    (void)state;
    nif_conn_close(&bench.conn[0]);
    assert_true(bench_until(&e->ended, 30 * S));
    assert_int_equal(nif_conn_state(served), NIF_CONN_OPEN);
}

int sockets_places(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_place_comes_back_from_every_end),
        BENCH_TEST(a_place_is_used_as_soon_as_it_is_free),
        BENCH_TEST(a_backlog_is_whole_again_when_the_chip_was_lost),
        BENCH_TEST(who_waits_without_a_place_is_served_or_knows),
        BENCH_TEST(who_waits_without_a_place_hears_that_nobody_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
