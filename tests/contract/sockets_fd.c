// SPDX-License-Identifier: MIT
//
// The same stack by numbers (nif/fd.h), what each call says when it makes no
// sense, and what happens when all places are taken.

#include "tests/contract/bench.h"
#include "tests/contract/sockets.h"
#include "tests/support/check.h"

#include "nif/fd.h"

#include <string.h>

#define PORT   5005
#define PLACES 4

static struct nif_conn conns[PLACES];
static struct nif_fd fds[PLACES];
static struct nif_conn_cfg buffers[PLACES];
static uint8_t rings[PLACES][2][BENCH_RING];
static struct nif_fd_table table;

static int setup(void **state)
{
    memset(conns, 0, sizeof(conns));
    memset(fds, 0, sizeof(fds));
    (void)bench_setup(state);
    for (unsigned i = 0; i < PLACES; i++) {
        buffers[i] = (struct nif_conn_cfg){ rings[i][0], BENCH_RING,
            rings[i][1], BENCH_RING };
    }
    table = (struct nif_fd_table){
        .stack = bench.stack,
        .conns = conns,
        .buffers = buffers,
        .fds = fds,
        .count = PLACES,
    };
    return 0;
}

static int teardown(void **state)
{
    for (unsigned i = 0; i < PLACES; i++) {
        if (nif_conn_state(&conns[i]) != NIF_CONN_CLOSED) {
            nif_conn_abort(&conns[i]);
        }
    }
    return bench_teardown(state);
}

static struct nif_endpoint peer_at(uint16_t port)
{
    struct nif_endpoint to = bench.peer.at;

    to.port = port;
    return to;
}

static int dial(void)
{
    const struct nif_endpoint to = peer_at(PEER_PORT);
    int fd = nif_fd_socket(&table, NIF_TCP);

    assert_true(fd >= 0);
    assert_int_equal(nif_fd_connect(&table, fd, &to, bench_in(5 * S)), 0);
    return fd;
}

// ------------------------------------------------------------ descriptors

static void a_client_by_number(void **state)
{
    uint8_t out[5000];
    uint8_t in[5000];
    int fd;

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = true });
    for (unsigned i = 0; i < 8; i++) { // more than there are places
        fd = dial();
        for (uint32_t k = 0; k < sizeof(out); k++) {
            out[k] = peer_text(i, k);
        }
        assert_int_equal(nif_fd_send(&table, fd, out, 2000, NIF_FD_ALL,
                             bench_in(5 * S)),
            2000);
        assert_int_equal(nif_fd_recv(&table, fd, in, 2000, NIF_FD_ALL,
                             bench_in(5 * S)),
            2000);
        assert_memory_equal(in, out, 2000);
        assert_int_equal(nif_fd_recv(&table, fd, in, 10, NIF_FD_DONTWAIT, 0),
            NIF_EAGAIN);
        assert_int_equal(nif_fd_close(&table, fd, bench_in(10 * S)), 0);
        bench.peer.ends = 0;
    }
}

static void a_server_by_number(void **state)
{
    const struct nif_endpoint local = { .port = PORT };
    struct nif_endpoint from;
    uint8_t in[100];
    int listener = nif_fd_socket(&table, NIF_TCP);

    (void)state;
    assert_int_equal(nif_fd_bind(&table, listener, &local), 0);
    assert_int_equal(nif_fd_listen(&table, listener, 2), 0);
    assert_int_equal(nif_fd_accept(&table, listener, NULL, bench_in(S / 10)),
        NIF_ETIMEDOUT);
    for (unsigned i = 0; i < 6; i++) {
        struct peer_manner as = { .send = 100, .salt = i };
        int fd;

        bench.peer.ends = 0;
        (void)peer_dial(PORT, &as);
        fd = nif_fd_accept(&table, listener, &from, bench_in(5 * S));
        assert_true(fd >= 0 && fd != listener);
        assert_true(nif_ip_equal(&from.ip, &bench.peer.at.ip));
        assert_int_equal(nif_fd_recv(&table, fd, in, 100, NIF_FD_ALL,
                             bench_in(5 * S)),
            100);
        assert_int_equal(in[99], peer_text(i, 99));
        assert_int_equal(nif_fd_close(&table, fd, bench_in(10 * S)), 0);
        if (i == 0) { // one place is left: those of the backlog are no prey
            fd = nif_fd_socket(&table, NIF_UDP);
            assert_true(fd >= 0);
            assert_int_equal(nif_fd_socket(&table, NIF_UDP), NIF_ENOBUFS);
        }
    }
    assert_int_equal(nif_fd_close(&table, listener, 0), 0);
    assert_int_equal(nif_fd_accept(&table, listener, NULL, 0), NIF_EINVAL);
}

static void datagrams_by_number(void **state)
{
    const struct nif_endpoint to = peer_at(PEER_PORT);
    const struct nif_endpoint local = { .port = PORT };
    struct nif_endpoint from;
    uint8_t in[100];
    int fd = nif_fd_socket(&table, NIF_UDP);

    (void)state;
    bench_needs_datagrams();
    peer_udp(PEER_PORT, true);
    assert_int_equal(nif_fd_bind(&table, fd, &local), 0);
    assert_int_equal(nif_fd_send_to(&table, fd, "hello", 5, &to, bench_in(S)),
        5);
    assert_int_equal(nif_fd_recv_from(&table, fd, in, 100, &from,
                         bench_in(5 * S)),
        5);
    assert_memory_equal(in, "hello", 5);
    bench_came_from(&from, PEER_PORT);
    assert_int_equal(nif_fd_close(&table, fd, bench_in(S)), 0);
}

static void what_is_peeked_at_stays(void **state)
{
    uint8_t in[10];
    int fd;
    int n;

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = true });
    fd = dial();
    assert_int_equal(nif_fd_send(&table, fd, "abcdef", 6, 0, bench_in(S)), 6);
    n = nif_fd_recv(&table, fd, in, 3, NIF_FD_PEEK, bench_in(5 * S));
    if (n != NIF_ENOTSUP) {
        assert_true(n >= 1);
        assert_memory_equal(in, "abc", (size_t)n);
    }
    assert_int_equal(nif_fd_recv(&table, fd, in, 6, NIF_FD_ALL,
                         bench_in(5 * S)),
        6);
    assert_memory_equal(in, "abcdef", 6);
}

static void a_number_that_is_none_is_refused_by_every_call(void **state)
{
    const int wrong[] = { -1, 0, PLACES - 1, PLACES, 1000, -1000 };
    const struct nif_endpoint to = peer_at(PEER_PORT);
    uint8_t b[1] = { 0 };

    (void)state;
    for (size_t i = 0; i < nif_countof(wrong); i++) {
        int fd = wrong[i];

        assert_int_equal(nif_fd_bind(&table, fd, &to), NIF_EINVAL);
        assert_int_equal(nif_fd_connect(&table, fd, &to, 0), NIF_EINVAL);
        assert_int_equal(nif_fd_listen(&table, fd, 1), NIF_EINVAL);
        assert_int_equal(nif_fd_accept(&table, fd, NULL, 0), NIF_EINVAL);
        assert_int_equal(nif_fd_send(&table, fd, b, 1, 0, 0), NIF_EINVAL);
        assert_int_equal(nif_fd_send_to(&table, fd, b, 1, &to, 0), NIF_EINVAL);
        assert_int_equal(nif_fd_recv(&table, fd, b, 1, 0, 0), NIF_EINVAL);
        assert_int_equal(nif_fd_recv_from(&table, fd, b, 1, NULL, 0),
            NIF_EINVAL);
        assert_int_equal(nif_fd_shutdown(&table, fd), NIF_EINVAL);
        assert_int_equal(nif_fd_option(&table, fd, NIF_OPT_TTL, 1), NIF_EINVAL);
        assert_int_equal(nif_fd_close(&table, fd, 0), NIF_EINVAL);
        assert_null(nif_fd_conn(&table, fd));
    }
}

// --------------------------------------------------------- what makes no sense

static void a_call_out_of_place_is_refused(void **state)
{
    const struct nif_open_cfg cfg = bench_open(0, NIF_TCP);
    const struct nif_endpoint zero = { .ip = bench.peer.at.ip };
    const struct nif_endpoint none = { .port = 80 };
    const struct nif_endpoint group = { .ip = nif_ip4(224, 0, 0, 5),
        .port = 80 };
    const struct nif_endpoint to = peer_at(PEER_PORT);
    struct nif_conn *conn = &bench.conn[0];
    uint8_t byte;

    (void)state;
    assert_int_equal(nif_open(conn, &cfg), 0);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_IDLE);
    assert_int_equal(nif_open(conn, &cfg), NIF_EISCONN);
    assert_int_equal(nif_conn_ready(conn), 0);
    assert_int_equal(bench_send(conn, "x", 1, NULL), NIF_ENOTCONN);
    assert_int_equal(bench_recv(conn, &byte, 1, NULL), NIF_ENOTCONN);
    assert_int_equal(nif_conn_connect(conn, &zero), NIF_EINVAL);
    assert_int_equal(nif_conn_connect(conn, &none), NIF_EINVAL);
    assert_int_equal(nif_conn_connect(conn, &group), NIF_EINVAL);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_IDLE);
    if (!contract_traits()->no_half_close) {
        assert_int_equal(nif_conn_shutdown(conn), NIF_ENOTCONN);
    }
    peer_serve(&(struct peer_manner){ .echo = true });
    assert_int_equal(nif_connect(conn, NULL, &to, bench_in(5 * S)), 0);
    assert_int_equal(nif_conn_connect(conn, &to), NIF_EISCONN);
    assert_int_equal(nif_conn_bind(conn, &to), NIF_EISCONN);
    assert_int_equal(nif_conn_listen(conn, &bench.conn[1], 1), NIF_EINVAL);
    assert_int_equal(nif_open(conn, &cfg), NIF_EISCONN);
    assert_int_equal(bench_send(conn, "x", 0, NULL), 0);
    assert_int_equal(nif_send_all(conn, "hello", 5, bench_in(S)), 0);
    assert_int_equal(nif_recv_all(conn, (uint8_t[5]){ 0 }, 5, bench_in(5 * S)),
        5);
}

// Each option does something or says that it is not known; values are looked
// at.
static void options_are_taken_or_refused(void **state)
{
    static const enum nif_option all[] = { NIF_OPT_NODELAY, NIF_OPT_KEEPALIVE,
        NIF_OPT_TTL, NIF_OPT_USER_TIMEOUT, NIF_OPT_REUSE, NIF_OPT_TOS };
    const struct nif_open_cfg tcp = bench_open(0, NIF_TCP);
    const struct nif_open_cfg udp = bench_open(1, NIF_UDP);

    (void)state;
    assert_int_equal(nif_open(&bench.conn[0], &tcp), 0);
    assert_int_equal(nif_open(&bench.conn[1], &udp), 0);
    for (unsigned i = 0; i < 2; i++) {
        for (size_t k = 0; k < nif_countof(all); k++) {
            int err = nif_conn_option(&bench.conn[i], all[k], 1);

            assert_true(err == 0 || err == NIF_ENOTSUP);
        }
        assert_int_equal(nif_conn_option(&bench.conn[i], (enum nif_option)99,
                             1),
            NIF_ENOTSUP);
        if (nif_conn_option(&bench.conn[i], NIF_OPT_TTL, 64) == 0) {
            assert_int_equal(nif_conn_option(&bench.conn[i], NIF_OPT_TTL, 0),
                NIF_EINVAL);
            assert_int_equal(nif_conn_option(&bench.conn[i], NIF_OPT_TTL, 256),
                NIF_EINVAL);
            assert_int_equal(nif_conn_option(&bench.conn[i], NIF_OPT_TTL, -1),
                NIF_EINVAL);
        }
    }
    if (nif_conn_option(&bench.conn[0], NIF_OPT_KEEPALIVE, 10) == 0) {
        assert_int_equal(nif_conn_option(&bench.conn[0], NIF_OPT_KEEPALIVE, -1),
            NIF_EINVAL);
    }
    assert_int_equal(nif_conn_option(&bench.conn[1], NIF_OPT_KEEPALIVE, 10),
        NIF_ENOTSUP);
    nif_conn_abort(&bench.conn[0]);
    bench_prove(0); // options of before are not for the next
}

static void what_the_stack_has_not_is_said(void **state)
{
    const struct nif_stack_ops *ops = bench.stack->ops;
    struct nif_conn *conn;
    const struct nif_ip group = nif_ip4(239, 1, 2, 3);
    struct nif_resolver r;
    const uint8_t *at;
    struct nif_conn_cfg none = { .rx = NULL };

    (void)state;
    peer_serve(&(struct peer_manner){ .echo = true });
    conn = bench_dial(0, PEER_PORT);
    if (ops->group == NULL) {
        assert_int_equal(nif_conn_group(conn, &group, true), NIF_ENOTSUP);
    }
    if (ops->peek == NULL) {
        assert_int_equal(nif_conn_peek(conn, &at), NIF_ENOTSUP);
    }
    if (ops->send_ref == NULL) {
        assert_int_equal(nif_conn_send_ref(conn, "x", 1), NIF_ENOTSUP);
    }
    if (ops->unacked == NULL) {
        assert_true(nif_conn_unacked(conn) == SIZE_MAX);
    }
    if (ops->lookup == NULL) {
        assert_int_equal(nif_chip_resolver_init(&r, bench.stack), NIF_ENOTSUP);
    }
    if (!bench.stack->caps.tls) {
        assert_int_equal(nif_conn_open(bench.stack, &bench.conn[1], NIF_TLS,
                             &none),
            NIF_ENOTSUP);
    }
    assert_int_equal(nif_conn_open(bench.stack, &bench.conn[1],
                         (enum nif_proto)99, &none),
        NIF_ENOTSUP);
    bench.conn[1].state = NIF_CONN_CLOSED;
}

// What lies in the ring is shown, in pieces, and goes when it is consumed.
static void what_is_shown_is_what_comes(void **state)
{
    struct nif_conn *conn;
    uint32_t at = 0;

    (void)state;
    if (bench.stack->ops->peek == NULL) {
        skip();
    }
    peer_serve(&(struct peer_manner){ .send = 30000, .salt = 5 });
    conn = bench_dial(0, PEER_PORT);
    while (at < 30000) {
        const uint8_t *data;
        int n = nif_conn_peek(conn, &data);
        uint32_t take = n > 0 ? ((uint32_t)n + 1) / 2 : 0;

        assert_true(n > 0 || n == NIF_EAGAIN);
        for (uint32_t i = 0; i < take; i++) {
            assert_int_equal(data[i], peer_text(5, at + i));
        }
        if (n > 0) {
            nif_conn_consume(conn, take);
            at += take;
        } else {
            bench_pass(1000);
        }
    }
}

// Lent, not copied: it stays as it is until it is acknowledged.
static void what_is_lent_arrives_and_is_counted(void **state)
{
    static uint8_t data[20000];
    struct nif_conn *conn;
    size_t at = 0;

    (void)state;
    if (bench.stack->ops->send_ref == NULL) {
        skip();
    }
    for (uint32_t i = 0; i < sizeof(data); i++) {
        data[i] = peer_text(6, i);
    }
    peer_serve(&(struct peer_manner){ .expect = 6 });
    conn = bench_dial(0, PEER_PORT);
    while (at < sizeof(data)) {
        int n = nif_conn_send_ref(conn, data + at, 2500);

        assert_true(n == 2500 || n == NIF_EAGAIN);
        at += n > 0 ? 2500 : 0;
        bench_pass(1000);
    }
    assert_true(bench_reach(&bench.peer.end[0].got, sizeof(data), 5 * S));
    bench_pass(S);
    assert_int_equal(nif_conn_unacked(conn), 0);
    assert_false(bench.peer.end[0].wrong);
}

// -------------------------------------------------------------- exhaustion

#define CROWD 40

// One more than there are is refused, and one that closes makes room.
static void crowd(enum nif_proto proto)
{
    static struct nif_conn all[CROWD];
    static uint8_t ring[CROWD][2][256];
    unsigned most = bench.stack->caps.conn_max;
    unsigned count = 0;
    int err = 0;

    memset(all, 0, sizeof(all));
    while (count < CROWD && err == 0) {
        const struct nif_open_cfg cfg = {
            .stack = bench.stack,
            .proto = proto,
            .buffers = { ring[count][0], 256, ring[count][1], 256 },
        };

        err = nif_open(&all[count], &cfg);
        count += err == 0;
    }
    assert_int_equal(count, most == 0 ? CROWD : most);
    assert_int_equal(err, most == 0 ? 0 : NIF_ENOBUFS);
    nif_conn_close(&all[count / 2]);
    bench_pass(S);
    assert_int_equal(nif_conn_state(&all[count / 2]), NIF_CONN_CLOSED);
    if (proto == NIF_TCP) {
        bench_prove(0);
        nif_conn_abort(&bench.conn[0]); // TIME-WAIT may hold a place
    }
    for (unsigned i = 0; i < count; i++) {
        if (i != count / 2) {
            nif_conn_abort(&all[i]);
        }
    }
    assert_int_equal(nif_conn_state(&all[0]), NIF_CONN_CLOSED);
}

static void all_places_are_used_and_given_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        bench.peer.ends = 0;
        crowd(NIF_TCP);
        crowd(NIF_UDP);
    }
}

static void a_table_has_as_many_places_as_it_has(void **state)
{
    const struct nif_endpoint local = { .port = PORT };
    int fd = 0;

    (void)state;
    for (unsigned i = 0; i < PLACES; i++) {
        fd = nif_fd_socket(&table, NIF_TCP);
        assert_true(fd >= 0);
    }
    assert_int_equal(nif_fd_socket(&table, NIF_TCP), NIF_ENOBUFS);
    assert_int_equal(nif_fd_bind(&table, fd, &local), 0);
    assert_int_equal(nif_fd_listen(&table, fd, 1), NIF_ENOBUFS);
    assert_int_equal(nif_fd_close(&table, 0, 0), 0);
    assert_int_equal(nif_fd_listen(&table, fd, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int sockets_fd(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_by_number),
        TEST(a_server_by_number),
        TEST(datagrams_by_number),
        TEST(what_is_peeked_at_stays),
        TEST(a_number_that_is_none_is_refused_by_every_call),
        TEST(a_table_has_as_many_places_as_it_has),
        BENCH_TEST(a_call_out_of_place_is_refused),
        BENCH_TEST(options_are_taken_or_refused),
        BENCH_TEST(what_the_stack_has_not_is_said),
        BENCH_TEST(what_is_shown_is_what_comes),
        BENCH_TEST(what_is_lent_arrives_and_is_counted),
        BENCH_TEST(all_places_are_used_and_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
