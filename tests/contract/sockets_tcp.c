// SPDX-License-Identifier: MIT
//
// TCP: every byte arrives, in its order, once, however it is cut, and however
// slow the other side reads.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

static struct peer_end *last_end(void)
{
    assert_true(bench_reach(&bench.peer.ends, 1, 5 * S));
    return &bench.peer.end[bench.peer.ends - 1];
}

// The peer's view of a connection that is over.
static void expect_end(const struct peer_end *e, uint32_t got)
{
    assert_true(bench_until(&e->ended, 10 * S));
    assert_int_equal(e->err, 0);
    assert_int_equal(e->got, got);
    assert_false(e->wrong);
}

// One connection, `n` bytes each way, a close in order.
static void exchange(uint32_t n)
{
    struct flow flow = {
        .salt_out = n + 1,
        .salt_in = n + 2,
        .out = n,
        .in = n,
    };

    bench.peer.ends = 0;
    bench.peer.as = (struct peer_manner){
        .send = n,
        .salt = n + 2,
        .expect = n + 1,
    };
    flow.conn = bench_dial(0, PEER_PORT);
    flow_run(&flow, bench_in(60 * S));
    assert_int_equal(nif_close(flow.conn, bench_in(20 * S)), 0);
    expect_end(last_end(), n);
}

// Around what segments, rings and chips' buffers hold.
static void any_number_of_bytes_arrives_as_it_was(void **state)
{
    static const uint32_t sizes[] = { 0, 1, 2, 3, 7, 63, 64, 65, 255, 256, 257,
        535, 536, 537, 1023, 1024, 1025, 1447, 1448, 1449, 1459, 1460, 1461,
        1472, 2047, 2048, 2049, 2919, 2920, 2921, 4095, 4096, 4097, 8191, 8192,
        8193, 16383, 16384, 16385, 32768, 65535, 65536 };

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = false });
    for (size_t i = 0; i < nif_countof(sizes); i++) {
        exchange(sizes[i]);
    }
}

// Past what any 16-bit counter or ring holds, both ways at once.
static void counters_and_rings_wrap_in_a_long_connection(void **state)
{
    static const uint32_t pieces[] = { 1999, 64, 1460, 4096 };

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = false });
    for (size_t i = 0; i < nif_countof(pieces); i++) {
        const uint32_t n = 150001;
        struct flow flow = { .salt_out = 5, .salt_in = 6, .out = n, .in = n };

        bench.peer.ends = 0;
        bench.peer.as =
            (struct peer_manner){ .send = n, .salt = 6, .expect = 5 };
        flow.piece = pieces[i];
        flow.conn = bench_dial(0, PEER_PORT);
        flow_run(&flow, bench_in(300 * S));
        assert_int_equal(nif_close(flow.conn, bench_in(20 * S)), 0);
        expect_end(last_end(), n);
    }
}

static void what_comes_in_goes_out_again_through_both_ends(void **state)
{
    struct flow flow = {
        .salt_out = 9,
        .salt_in = 9,
        .out = 70000,
        .in = 70000,
    };

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = true, .expect = 9 });
    flow.conn = bench_dial(0, PEER_PORT);
    flow_run(&flow, bench_in(300 * S));
    assert_int_equal(nif_close(flow.conn, bench_in(20 * S)), 0);
    expect_end(last_end(), 70000);
}

static void single_bytes_keep_their_order(void **state)
{
    struct flow flow = {
        .salt_out = 3,
        .salt_in = 3,
        .out = 300,
        .in = 300,
        .piece = 1,
    };

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = true, .expect = 3 });
    flow.conn = bench_dial(0, PEER_PORT);
    (void)nif_conn_option(flow.conn, NIF_OPT_NODELAY, 1);
    flow_run(&flow, bench_in(60 * S));
}

// ---------------------------------------------------------- back-pressure

// Sends until it is told to wait, for a second long. Returns how much went.
static uint32_t fill(struct nif_conn *conn, uint32_t salt)
{
    uint64_t still_us = bench_in(S);
    uint32_t sent = 0;

    while (bench_now() < still_us) {
        uint8_t text[1000];
        int n;

        for (uint32_t i = 0; i < sizeof(text); i++) {
            text[i] = peer_text(salt, sent + i);
        }
        n = bench_send(conn, text, sizeof(text), NULL);
        assert_true(n > 0 || n == NIF_EAGAIN);
        if (n > 0) {
            sent += (uint32_t)n;
            still_us = bench_in(S);
            assert_true(sent < 1u << 20); // somebody throws it away
        } else {
            bench_pass(10000);
        }
    }
    return sent;
}

static void a_peer_that_does_not_read_stops_the_sender(void **state)
{
    struct nif_conn *conn;
    uint32_t sent;

    (void)state;
    peer_serve(&(struct peer_manner){ .deaf = true, .expect = 4 });
    conn = bench_dial(0, PEER_PORT);
    sent = fill(conn, 4);
    assert_int_equal(nif_conn_ready(conn) & NIF_WRITABLE, 0);
    assert_int_equal(nif_send(conn, "x", 1, bench_in(S / 10)), NIF_ETIMEDOUT);
    bench_pass(20 * S); // window probes come and go
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPEN);
    assert_int_equal(last_end()->got, 0);
    last_end()->as.deaf = false;
    peer_kick();
    assert_true(bench_reach(&last_end()->got, sent, 60 * S));
    assert_int_equal(last_end()->got, sent);
    assert_true(nif_conn_ready(conn) & NIF_WRITABLE);
    {
        struct flow flow = { .conn = conn,
            .salt_out = 4,
            .sent = sent,
            .out = sent + 20000 };

        flow_run(&flow, bench_in(60 * S));
    }
    assert_int_equal(nif_close(conn, bench_in(20 * S)), 0);
    expect_end(last_end(), sent + 20000);
}

static void who_does_not_read_stops_the_peer_and_loses_nothing(void **state)
{
    const uint32_t n = 120000;
    struct flow flow = { .salt_in = 8, .in = n };
    uint32_t sent;

    (void)state;
    peer_serve(&(struct peer_manner){ .send = n, .salt = 8 });
    flow.conn = bench_dial(0, PEER_PORT);
    bench_pass(10 * S);
    sent = last_end()->sent;
    assert_true(sent < n);
    bench_pass(20 * S);
    assert_int_equal(last_end()->sent, sent);
    assert_true(nif_conn_ready(flow.conn) & NIF_READABLE);
    // That there is room again is told at once, not when the peer asks.
    flow.in = sent;
    flow_run(&flow, bench_in(30 * S));
    assert_true(bench_reach(&last_end()->sent, sent + 1, S));
    flow.in = n;
    flow_run(&flow, bench_in(120 * S));
    assert_int_equal(nif_close(flow.conn, bench_in(20 * S)), 0);
}

// A slow reader opens the window by little steps.
static void a_reader_by_drops_gets_all_of_it(void **state)
{
    const uint32_t n = 20000;
    struct flow flow = { .salt_in = 8, .in = n, .piece = 50 };

    (void)state;
    peer_serve(&(struct peer_manner){ .send = n, .salt = 8 });
    flow.conn = bench_dial(0, PEER_PORT);
    for (unsigned i = 0; i < 20000 && !flow_done(&flow); i++) {
        (void)flow_step(&flow);
        bench_pass(1000);
    }
    assert_int_equal(flow.got, n);
    assert_int_equal(flow.err, 0);
}

// ---------------------------------------------------------------- several

static struct flow flows[BENCH_OWN];
static unsigned flow_count;

static int try_flows(void *arg)
{
    bool done = true;
    bool moved = false;

    (void)arg;
    for (unsigned i = 0; i < flow_count; i++) {
        if (!flow_done(&flows[i])) {
            moved |= flow_step(&flows[i]);
            done &= flow_done(&flows[i]);
        }
    }
    if (moved) {
        nif_clock_wake(bench.stack->clock);
    }
    return done ? 0 : NIF_EAGAIN;
}

// As many as the chip has, at most eight.
static unsigned many(void)
{
    unsigned most = bench.stack->caps.conn_max;

    return most == 0 || most > 8 ? 8 : most;
}

static void several_connections_do_not_mix_their_bytes(void **state)
{
    (void)state;
    flow_count = many();
    peer_serve(&(struct peer_manner){ .echo = true });
    for (unsigned i = 0; i < flow_count; i++) {
        flows[i] = (struct flow){
            .conn = bench_dial(i, PEER_PORT),
            .salt_out = 100 + i,
            .salt_in = 100 + i,
            .out = 20000,
            .in = 20000,
            .piece = 100 + 300 * i,
        };
    }
    assert_int_equal(nif_wait_for(bench.stack, try_flows, NULL,
                         bench_in(120 * S)),
        0);
    for (unsigned i = 0; i < flow_count; i++) {
        assert_int_equal(flows[i].err, 0);
        assert_int_equal(flows[i].got, 20000);
        assert_int_equal(nif_close(flows[i].conn, bench_in(20 * S)), 0);
    }
}

// One that stands still is no harm to the others.
static void one_that_is_stuck_does_not_stop_another(void **state)
{
    struct nif_conn *stuck;
    struct flow flow = { .salt_out = 2,
        .salt_in = 2,
        .out = 30000,
        .in = 30000 };

    (void)state;
    if (contract_traits()->stuck_stops_all) {
        skip();
    }
    peer_serve(&(struct peer_manner){ .deaf = true });
    stuck = bench_dial(0, PEER_PORT);
    (void)fill(stuck, 1);
    bench.peer.as = (struct peer_manner){ .echo = true };
    flow.conn = bench_dial(1, PEER_PORT);
    flow_run(&flow, bench_in(60 * S));
}

static void the_same_memory_serves_connection_after_connection(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        bench.peer.ends = 0;
        bench_prove(0);
    }
}

// Small messages that an echo sends back, some of them in one burst, at times
// that have nothing to do with each other: for each byte, when it left us.
#define BYTES 4096

struct chat {
    struct nif_conn *conn;
    uint32_t sent;
    uint32_t got;
    uint64_t next_us; // when more is sent
    uint64_t sent_us[BYTES];
    uint64_t worst_us;
};

static void hear(struct chat *c)
{
    uint8_t got[64];
    int n;

    while ((n = bench_recv(c->conn, got, sizeof(got), NULL)) > 0) {
        for (int i = 0; i < n; i++, c->got++) {
            uint64_t took_us = bench_now() - c->sent_us[c->got];

            assert_int_equal(got[i], peer_text(5, c->got));
            c->worst_us = took_us > c->worst_us ? took_us : c->worst_us;
        }
    }
    assert_int_equal(n, NIF_EAGAIN);
}

static void say(struct chat *c)
{
    uint8_t text[4];
    int n;

    for (uint32_t i = 0; i < sizeof(text); i++) {
        text[i] = peer_text(5, c->sent + i);
    }
    n = bench_send(c->conn, text, sizeof(text), NULL);
    assert_true(n > 0 || n == NIF_EAGAIN);
    for (; n > 0; n--) {
        c->sent_us[c->sent++] = bench_now();
    }
    c->next_us = bench_in(sim_roll(&bench.world, 3) == 0
            ? 2 * contract_late_us()
            : sim_roll(&bench.world,
                  UINT64_C(1) << sim_roll(&bench.world, 13)));
}

static void a_message_never_waits_for_the_next(void **state)
{
    static struct chat c;

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = true });
    c = (struct chat){ .conn = bench_dial(0, PEER_PORT) };
    while (c.got < BYTES) {
        uint64_t again_us = nif_stack_poll(bench.stack);

        // The second half of it over a longer way: it comes at other moments.
        bench.board.cable.delay_ns = c.sent > BYTES / 2 ? 3 * SIM_MS : 0;
        hear(&c);
        if (c.sent < BYTES && bench_now() >= c.next_us) {
            say(&c);
        } else {
            nif_clock_wait(bench.stack->clock,
                c.sent == BYTES || again_us < c.next_us ? again_us : c.next_us);
        }
    }
    print_message("at most %u us there and back\n", (unsigned)c.worst_us);
    assert_true(c.worst_us <= contract_late_us());
}

// Two of the same chip, one at each end of the cable.
static void two_of_a_kind_talk_to_each_other(void **state)
{
    struct flow flow = { .salt_out = 5,
        .salt_in = 6,
        .out = 40000,
        .in = 40000 };

    (void)state;
    peer_serve(&(struct peer_manner){ .send = 40000, .salt = 6, .expect = 5 });
    flow.conn = bench_dial(0, PEER_PORT);
    flow_run(&flow, bench_in(120 * S));
    assert_int_equal(nif_close(flow.conn, bench_in(20 * S)), 0);
    expect_end(last_end(), 40000);
}

int sockets_tcp(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(any_number_of_bytes_arrives_as_it_was),
        BENCH_TEST(counters_and_rings_wrap_in_a_long_connection),
        BENCH_TEST(what_comes_in_goes_out_again_through_both_ends),
        BENCH_TEST(single_bytes_keep_their_order),
        BENCH_TEST(a_peer_that_does_not_read_stops_the_sender),
        BENCH_TEST(who_does_not_read_stops_the_peer_and_loses_nothing),
        BENCH_TEST(a_reader_by_drops_gets_all_of_it),
        BENCH_TEST(several_connections_do_not_mix_their_bytes),
        BENCH_TEST(one_that_is_stuck_does_not_stop_another),
        BENCH_TEST(the_same_memory_serves_connection_after_connection),
        BENCH_TEST(a_message_never_waits_for_the_next),
        cmocka_unit_test_setup_teardown(two_of_a_kind_talk_to_each_other,
            bench_setup_twins, bench_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
