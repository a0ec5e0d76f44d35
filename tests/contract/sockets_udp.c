// SPDX-License-Identifier: MIT
//
// UDP: a datagram arrives whole or not at all, from whom it was, at whom it
// is for.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include <string.h>

#define PORT 5002

// Larger than any of the bench's: for datagrams of every size.
static struct nif_conn big;
static uint8_t big_rx[PEER_BIG];
static uint8_t big_tx[PEER_BIG];
static uint8_t data[PEER_BIG];
static uint8_t got[PEER_BIG];

static int teardown(void **state)
{
    if (nif_conn_state(&big) != NIF_CONN_CLOSED) {
        nif_conn_abort(&big);
    }
    return bench_teardown(state);
}

static struct nif_endpoint peer_at(uint16_t port)
{
    struct nif_endpoint to = bench.peer.at;

    to.port = port;
    return to;
}

static struct nif_endpoint board_at(uint16_t port)
{
    return (struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, 2), .port = port };
}

static struct nif_conn *open_at(unsigned i, uint16_t port)
{
    struct nif_open_cfg cfg = bench_open(i, NIF_UDP);

    cfg.local.port = port;
    assert_int_equal(nif_open(&bench.conn[i], &cfg), 0);
    bench_settle();
    return &bench.conn[i];
}

static void open_big(uint16_t port)
{
    const struct nif_open_cfg cfg = {
        .stack = bench.stack,
        .proto = NIF_UDP,
        .buffers = { big_rx, sizeof(big_rx), big_tx, sizeof(big_tx) },
        .local = { .port = port },
    };

    assert_int_equal(nif_open(&big, &cfg), 0);
    bench_settle();
}

static void write_text(size_t len, uint32_t salt)
{
    for (size_t i = 0; i < len; i++) {
        data[i] = peer_text(salt, (uint32_t)i);
    }
}

// The next datagram is `len` bytes of that text, from that port of the peer.
static void expect(struct nif_conn *conn, size_t len, uint32_t salt,
    uint16_t port)
{
    struct nif_endpoint from = { .port = 0 };
    int n = nif_recv_from(conn, got, sizeof(got), &from, bench_in(5 * S));

    bench_needs_datagrams();
    assert_int_equal(n, (int)len);
    write_text(len, salt);
    assert_memory_equal(got, data, len);
    bench_came_from(&from, port);
}

static void expect_none(struct nif_conn *conn)
{
    bench_pass(S);
    assert_int_equal(nif_conn_ready(conn) & NIF_READABLE, 0);
    assert_int_equal(bench_recv(conn, got, sizeof(got), NULL), NIF_EAGAIN);
}

// From now on none of the peer's datagrams overtakes one that waits for ARP.
static void meet(struct nif_conn *conn)
{
    const struct nif_endpoint back = board_at(PORT);

    bench_needs_borders();
    assert_true(peer_say(10, 77, &back));
    expect(conn, 10, 77, PEER_PORT);
}

// ----------------------------------------------------------------- sizes

// There and back. The peer takes any.
static void echo(size_t len)
{
    const struct nif_endpoint to = peer_at(PEER_PORT);
    uint32_t count = bench.peer.udp.count;

    write_text(len, (uint32_t)len + 1);
    assert_int_equal(nif_send_to(&big, data, len, &to, bench_in(5 * S)),
        (int)len);
    memset(data, 0, len);
    expect(&big, len, (uint32_t)len + 1, PEER_PORT);
    assert_int_equal(bench.peer.udp.count, count + 1);
    assert_int_equal(bench.peer.udp.from.port, PORT);
}

static void datagrams_of_every_size_go_there_and_back(void **state)
{
    size_t most = bench.stack->caps.datagram_max;

    (void)state;
    assert_true(most >= 508); // every host takes 576 (RFC 1122 3.3.2)
    peer_udp(PEER_PORT, true);
    open_big(PORT);
    for (size_t len = bench.stack->caps.empty_datagrams ? 0 : 1;
         len <= most && len <= 1600; len++) {
        echo(len);
    }
    for (size_t len = 1601; len <= most && len < 20000; len += 997) {
        echo(len);
    }
    if (most > 20000 && contract_traits()->burst == 0) {
        echo(most / 2);
    }
}

static void the_largest_goes_and_a_larger_one_is_refused(void **state)
{
    const size_t most = bench.stack->caps.datagram_max;
    const struct nif_endpoint to = peer_at(PEER_PORT);

    (void)state;
    peer_udp(PEER_PORT, false);
    open_big(PORT);
    assert_int_equal(nif_send_to(&big, data, most + 1, &to, bench_in(S)),
        NIF_ETOOBIG);
    assert_int_equal(nif_send_to(&big, data, SIZE_MAX / 2, &to, bench_in(S)),
        NIF_ETOOBIG);
    bench_pass(S);
    assert_int_equal(bench.peer.udp.count, 0);
    write_text(most, 3);
    assert_int_equal(nif_send_to(&big, data, most, &to, bench_in(S)),
        (int)most);
    assert_true(bench_reach(&bench.peer.udp.count, 1, 5 * S));
    assert_int_equal(bench.peer.udp.len, most);
    assert_memory_equal(bench.peer.udp.got, data, most);
}

static void empty_datagrams_are_as_the_stack_says(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    const struct nif_endpoint to = peer_at(PEER_PORT);
    const struct nif_endpoint back = board_at(PORT);
    struct nif_endpoint from = { .port = 0 };
    int n;

    (void)state;
    peer_udp(PEER_PORT, false);
    n = nif_send_to(conn, data, 0, &to, bench_in(S));
    if (bench.stack->caps.empty_datagrams) {
        assert_int_equal(n, 0);
        assert_true(bench_reach(&bench.peer.udp.count, 1, 5 * S));
        assert_int_equal(bench.peer.udp.len, 0);
        assert_true(peer_say(0, 1, &back));
        assert_int_equal(nif_recv_from(conn, got, sizeof(got), &from,
                             bench_in(5 * S)),
            0);
        assert_int_equal(from.port, PEER_PORT);
    } else {
        assert_true(n < 0 && n != NIF_EAGAIN);
        expect_none(conn);
    }
    write_text(10, 1);
    assert_int_equal(nif_send_to(conn, data, 10, &to, bench_in(S)), 10);
    assert_true(bench_reach(&bench.peer.udp.count,
        bench.stack->caps.empty_datagrams ? 2 : 1, 5 * S));
    assert_int_equal(bench.peer.udp.len, 10);
}

// What does not fit the caller's buffer is gone, and nothing but that.
static void the_rest_of_a_long_one_is_lost(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    const struct nif_endpoint back = board_at(PORT);

    (void)state;
    bench_needs_borders();
    peer_udp(PEER_PORT, false);
    assert_true(peer_say(300, 1, &back));
    assert_true(peer_say(200, 2, &back));
    assert_true(peer_say(100, 3, &back));
    memset(got, 0x5A, sizeof(got));
    assert_int_equal(nif_recv(conn, got, 10, bench_in(5 * S)), 10);
    assert_int_equal(got[9], peer_text(1, 9));
    assert_int_equal(got[10], 0x5A);
    expect(conn, 200, 2, PEER_PORT);
    assert_int_equal(nif_recv(conn, got, 0, bench_in(5 * S)), 0);
    expect_none(conn);
}

// ----------------------------------------------------------------- peers

static void a_connected_socket_hears_its_peer_only(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    const struct nif_endpoint to = peer_at(PEER_PORT);
    const struct nif_endpoint back = board_at(PORT);
    const struct nif_ip other = nif_ip4(192, 0, 2, 77);

    (void)state;
    assert_int_equal(bench_send(conn, "x", 1, NULL), NIF_ENOTCONN);
    assert_int_equal(nif_conn_connect(conn, &to), 0);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_OPEN);
    bench_needs_senders();
    peer_udp(PEER_PORT + 1, false);
    assert_true(peer_say(50, 1, &back));
    expect_none(conn);
    peer_udp(PEER_PORT, true);
    write_text(70, 2);
    assert_int_equal(nif_send(conn, data, 70, bench_in(S)), 70);
    expect(conn, 70, 2, PEER_PORT);
    peer_move(&other); // the same port of another host
    peer_udp(PEER_PORT, false);
    assert_true(peer_say(50, 3, &back));
    expect_none(conn);
}

static void each_socket_has_its_own_datagrams(void **state)
{
    struct nif_conn *a = open_at(0, PORT);
    struct nif_conn *c = open_at(1, PORT + 1);

    (void)state;
    peer_udp(PEER_PORT, false);
    meet(a);
    for (uint32_t i = 0; i < 10; i++) {
        const struct nif_endpoint back = board_at(PORT + i % 2);

        assert_true(peer_say(100 + i, i, &back));
    }
    for (uint32_t i = 1; i < 10; i += 2) {
        expect(c, 100 + i, i, PEER_PORT);
    }
    for (uint32_t i = 0; i < 10; i += 2) {
        expect(a, 100 + i, i, PEER_PORT);
    }
    expect_none(a);
    expect_none(c);
}

static void a_port_is_given_once_and_comes_back(void **state)
{
    struct nif_open_cfg cfg = bench_open(1, NIF_UDP);

    (void)state;
    (void)open_at(0, PORT);
    cfg.local.port = PORT;
    assert_int_equal(nif_open(&bench.conn[1], &cfg), NIF_EADDRINUSE);
    assert_int_equal(nif_conn_state(&bench.conn[1]), NIF_CONN_CLOSED);
    nif_conn_close(&bench.conn[0]);
    bench_reclaim(0, S);
    assert_int_equal(nif_open(&bench.conn[1], &cfg), 0);
    // The same number of the other protocol is another port.
    bench_listen(4, PORT, 1);
}

static void a_port_of_its_own_choice_stays_the_same(void **state)
{
    struct nif_open_cfg cfg = bench_open(0, NIF_UDP);
    const struct nif_endpoint to = peer_at(PEER_PORT);
    uint16_t port = 0;

    (void)state;
    peer_udp(PEER_PORT, true);
    assert_int_equal(nif_open(&bench.conn[0], &cfg), 0);
    for (uint32_t i = 1; i < 5; i++) {
        write_text(20, i);
        assert_int_equal(nif_send_to(&bench.conn[0], data, 20, &to,
                             bench_in(S)),
            20);
        expect(&bench.conn[0], 20, i, PEER_PORT);
        assert_true(port == 0 || port == bench.peer.udp.from.port);
        port = bench.peer.udp.from.port;
    }
    assert_true(port >= 1024);
}

// What cannot be sent is said, and leaves the socket as it was.
static void what_has_no_target_is_refused(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    struct nif_endpoint to = peer_at(0);

    (void)state;
    assert_int_equal(nif_conn_send(conn, "x", 1, &to), NIF_EINVAL);
    to = (struct nif_endpoint){ .port = 7 };
    assert_int_equal(nif_conn_send(conn, "x", 1, &to), NIF_EINVAL);
    assert_int_equal(nif_conn_connect(conn, &to), NIF_EINVAL);
    to = peer_at(0);
    assert_int_equal(nif_conn_connect(conn, &to), NIF_EINVAL);
    assert_true(nif_conn_shutdown(conn) < 0);
    peer_udp(PEER_PORT, true);
    to = peer_at(PEER_PORT);
    write_text(30, 1);
    assert_int_equal(nif_send_to(conn, data, 30, &to, bench_in(S)), 30);
    expect(conn, 30, 1, PEER_PORT);
}

// It is told that nobody listens there, once for each time, and nobody else
// is; and it goes on (RFC 1122 4.1.3.3).
static void a_port_without_a_listener_is_no_end(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    struct nif_conn *other = open_at(1, PORT + 1);
    const struct nif_endpoint to = peer_at(PEER_NOBODY);
    struct nif_conn *third = open_at(2, PORT + 2);
    const struct nif_endpoint elsewhere = peer_at(PEER_NOBODY + 1);
    const struct nif_endpoint far = { nif_ip4(192, 0, 2, 99), PEER_NOBODY,
        NULL };

    (void)state;
    assert_int_equal(nif_conn_connect(conn, &to), 0);
    assert_int_equal(nif_conn_connect(other, &elsewhere), 0);
    assert_int_equal(nif_conn_connect(third, &far), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(nif_send(conn, "hello", 5, bench_in(S)), 5);
        assert_int_equal(nif_recv(conn, got, sizeof(got), bench_in(2 * S)),
            contract_traits()->no_refusal ? NIF_ETIMEDOUT : NIF_EREFUSED);
        assert_int_equal(bench_recv(conn, got, sizeof(got), NULL), NIF_EAGAIN);
    }
    assert_int_equal(bench_recv(other, got, sizeof(got), NULL), NIF_EAGAIN);
    assert_int_equal(bench_recv(third, got, sizeof(got), NULL), NIF_EAGAIN);
    peer_udp(PEER_NOBODY, true);
    write_text(5, 1);
    assert_int_equal(nif_send(conn, data, 5, bench_in(S)), 5);
    expect(conn, 5, 1, PEER_NOBODY);
}

// A neighbour that is not there costs its own datagrams only.
static void a_host_that_is_not_there_delays_nobody_for_long(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    struct nif_conn *other = open_at(1, PORT + 1);
    const struct nif_endpoint nobody = { nif_ip4(192, 0, 2, 99), 7, NULL };
    const struct nif_endpoint to = peer_at(PEER_PORT);
    uint64_t begun_us;

    (void)state;
    peer_udp(PEER_PORT, true);
    for (unsigned i = 0; i < 3; i++) {
        int n = nif_conn_send(conn, "lost", 4, &nobody);

        assert_true(n == 4 || n == NIF_EAGAIN || n == NIF_EUNREACH);
    }
    begun_us = bench_now();
    write_text(40, 1);
    assert_int_equal(nif_send_to(other, data, 40, &to, bench_in(S)), 40);
    expect(other, 40, 1, PEER_PORT);
    assert_true(bench_now() - begun_us < S);
    bench_pass(10 * S);
    write_text(41, 2); // and the one that tried is well again
    assert_int_equal(nif_send_to(conn, data, 41, &to, bench_in(10 * S)), 41);
    expect(conn, 41, 2, PEER_PORT);
}

// ------------------------------------------------------------------ many

static void a_flood_loses_whole_datagrams_only(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    const struct nif_endpoint back = board_at(PORT);
    uint32_t last = 0;
    unsigned count = 0;

    (void)state;
    peer_udp(PEER_PORT, false);
    meet(conn);
    for (uint32_t i = 1; i <= 60; i++) {
        assert_true(peer_say(100 + 20 * i, i, &back));
        if (i % 8 == 0) {
            bench_pass(2000);
        }
    }
    bench_pass(S);
    for (;;) {
        int n = bench_recv(conn, got, sizeof(got), NULL);
        uint32_t salt = ((uint32_t)n - 100) / 20;

        if (n == NIF_EAGAIN) {
            break;
        }
        assert_true(n > 0);
        assert_int_equal((n - 100) % 20, 0);
        assert_true(salt > last); // in order, none twice
        last = salt;
        write_text((size_t)n, salt);
        assert_memory_equal(got, data, (size_t)n);
        count++;
        bench_pass(1000);
    }
    assert_true(count >= 2);
    assert_true(peer_say(333, 1, &back));
    expect(conn, 333, 1, PEER_PORT);
}

static void a_thousand_datagrams_come_back_in_order(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    const struct nif_endpoint to = peer_at(PEER_PORT);

    (void)state;
    peer_udp(PEER_PORT, true);
    for (uint32_t i = 1; i <= 1000; i++) {
        size_t len = 1 + i * 37 % 500;

        write_text(len, i);
        assert_int_equal(nif_send_to(conn, data, len, &to, bench_in(S)),
            (int)len);
        expect(conn, len, i, PEER_PORT);
    }
}

// Sends faster than the cable: what is taken arrives, in order.
static void what_is_taken_goes_out_once_and_in_order(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    const struct nif_endpoint to = peer_at(PEER_PORT);
    uint32_t taken = 0;

    (void)state;
    peer_udp(PEER_PORT, true);
    write_text(500, 0);
    assert_int_equal(nif_send_to(conn, data, 500, &to, bench_in(S)), 500);
    expect(conn, 500, 0, PEER_PORT); // the neighbour is known
    bench.peer.udp.echo = false;
    bench.peer.udp.count = 0;
    for (uint32_t i = 0; i < 50; i++) {
        write_text(500, i);
        taken += nif_send_to(conn, data, 500, &to, bench_in(S)) == 500;
    }
    assert_int_equal(taken, 50);
    bench_pass(S);
    assert_int_equal(bench.peer.udp.count, 50);
    assert_memory_equal(bench.peer.udp.got, data, 500);
}

// ------------------------------------------------------- to and from many

// ----------------------------------------------------------- open and shut

static void many_sockets_one_after_the_other(void **state)
{
    const struct nif_endpoint to = peer_at(PEER_PORT);

    (void)state;
    peer_udp(PEER_PORT, true);
    for (uint32_t i = 0; i < 50; i++) {
        struct nif_conn *conn = open_at(0, (uint16_t)(PORT + i));

        write_text(20, i);
        assert_int_equal(nif_send_to(conn, data, 20, &to, bench_in(S)), 20);
        expect(conn, 20, i, PEER_PORT);
        assert_int_equal(nif_close(conn, bench_in(S)), 0);
        assert_int_equal(nif_conn_state(conn), NIF_CONN_CLOSED);
    }
}

// What waited for one user of a port is not for the next.
static void a_new_socket_begins_empty(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    const struct nif_endpoint back = board_at(PORT);

    (void)state;
    bench_needs_datagrams();
    peer_udp(PEER_PORT, false);
    assert_true(peer_say(100, 1, &back));
    bench_pass(S);
    assert_true(nif_conn_ready(conn) & NIF_READABLE);
    nif_conn_close(conn);
    bench_reclaim(0, S);
    assert_true(peer_say(101, 2, &back)); // for nobody
    bench_pass(S);
    conn = open_at(1, PORT);
    expect_none(conn);
    assert_true(peer_say(102, 3, &back));
    expect(conn, 102, 3, PEER_PORT);
}

// TCP and UDP at the same time, on one chip.
static void datagrams_and_connections_do_not_mix(void **state)
{
    struct nif_conn *conn = open_at(0, PORT);
    const struct nif_endpoint to = peer_at(PEER_PORT);
    struct flow flow = { .salt_out = 5, .salt_in = 5 };

    (void)state;
    peer_udp(PEER_PORT, true);
    peer_serve(&(struct peer_manner){ .echo = true, .expect = 5 });
    flow.conn = bench_dial(1, PEER_PORT);
    flow.out = flow.in = 40000;
    for (uint32_t i = 1; !flow_done(&flow) && i < 5000; i++) {
        (void)flow_step(&flow);
        if (i % 10 == 0) {
            write_text(i % 700 + 1, i);
            assert_int_equal(nif_send_to(conn, data, i % 700 + 1, &to,
                                 bench_in(S)),
                i % 700 + 1);
            expect(conn, i % 700 + 1, i, PEER_PORT);
        } else {
            bench_pass(500);
        }
    }
    assert_int_equal(flow.err, 0);
    assert_int_equal(flow.got, 40000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, teardown)

int sockets_udp(void)
{
    const struct CMUnitTest tests[] = {
        TEST(datagrams_of_every_size_go_there_and_back),
        TEST(the_largest_goes_and_a_larger_one_is_refused),
        TEST(empty_datagrams_are_as_the_stack_says),
        TEST(the_rest_of_a_long_one_is_lost),
        TEST(a_connected_socket_hears_its_peer_only),
        TEST(each_socket_has_its_own_datagrams),
        TEST(a_port_is_given_once_and_comes_back),
        TEST(a_port_of_its_own_choice_stays_the_same),
        TEST(what_has_no_target_is_refused),
        TEST(a_port_without_a_listener_is_no_end),
        TEST(a_host_that_is_not_there_delays_nobody_for_long),
        TEST(a_flood_loses_whole_datagrams_only),
        TEST(a_thousand_datagrams_come_back_in_order),
        TEST(what_is_taken_goes_out_once_and_in_order),
        TEST(many_sockets_one_after_the_other),
        TEST(a_new_socket_begins_empty),
        TEST(datagrams_and_connections_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
