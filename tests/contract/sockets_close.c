// SPDX-License-Identifier: MIT
//
// The end in every state: close(), abort() and nif_close() of a connection
// that is anywhere. Each gives the memory back in bounded time, and is no harm
// to the next connection.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <stdio.h>

#define PORT 5003

static struct peer_end *first(void)
{
    assert_true(bench_reach(&bench.peer.ends, 1, 5 * S));
    return &bench.peer.end[0];
}

static struct nif_endpoint peer_at(uint16_t port)
{
    struct nif_endpoint to = bench.peer.at;

    to.port = port;
    return to;
}

static struct nif_conn *open(enum nif_proto proto)
{
    const struct nif_open_cfg cfg = bench_open(0, proto);

    assert_int_equal(nif_open(&bench.conn[0], &cfg), 0);
    return &bench.conn[0];
}

static void begin(enum nif_proto proto, const struct nif_endpoint *to)
{
    assert_int_equal(nif_conn_connect(open(proto), to), 0);
}

static struct nif_conn *connected(const struct peer_manner *as)
{
    peer_serve(as);
    (void)bench_dial(0, PEER_PORT);
    (void)first();
    return &bench.conn[0];
}

// ------------------------------------- ways into a state of connection 0

static void tcp_idle(void)
{
    (void)open(NIF_TCP);
}

static void tcp_bound(void)
{
    const struct nif_endpoint local = { .port = PORT };

    assert_int_equal(nif_conn_bind(open(NIF_TCP), &local), 0);
}

static void just_called(void)
{
    const struct nif_endpoint to = peer_at(PEER_PORT);

    peer_serve(&(struct peer_manner){ .expect = 1 });
    begin(NIF_TCP, &to);
}

static void calling_nobody(void)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 99), .port = 80 };

    begin(NIF_TCP, &to);
    bench_pass(S);
}

static void being_refused(void)
{
    const struct nif_endpoint to = peer_at(PEER_NOBODY);

    begin(NIF_TCP, &to);
    bench_pass(100);
}

static void refused(void)
{
    const struct nif_endpoint to = peer_at(PEER_NOBODY);

    begin(NIF_TCP, &to);
    bench_pass(20 * S);
    assert_int_equal(nif_conn_state(&bench.conn[0]), NIF_CONN_FAILED);
}

static void listening(void)
{
    bench_listen(0, PORT, 2);
}

static void listening_to_one_who_calls(void)
{
    bench_listen(0, PORT, 2);
    (void)peer_dial(PORT, &(struct peer_manner){ .expect = 1 });
    bench_pass(50);
}

static void listening_with_one_who_waits(void)
{
    bench_listen(0, PORT, 2);
    (void)peer_dial(PORT, &(struct peer_manner){ .send = 100, .salt = 1 });
    bench_pass(S);
    assert_true(nif_conn_ready(&bench.conn[0]) & NIF_ACCEPTABLE);
}

static void open_and_quiet(void)
{
    (void)connected(&(struct peer_manner){ .expect = 1 });
    bench_pass(S);
}

static void just_opened(void)
{
    (void)connected(&(struct peer_manner){ .expect = 1 });
}

static void open_with_unread_data(void)
{
    (void)connected(&(struct peer_manner){ .send = 1000, .salt = 1 });
    bench_pass(S);
}

static void open_with_more_coming(void)
{
    (void)connected(&(struct peer_manner){ .send = 100000, .salt = 1 });
    bench_pass(S);
}

static void while_the_peer_sends(void)
{
    struct nif_conn *conn =
        connected(&(struct peer_manner){ .send = 1u << 22, .salt = 1 });
    uint8_t scrap[500];

    for (unsigned i = 0; i < 200; i++) {
        (void)bench_recv(conn, scrap, sizeof(scrap), NULL);
        bench_pass(100);
    }
}

static void fill(struct nif_conn *conn)
{
    uint8_t text[1000] = { 0 };
    int n = 1;

    for (unsigned i = 0; i < 200 && n != NIF_EAGAIN; i++) {
        n = bench_send(conn, text, sizeof(text), NULL);
        assert_true(n > 0 || n == NIF_EAGAIN);
    }
}

static void just_sending(void)
{
    fill(connected(&(struct peer_manner){ .expect = 0 }));
}

static void sending_to_a_deaf_peer(void)
{
    struct nif_conn *conn = connected(&(struct peer_manner){ .deaf = true });

    for (unsigned i = 0; i < 30; i++) {
        fill(conn);
        bench_pass(S / 10);
    }
    first()->as.deaf = false; // from now on it reads, and nobody may hang
    peer_kick();
}

static void after_the_peers_end(void)
{
    (void)connected(&(struct peer_manner){ .fin = true });
    bench_pass(S);
}

static void after_the_peers_end_with_unread_data(void)
{
    (void)connected(&(struct peer_manner){ .fin = true, .send = 700 });
    bench_pass(S);
}

static void after_our_end(void)
{
    struct nif_conn *conn =
        connected(&(struct peer_manner){ .stubborn = true });

    (void)nif_conn_shutdown(conn);
    bench_pass(S);
    first()->as.stubborn = false;
    peer_kick();
}

static void open_to_one_who_stays(void)
{
    (void)connected(&(struct peer_manner){ .stubborn = true });
    bench_pass(S);
}

static void after_both_ends(void)
{
    struct nif_conn *conn = connected(&(struct peer_manner){ .expect = 1 });

    (void)nif_conn_shutdown(conn);
    bench_pass(S);
}

static void after_a_reset(void)
{
    struct nif_conn *conn = connected(&(struct peer_manner){ .expect = 1 });

    bench_pass(S);
    peer_abort(first());
    bench_pass(S);
    assert_true(nif_conn_state(conn) == NIF_CONN_FAILED ||
        contract_traits()->no_reset);
}

static void after_a_reset_not_seen_yet(void)
{
    (void)connected(&(struct peer_manner){ .expect = 1 });
    bench_pass(S);
    peer_abort(first());
}

static void with_a_peer_that_is_gone(void)
{
    struct nif_conn *conn = connected(&(struct peer_manner){ .expect = 0 });

    bench_pass(S);
    bench.peer.frozen = true;
    fill(conn);
    bench_pass(S);
}

static void without_a_cable(void)
{
    struct nif_conn *conn = connected(&(struct peer_manner){ .expect = 0 });

    bench_pass(S);
    sim_cable_plug(&bench.board.cable, false);
    fill(conn);
    bench_pass(S);
}

static void udp_idle(void)
{
    (void)open(NIF_UDP);
}

static void udp_bound(void)
{
    const struct nif_endpoint local = { .port = PORT };

    assert_int_equal(nif_conn_bind(open(NIF_UDP), &local), 0);
    bench_settle();
}

static void udp_connected(void)
{
    const struct nif_endpoint to = peer_at(PEER_PORT);

    begin(NIF_UDP, &to);
}

static void udp_with_unread_datagrams(void)
{
    const struct nif_endpoint back = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };

    udp_bound();
    bench_needs_datagrams();
    peer_udp(PEER_PORT, false);
    assert_true(peer_say(100, 1, &back));
    assert_true(peer_say(100, 2, &back));
    bench_pass(S);
    assert_true(nif_conn_ready(&bench.conn[0]) & NIF_READABLE);
}

static void udp_that_waits_for_a_neighbour(void)
{
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 99), .port = 80 };

    udp_bound();
    (void)!nif_conn_send(&bench.conn[0], "hello", 5, &to);
}

// -------------------------------------------------------------- the table

static const struct state {
    const char *name;
    void (*reach)(void);
    unsigned backlog; // connections 1 to this are in it
} states[] = {
    { "idle", tcp_idle, 0 },
    { "bound", tcp_bound, 0 },
    { "just called", just_called, 0 },
    { "calling nobody", calling_nobody, 0 },
    { "being refused", being_refused, 0 },
    { "refused", refused, 0 },
    { "listening", listening, 2 },
    { "listening to one who calls", listening_to_one_who_calls, 2 },
    { "listening with one who waits", listening_with_one_who_waits, 2 },
    { "open and quiet", open_and_quiet, 0 },
    { "just opened", just_opened, 0 },
    { "open with unread data", open_with_unread_data, 0 },
    { "open with more coming", open_with_more_coming, 0 },
    { "while the peer sends", while_the_peer_sends, 0 },
    { "just sending", just_sending, 0 },
    { "sending to a deaf peer", sending_to_a_deaf_peer, 0 },
    { "after the peer's end", after_the_peers_end, 0 },
    { "after the peer's end with unread data",
        after_the_peers_end_with_unread_data, 0 },
    { "open to one who stays", open_to_one_who_stays, 0 },
    { "after our end", after_our_end, 0 },
    { "after both ends", after_both_ends, 0 },
    { "after a reset", after_a_reset, 0 },
    { "after a reset not seen yet", after_a_reset_not_seen_yet, 0 },
    { "with a peer that is gone", with_a_peer_that_is_gone, 0 },
    { "without a cable", without_a_cable, 0 },
    { "udp, idle", udp_idle, 0 },
    { "udp, bound", udp_bound, 0 },
    { "udp, connected", udp_connected, 0 },
    { "udp, with unread datagrams", udp_with_unread_datagrams, 0 },
    { "udp that waits for a neighbour", udp_that_waits_for_a_neighbour, 0 },
};

// The world is as it should be again.
static void heal(void)
{
    sim_cable_plug(&bench.board.cable, true);
    bench.peer.frozen = false;
    peer_kick();
}

static void expect_well(const struct state *s)
{
    heal();
    for (unsigned i = 0; i <= s->backlog; i++) {
        bench_reclaim(i, 300 * S);
    }
    bench_pass(5 * S);
    for (unsigned i = 0; i < 60 && !bench_is_up(&bench.board); i++) {
        bench_pass(S);
    }
    bench.peer.ends = 4; // the old ones may not have been told
    bench_prove(5);
}

// ---------------------------------------------------------- ways to an end

static void by_close(const struct state *s)
{
    nif_conn_close(&bench.conn[0]);
    assert_true(nif_conn_state(&bench.conn[0]) == NIF_CONN_CLOSED ||
        nif_conn_state(&bench.conn[0]) == NIF_CONN_CLOSING);
    if (s->backlog > 0) {
        assert_int_equal(nif_conn_state(&bench.conn[0]), NIF_CONN_CLOSED);
    }
}

static void by_abort(const struct state *s)
{
    nif_conn_abort(&bench.conn[0]);
    for (unsigned i = 0; i <= s->backlog; i++) {
        assert_int_equal(nif_conn_state(&bench.conn[i]), NIF_CONN_CLOSED);
    }
}

// The good-bye is not waited for.
static void by_abort_after_close(const struct state *s)
{
    nif_conn_close(&bench.conn[0]);
    if (nif_conn_state(&bench.conn[0]) != NIF_CONN_CLOSED) {
        by_abort(s);
    }
}

static void by_waiting(const struct state *s)
{
    uint64_t until_us = bench_in(5 * S);
    int err = nif_close(&bench.conn[0], until_us);

    (void)s;
    assert_true(err <= 0 && err != NIF_EAGAIN);
    assert_true(bench_now() <= until_us + 10000);
    if (err == NIF_ETIMEDOUT) {
        assert_int_equal(nif_conn_state(&bench.conn[0]), NIF_CONN_CLOSED);
    }
}

static void by_looking_once(const struct state *s)
{
    uint64_t begun_us = bench_now();

    (void)s;
    (void)nif_close(&bench.conn[0], 0);
    assert_true(bench_now() - begun_us <= 10000);
}

// And the chip loses itself before it is through with that.
static void by_close_and_loss(const struct state *s)
{
    by_close(s);
    if (bench.board.chip->reset != NULL) {
        bench.broken = true;
        bench.board.chip->reset(&bench.board);
        // A radio misses some beacons before it says so.
        bench_pass(bench.board.iface->wifi ? 45 * S : 3 * S);
    }
}

static const struct way {
    const char *name;
    void (*end)(const struct state *s);
} ways[] = {
    { "close", by_close },
    { "abort", by_abort },
    { "close and abort", by_abort_after_close },
    { "close with a deadline", by_waiting },
    { "close without time", by_looking_once },
    { "close and a lost chip", by_close_and_loss },
};

static struct cell {
    const struct state *state;
    const struct way *way;
    char name[80];
} cells[nif_countof(ways)][nif_countof(states)];

// Ended by that, in that state, the memory comes back, and all is well.
static void an_end_in_a_state(void **state)
{
    const struct cell *cell = *state;

    cell->state->reach();
    cell->way->end(cell->state);
    expect_well(cell->state);
}

int sockets_close(void)
{
    int failed = 0;

    for (size_t w = 0; w < nif_countof(ways); w++) {
        struct CMUnitTest tests[nif_countof(states)];

        for (size_t i = 0; i < nif_countof(states); i++) {
            struct cell *cell = &cells[w][i];

            cell->state = &states[i];
            cell->way = &ways[w];
            (void)snprintf(cell->name, sizeof(cell->name), "%s: %s",
                ways[w].name, states[i].name);
            tests[i] = (struct CMUnitTest){
                .name = cell->name,
                .test_func = an_end_in_a_state,
                .setup_func = bench_setup,
                .teardown_func = bench_teardown,
                .initial_state = cell,
            };
        }
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
