// SPDX-License-Identifier: MIT
//
// Datagrams once more: what stands in front of them on the wire, and what is
// left of them when the chip has lost itself.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

#define PORT 5007

static struct nif_conn *open_at_port(void)
{
    struct nif_open_cfg cfg = bench_open(0, NIF_UDP);

    cfg.local.port = PORT;
    assert_int_equal(nif_open(&bench.conn[0], &cfg), 0);
    bench_settle();
    return &bench.conn[0];
}

static struct nif_endpoint peer_at(void)
{
    struct nif_endpoint to = bench.peer.at;

    to.port = PEER_PORT;
    return to;
}

// The last packet of the board: its time to live, its service. UDP, or TCP.
static struct {
    enum nif_proto proto;
    unsigned ttl;
    unsigned tos;
} seen;

static const uint8_t seen_text[200];

static void see(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    const uint8_t *ip = frame->data + NIF_ETH_HEADER;

    (void)arg;
    (void)side;
    (void)sent_ns;
    if (frame->len > 60 && nif_get_be16(frame->data + 12) == 0x0800 &&
        ip[9] == seen.proto &&
        memcmp(ip + 12, (uint8_t[]){ 192, 0, 2, 2 }, 4) == 0) {
        seen.ttl = ip[8];
        seen.tos = ip[1];
    }
}

static void say_once(struct nif_conn *conn, const struct nif_endpoint *to)
{
    static const uint8_t text[100];
    uint32_t count = bench.peer.udp.count;

    assert_int_equal(nif_send_to(conn, text, 100, to, bench_in(5 * S)), 100);
    assert_true(bench_reach(&bench.peer.udp.count, count + 1, 5 * S));
}

// Not set, 64 and 0; else what was said, if the stack has taken it.
static void a_datagram_has_the_ttl_and_tos_that_were_set(void **state)
{
    static struct sim_cable_tap tap = { .fn = see };
    struct nif_conn *conn = open_at_port();
    const struct nif_endpoint to = peer_at();
    int ttl;
    int tos;

    (void)state;
    seen.proto = NIF_UDP;
    peer_udp(PEER_PORT, false);
    sim_cable_watch(&bench.board.cable, &tap);
    say_once(conn, &to);
    assert_int_equal(seen.ttl, 64);
    assert_int_equal(seen.tos, 0);
    ttl = nif_conn_option(conn, NIF_OPT_TTL, 9);
    tos = nif_conn_option(conn, NIF_OPT_TOS, 0x10);
    say_once(conn, &to);
    assert_int_equal(seen.ttl, ttl == 0 ? 9 : 64);
    assert_int_equal(seen.tos, tos == 0 ? 0x10 : 0);
}

// To a group it goes no further than the next router, unless that is wanted;
// what goes elsewhere is not changed by it (RFC 1112 6.1).
static void a_datagram_to_a_group_has_a_ttl_of_its_own(void **state)
{
    static struct sim_cable_tap tap = { .fn = see };
    static const uint8_t text[100];
    struct nif_conn *conn = open_at_port();
    const struct nif_endpoint to = peer_at();
    const struct nif_endpoint group = { .ip = nif_ip4(239, 1, 2, 3),
        .port = PEER_PORT };

    (void)state;
    if (bench.stack->ops->group == NULL) {
        skip();
    }
    seen.proto = NIF_UDP;
    peer_udp(PEER_PORT, false);
    sim_cable_watch(&bench.board.cable, &tap);
    for (unsigned i = 0; i < 2; i++) {
        if (i == 1 && nif_conn_option(conn, NIF_OPT_TTL, 7) != 0) {
            break;
        }
        assert_int_equal(nif_send_to(conn, text, 100, &group, bench_in(S)),
            100);
        bench_pass(S / 10);
        assert_int_equal(seen.ttl, i == 0 ? 1 : 7);
        say_once(conn, &to);
        assert_int_equal(seen.ttl, i == 0 ? 64 : 7);
    }
}

// What is said to a listener counts for those who come.
static void clients_have_what_was_set_for_their_listener(void **state)
{
    static struct sim_cable_tap tap = { .fn = see };
    const struct nif_endpoint local = { .port = PORT };
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    const struct nif_open_cfg place = bench_open(1, NIF_TCP);
    struct nif_conn *conn = &bench.conn[0];

    (void)state;
    seen.proto = NIF_TCP;
    assert_int_equal(nif_open(conn, &cfg), 0);
    assert_int_equal(nif_open(&bench.conn[1], &place), 0);
    assert_int_equal(nif_conn_bind(conn, &local), 0);
    if (nif_conn_option(conn, NIF_OPT_TTL, 9) != 0 ||
        nif_conn_option(conn, NIF_OPT_TOS, 0x10) != 0) {
        skip();
    }
    assert_int_equal(nif_conn_listen(conn, &bench.conn[1], 1), 0);
    sim_cable_watch(&bench.board.cable, &tap);
    for (unsigned i = 0; i < 3; i++) { // and when their place comes back
        (void)peer_dial(PORT, &(struct peer_manner){ .expect = 0 });
        assert_int_equal(nif_accept(&bench.conn[0], &conn, NULL,
                             bench_in(5 * S)),
            0);
        bench_pass(S);
        assert_int_equal(nif_send_all(conn, seen_text, 200, bench_in(S)), 0);
        bench_pass(S);
        assert_int_equal(seen.ttl, 9);
        assert_int_equal(seen.tos, 0x10);
        assert_int_equal(nif_close(conn, bench_in(10 * S)), 0);
    }
}

// ------------------------------------------------------------------ memory

static struct nif_conn small;
static uint8_t small_rx[1460 + 8];
static uint8_t small_tx[1460 + 8];

// Room for a datagram is 8 bytes more than it has (nif/stack.h). What does
// not fit is not cut: it comes whole or not at all.
static void a_datagram_fits_its_memory_or_does_not_come(void **state)
{
    static const size_t lens[] = { 1, 100, 1459, 1460 };
    const struct nif_endpoint back = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };
    const struct nif_endpoint to = peer_at();
    uint8_t text[1500];

    (void)state;
    bench_needs_datagrams();
    peer_udp(PEER_PORT, false);
    for (size_t i = 0; i < nif_countof(lens); i++) {
        size_t len = lens[i];
        const struct nif_open_cfg cfg = {
            .stack = bench.stack,
            .proto = NIF_UDP,
            .buffers = { small_rx, len + 8, small_tx, len + 8 },
            .local = { .port = PORT },
        };
        int n;

        assert_int_equal(nif_open(&small, &cfg), 0);
        bench_settle();
        memset(text, (int)i, len);
        bench.peer.udp.count = 0;
        assert_int_equal(nif_send_to(&small, text, len, &to, bench_in(S)),
            (int)len);
        assert_true(bench_reach(&bench.peer.udp.count, 1, S));
        assert_int_equal(bench.peer.udp.len, len);
        assert_memory_equal(bench.peer.udp.got, text, len);
        for (uint32_t more = 0; more < 2; more++) {
            assert_true(peer_say(len + more, 7, &back));
            n = nif_recv(&small, text, sizeof(text), bench_in(S));
            if (more == 0 || n != NIF_ETIMEDOUT) {
                assert_int_equal(n, (int)(len + more));
            }
        }
        nif_conn_abort(&small);
        bench_pass(S);
    }
}

// It waits while a piece of a connection goes out, and that ends.
static void a_datagram_outlives_an_abort_beside_it(void **state)
{
    static uint8_t much[8000];
    const struct nif_open_cfg cfg = {
        .stack = bench.stack,
        .proto = NIF_UDP,
        .buffers = { small_rx, sizeof(small_rx), NULL, 0 },
    };
    const struct nif_endpoint to = peer_at();
    uint8_t text[200];

    (void)state;
    peer_udp(PEER_PORT, false);
    peer_serve(&(struct peer_manner){ .expect = 0 });
    assert_int_equal(nif_open(&small, &cfg), 0);
    for (unsigned i = 0; i < 40; i++) {
        struct nif_conn *conn;
        int n;

        bench.peer.ends = 0;
        bench.peer.udp.count = 0;
        conn = bench_dial(1, PEER_PORT);
        memset(text, (int)i, sizeof(text));
        assert_true(nif_conn_send(conn, much, sizeof(much), NULL) > 0);
        bench_pass(i * (uint64_t)700);
        n = nif_conn_send(&small, text, sizeof(text), &to);
        assert_true(n == (int)sizeof(text) || n == NIF_EAGAIN);
        nif_conn_abort(conn);
        bench_pass(S);
        assert_int_equal(bench.peer.udp.count, n > 0);
        if (n > 0) {
            assert_int_equal(bench.peer.udp.len, sizeof(text));
            assert_memory_equal(bench.peer.udp.got, text, sizeof(text));
        }
    }
}

// ----------------------------------------------------------- the neighbour

// Half a second for an answer is long, and no reason to give up; nor to lose
// what has come meanwhile.
static void a_neighbour_may_take_its_time(void **state)
{
    const struct nif_endpoint to = peer_at();
    struct nif_conn *conn = open_at_port();
    uint8_t got[10];
    int n = NIF_EAGAIN;

    (void)state;
    peer_udp(PEER_PORT, false);
    bench_pass(90 * S); // times that were not noted lie long back
    assert_int_equal(nif_conn_connect(conn, &to), 0);
    bench.peer.frozen = true;
    n = nif_conn_send(conn, "hello", 5, NULL);
    assert_true(n == 5 || n == NIF_EAGAIN);
    bench_pass(S / 2);
    bench.peer.frozen = false;
    peer_kick();
    if (n == NIF_EAGAIN) { // it asks first
        assert_int_equal(nif_send(conn, "hello", 5, bench_in(3 * S)), 5);
    }
    assert_true(bench_reach(&bench.peer.udp.count, 1, 3 * S));
    assert_int_equal(bench.peer.udp.count, 1);
    assert_int_equal(bench_recv(conn, got, sizeof(got), NULL), NIF_EAGAIN);
}

// ---------------------------------------------------------------- the chip

// Two that wait together are two, where they were before.
static void expect_two_apart(struct nif_conn *conn,
    const struct nif_endpoint *back)
{
    uint8_t got[100];

    if (contract_traits()->no_borders) {
        return;
    }
    assert_true(peer_say(70, 20, back));
    assert_true(peer_say(90, 21, back));
    sim_pass_ns(&bench.world, 20 * SIM_MS);
    assert_int_equal(nif_recv(conn, got, sizeof(got), bench_in(5 * S)), 70);
    assert_int_equal(nif_recv(conn, got, sizeof(got), bench_in(5 * S)), 90);
    assert_int_equal(got[0], peer_text(21, 0));
}

// What waited in the chip is gone, or is in the board; nothing comes that
// nobody has sent.
static void a_chip_that_loses_itself_makes_up_no_datagram(void **state)
{
    const struct nif_endpoint back = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };
    struct nif_conn *conn;
    uint8_t got[100];
    int n;

    (void)state;
    if (bench.board.chip->reset == NULL) {
        skip();
    }
    bench_needs_datagrams();
    conn = open_at_port();
    peer_udp(PEER_PORT, false);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(peer_say(40, i, &back));
        bench_pass(S / 10);
    }
    assert_int_equal(bench_recv(conn, got, sizeof(got), NULL), 40);
    bench.broken = true;
    bench.board.chip->reset(&bench.board);
    for (unsigned i = 0; i < 400; i++) {
        n = bench_recv(conn, got, sizeof(got), NULL);
        assert_true(n == 40 || n < 0);
        assert_true(n < 0 || got[0] == peer_text(1, 0) ||
            got[0] == peer_text(2, 0));
        bench_pass(S / 10);
    }
    for (unsigned i = 0; i < 60 && !bench_is_up(&bench.board); i++) {
        bench_pass(S);
    }
    for (uint32_t i = 10; i < 14; i++) { // and those come that are sent
        assert_true(peer_say(400, i, &back));
        do {
            n = nif_recv(conn, got, sizeof(got), bench_in(5 * S));
        } while (n == 40); // old ones, that were in the board already
        assert_int_equal(n, sizeof(got));
        assert_int_equal(got[0], peer_text(i, 0));
    }
    bench_prove(1);
    expect_two_apart(conn, &back);
}

// Two go out and come back, or one of them.
static void try_two(struct nif_conn *conn, const char *why)
{
    static const uint8_t text[100];
    const struct nif_endpoint to = peer_at();
    uint32_t count = bench.peer.udp.count;
    uint8_t got[100];

    for (unsigned k = 0; k < 2; k++) {
        (void)!nif_send_to(conn, text, sizeof(text), &to, bench_in(5 * S));
    }
    if (!bench_reach(&bench.peer.udp.count, count + 1, 30 * S)) {
        fail_msg("%s: nothing goes out", why);
    }
    while (nif_recv(conn, got, sizeof(got), bench_in(S)) > 0) {
    }
}

// One may be lost by it, and no other is held up for good.
static void whatever_a_chip_does_unasked_the_next_datagram_goes(void **state)
{
    const struct host_stimulus *s = bench.board.chip->stimuli;
    struct nif_conn *conn = open_at_port();

    (void)state;
    peer_udp(PEER_PORT, true);
    for (; s != NULL && s->name != NULL; s++) {
        for (unsigned i = 0; i < 5; i++) {
            bench_pass(S / 10 * i);
            s->fn(&bench.board);
            try_two(conn, s->name);
        }
    }
}

static int teardown(void **state)
{
    if (nif_conn_state(&small) != NIF_CONN_CLOSED) {
        nif_conn_abort(&small);
    }
    return bench_teardown(state);
}

#define SMALL(name) cmocka_unit_test_setup_teardown(name, bench_setup, teardown)

int sockets_datagrams(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_datagram_has_the_ttl_and_tos_that_were_set),
        BENCH_TEST(a_datagram_to_a_group_has_a_ttl_of_its_own),
        BENCH_TEST(clients_have_what_was_set_for_their_listener),
        SMALL(a_datagram_fits_its_memory_or_does_not_come),
        SMALL(a_datagram_outlives_an_abort_beside_it),
        BENCH_TEST(a_neighbour_may_take_its_time),
        BENCH_TEST(a_chip_that_loses_itself_makes_up_no_datagram),
        BENCH_TEST(whatever_a_chip_does_unasked_the_next_datagram_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
