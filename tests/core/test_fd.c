// SPDX-License-Identifier: MIT
//
// Sockets by number: the table, and that each call does what the connection
// beneath it does.

#include "nif/fd.h"
#include "tests/core/pump.h"
#include "tests/support/check.h"

#include <string.h>

#define S     ((uint64_t)1000000)
#define COUNT 4

static struct pump pump;
static struct nif_conn conns[COUNT];
static struct nif_fd fds[COUNT];
static struct nif_conn_cfg buffers[COUNT];
static uint8_t memory[2 * COUNT][3000];
static struct nif_fd_table t;
static uint8_t data[20000];
static uint8_t got[20000];

static struct nif_stack *stack(void)
{
    return &pump.pair.stack[0].stack;
}

static int setup(void **state)
{
    (void)state;
    pump_init(&pump, 4);
    memset(conns, 0, sizeof(conns));
    memset(fds, 0, sizeof(fds));
    for (size_t i = 0; i < COUNT; i++) {
        buffers[i] =
            (struct nif_conn_cfg){ memory[i], 3000, memory[COUNT + i], 3000 };
    }
    t = (struct nif_fd_table){
        .stack = stack(),
        .conns = conns,
        .buffers = buffers,
        .fds = fds,
        .count = COUNT,
    };
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 11 + i / 241);
    }
    return 0;
}

static uint64_t in_us(uint64_t us)
{
    return pump_in(&pump, us);
}

// A descriptor connected to the server at port 7.
static int connected(void)
{
    const struct nif_endpoint to = pump_peer(7);
    int fd = nif_fd_socket(&t, NIF_TCP);

    assert_in_range(fd, 0, COUNT - 1);
    assert_int_equal(nif_fd_connect(&t, fd, &to, in_us(S)), 0);
    return fd;
}

// One that listens at port 80.
static int listening(unsigned backlog)
{
    const struct nif_endpoint local = { .port = 80 };
    int fd = nif_fd_socket(&t, NIF_TCP);

    assert_int_equal(nif_fd_bind(&t, fd, &local), 0);
    assert_int_equal(nif_fd_listen(&t, fd, backlog), 0);
    return fd;
}

static void a_client_gets_its_bytes_back(void **state)
{
    int fd;

    (void)state;
    pump_serve(&pump, 7);
    pump.side.echo = true;
    fd = connected();
    for (size_t at = 0; at < sizeof(data); at += 4000) {
        assert_int_equal(nif_fd_send(&t, fd, data + at, 4000, NIF_FD_ALL,
                             in_us(S)),
            4000);
        assert_int_equal(nif_fd_recv(&t, fd, got + at, 4000, NIF_FD_ALL,
                             in_us(S)),
            4000);
    }
    assert_memory_equal(got, data, sizeof(data));
    assert_int_equal(nif_fd_send(&t, fd, data, 10, 0, in_us(S)), 10);
    assert_int_equal(nif_fd_shutdown(&t, fd), 0);
    assert_int_equal(nif_fd_recv(&t, fd, got, 100, 0, in_us(S)), 10);
    assert_int_equal(nif_fd_recv(&t, fd, got, 100, 0, in_us(S)), 0);
    assert_int_equal(nif_fd_close(&t, fd, 0), 0);
}

static void a_server_accepts_and_says_who_came(void **state)
{
    struct nif_endpoint peer = { .port = 0 };
    int listener = listening(2);
    int fd;

    (void)state;
    assert_int_equal(nif_fd_accept(&t, listener, &peer, in_us(1000)),
        NIF_ETIMEDOUT);
    pump_dial(&pump, 80);
    fd = nif_fd_accept(&t, listener, &peer, in_us(S));
    assert_in_range(fd, 1, 2);
    assert_int_equal(nif_ip4_value(&peer.ip), PAIR_IP1);
    assert_true(peer.port >= 49152);
    assert_int_equal(nif_fd_send(&t, fd, "hi", 2, 0, in_us(S)), 2);
    assert_int_equal(nif_fd_close(&t, fd, in_us(S)), 0);
    assert_memory_equal(pump.side.got, "hi", 2);
}

// The same two places serve one after the other, and are nobody else's.
static void a_backlog_is_used_again_and_by_nobody_else(void **state)
{
    int listener = listening(2);
    int free_fd = nif_fd_socket(&t, NIF_UDP);

    (void)state;
    assert_int_equal(free_fd, 3);
    for (unsigned i = 0; i < 6; i++) {
        int fd;

        pump_dial(&pump, 80);
        fd = nif_fd_accept(&t, listener, NULL, in_us(S));
        assert_in_range(fd, 1, 2);
        assert_int_equal(nif_fd_socket(&t, NIF_TCP), NIF_ENOBUFS);
        // Waiting for the end or not, the place goes back.
        assert_int_equal(nif_fd_close(&t, fd, i % 2 ? in_us(S) : 0), 0);
        assert_int_equal(nif_fd_recv(&t, fd, got, 1, 0, 0), NIF_EINVAL);
        pump_pass(&pump, 10000);
    }
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), NIF_ENOBUFS);
}

static void
a_closed_listener_frees_its_backlog_but_not_what_it_accepted(void **state)
{
    int listener = listening(3);
    int fd;

    (void)state;
    pump_dial(&pump, 80);
    fd = nif_fd_accept(&t, listener, NULL, in_us(S));
    assert_int_equal(nif_fd_close(&t, listener, 0), 0);
    assert_int_equal(nif_fd_send(&t, fd, "still", 5, 0, in_us(S)), 5);
    pump_pass(&pump, 10000);
    assert_int_equal(pump.side.got_len, 5);
    for (unsigned i = 0; i < 3; i++) { // all but the accepted one's
        assert_in_range(nif_fd_socket(&t, NIF_UDP), 0, COUNT - 1);
    }
    assert_int_equal(nif_fd_socket(&t, NIF_UDP), NIF_ENOBUFS);
    assert_int_equal(nif_fd_close(&t, fd, in_us(S)), 0);
    assert_int_equal(nif_fd_socket(&t, NIF_UDP), fd);
}

static void a_listener_that_cannot_be_takes_no_places(void **state)
{
    const struct nif_endpoint local = { .port = 80 };
    int fd = nif_fd_socket(&t, NIF_TCP);

    (void)state;
    assert_int_equal(nif_fd_listen(&t, fd, 2), NIF_EINVAL); // not bound
    assert_int_equal(nif_fd_bind(&t, fd, &local), 0);
    assert_int_equal(nif_fd_listen(&t, fd, 0), NIF_EINVAL);
    assert_int_equal(nif_fd_listen(&t, fd, 4), NIF_ENOBUFS);
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), 1);
    assert_int_equal(nif_fd_close(&t, 1, 0), 0);
    buffers[2].rx = NULL; // of the second place: opening it fails
    assert_int_equal(nif_fd_listen(&t, fd, 2), NIF_EINVAL);
    buffers[2].rx = memory[2];
    assert_int_equal(nif_fd_listen(&t, fd, 3), 0);
    assert_int_equal(nif_fd_bind(&t, fd, &local), NIF_EISCONN);
}

static void every_place_can_be_taken_and_given_back(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(nif_fd_socket(&t, i % 2 ? NIF_UDP : NIF_TCP), i);
    }
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), NIF_ENOBUFS);
    assert_int_equal(nif_fd_close(&t, 2, 0), 0);
    assert_int_equal(nif_fd_socket(&t, NIF_TLS), NIF_ENOTSUP);
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), 2);
}

// It is kept as long as its place is not wanted (RFC 9293 3.3.2).
static void time_wait_gives_way_when_no_place_is_free(void **state)
{
    int fd;

    (void)state;
    pump_serve(&pump, 7);
    for (int i = 0; i < COUNT; i++) {
        fd = connected();
        assert_int_equal(fd, i); // those at rest come first
        assert_int_equal(nif_fd_close(&t, fd, in_us(S)), 0);
        assert_int_equal(nif_conn_state(&conns[i]), NIF_CONN_CLOSING);
    }
    assert_int_equal(connected(), 0);
}

// Its last bytes may still be under way.
static void what_was_closed_without_waiting_keeps_its_place(void **state)
{
    (void)state;
    pump_serve(&pump, 7);
    t.count = 1;
    assert_int_equal(connected(), 0);
    assert_int_equal(nif_fd_send(&t, 0, data, 2000, 0, in_us(S)), 2000);
    assert_int_equal(nif_fd_close(&t, 0, 0), 0);
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), NIF_ENOBUFS);
    pump_pass(&pump, S);
    assert_int_equal(pump.side.got_len, 2000);
    pump_pass(&pump, 120 * S);
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), 0);
}

static void one_look_is_not_a_deadline(void **state)
{
    int fd;

    (void)state;
    pump_serve(&pump, 7);
    pump.side.deaf = true;
    fd = connected();
    assert_int_equal(nif_fd_recv(&t, fd, got, 1, 0, in_us(1000)),
        NIF_ETIMEDOUT);
    assert_int_equal(nif_fd_recv(&t, fd, got, 1, NIF_FD_DONTWAIT | NIF_FD_ALL,
                         NIF_NEVER),
        NIF_EAGAIN);
    assert_int_equal(nif_fd_send(&t, fd, data, 5000,
                         NIF_FD_DONTWAIT | NIF_FD_ALL, NIF_NEVER),
        3000);
    pump_pass(&pump, S);
    while (nif_fd_send(&t, fd, data, 5000, NIF_FD_DONTWAIT, NIF_NEVER) > 0) {
        pump_pass(&pump, S);
    }
    assert_int_equal(nif_fd_send(&t, fd, data, 5000, NIF_FD_DONTWAIT,
                         NIF_NEVER),
        NIF_EAGAIN);
    assert_int_equal(nif_fd_send(&t, fd, data, 1, NIF_FD_ALL, in_us(1000)),
        NIF_ETIMEDOUT);
}

// Shows what came without taking it, as far as the stack can show it.
static int show(struct nif_stack *of, struct nif_conn *conn,
    const uint8_t **bytes)
{
    (void)of;
    (void)conn;
    *bytes = data;
    return pump.side.got_len > 0 ? 100 : NIF_EAGAIN;
}

static void a_peek_takes_nothing(void **state)
{
    static struct nif_stack_ops ops;
    int fd;

    (void)state;
    pump_serve(&pump, 7);
    ops = *stack()->ops;
    ops.peek = NULL;
    stack()->ops = &ops;
    fd = connected();
    assert_int_equal(nif_fd_recv(&t, fd, got, 9, NIF_FD_PEEK, in_us(1000)),
        NIF_ENOTSUP);
    ops.peek = show;
    assert_int_equal(nif_fd_recv(&t, fd, got, 9, NIF_FD_PEEK, in_us(1000)),
        NIF_ETIMEDOUT);
    assert_int_equal(nif_fd_recv(&t, fd, got, 9, NIF_FD_PEEK | NIF_FD_DONTWAIT,
                         NIF_NEVER),
        NIF_EAGAIN);
    assert_int_equal(nif_fd_send(&t, fd, "x", 1, 0, in_us(S)), 1);
    assert_int_equal(nif_fd_recv(&t, fd, got, 9, NIF_FD_PEEK, in_us(S)), 9);
    assert_memory_equal(got, data, 9);
}

static void datagrams_have_their_own_pair_of_calls(void **state)
{
    struct pump_side *s = &pump.side;
    const struct nif_open_cfg cfg = {
        .stack = &pump.pair.stack[1].stack,
        .proto = NIF_UDP,
        .buffers = { s->rx[0], 1000, s->tx[0], 1000 },
        .local.port = 53,
    };
    const struct nif_endpoint to = pump_peer(53);
    struct nif_endpoint from;
    int fd = nif_fd_socket(&t, NIF_UDP);

    (void)state;
    assert_int_equal(nif_open(&s->client, &cfg), 0);
    assert_int_equal(nif_fd_send_to(&t, fd, "ask", 3, &to, in_us(S)), 3);
    pump_pass(&pump, 10000);
    assert_int_equal(nif_conn_recv(&s->client, got, 10, &from), 3);
    assert_int_equal(nif_conn_send(&s->client, "answer", 6, &from), 6);
    assert_int_equal(nif_fd_recv_from(&t, fd, got, 10, &from, in_us(S)), 6);
    assert_int_equal(from.port, 53);
    assert_int_equal(nif_fd_recv_from(&t, fd, got, 10, &from, in_us(10)),
        NIF_ETIMEDOUT);
}

static void options_reach_the_connection(void **state)
{
    int fd = nif_fd_socket(&t, NIF_TCP);

    (void)state;
    assert_int_equal(nif_fd_option(&t, fd, NIF_OPT_TTL, 0), NIF_EINVAL);
    assert_int_equal(nif_fd_option(&t, fd, NIF_OPT_TTL, 3), 0);
}

static void names_are_asked_of_the_table_s_resolver(void **state)
{
    static struct nif_dns_resolver dns;
    const struct nif_endpoint to = { .host = "peer.test", .port = 7 };
    int fd = nif_fd_socket(&t, NIF_TCP);

    (void)state;
    assert_int_equal(nif_fd_connect(&t, fd, &to, in_us(S)), NIF_ENOTSUP);
    nif_dns_resolver_init(&dns, stack(), 1);
    t.resolver = &dns.resolver;
    assert_int_equal(nif_fd_connect(&t, fd, &to, in_us(S)), NIF_EADDR);
}

static void what_failed_is_only_to_be_closed(void **state)
{
    const struct nif_endpoint to = pump_peer(9);
    int fd = nif_fd_socket(&t, NIF_TCP);

    (void)state;
    assert_int_equal(nif_fd_connect(&t, fd, &to, in_us(S)), NIF_EREFUSED);
    assert_int_equal(nif_fd_send(&t, fd, "x", 1, 0, in_us(S)), NIF_EREFUSED);
    assert_int_equal(nif_fd_close(&t, fd, in_us(S)), NIF_EREFUSED);
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), fd);
}

static void expect_no_descriptor(int fd)
{
    const struct nif_endpoint at = pump_peer(7);
    struct nif_endpoint from;

    assert_null(nif_fd_conn(&t, fd));
    assert_int_equal(nif_fd_bind(&t, fd, &at), NIF_EINVAL);
    assert_int_equal(nif_fd_connect(&t, fd, &at, in_us(S)), NIF_EINVAL);
    assert_int_equal(nif_fd_listen(&t, fd, 1), NIF_EINVAL);
    assert_int_equal(nif_fd_accept(&t, fd, NULL, in_us(S)), NIF_EINVAL);
    assert_int_equal(nif_fd_send(&t, fd, "x", 1, 0, in_us(S)), NIF_EINVAL);
    assert_int_equal(nif_fd_send_to(&t, fd, "x", 1, &at, in_us(S)), NIF_EINVAL);
    assert_int_equal(nif_fd_recv(&t, fd, got, 1, 0, in_us(S)), NIF_EINVAL);
    assert_int_equal(nif_fd_recv_from(&t, fd, got, 1, &from, in_us(S)),
        NIF_EINVAL);
    assert_int_equal(nif_fd_shutdown(&t, fd), NIF_EINVAL);
    assert_int_equal(nif_fd_option(&t, fd, NIF_OPT_TTL, 3), NIF_EINVAL);
    assert_int_equal(nif_fd_close(&t, fd, in_us(S)), NIF_EINVAL);
}

static void a_number_that_is_no_descriptor_is_refused(void **state)
{
    int fd = nif_fd_socket(&t, NIF_TCP);

    (void)state;
    assert_ptr_equal(nif_fd_conn(&t, fd), &conns[fd]);
    expect_no_descriptor(-1);
    expect_no_descriptor(COUNT);
    expect_no_descriptor(COUNT - 1); // not opened
    assert_int_equal(nif_fd_close(&t, fd, 0), 0);
    expect_no_descriptor(fd);
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), 0);
    assert_int_equal(nif_fd_socket(&t, NIF_TCP), 1);
    t.count = 1; // what lies behind the table is not looked at
    expect_no_descriptor(1);
}

static void a_listener_whose_address_went_gives_its_places_back(void **state)
{
    const struct nif_endpoint local = { .ip = nif_ip4(192, 0, 2, 1),
        .port = 80 };
    struct nif_net net = { .ip = nif_ip4(192, 0, 2, 9), .prefix_len = 24 };
    int fd = nif_fd_socket(&t, NIF_TCP);

    (void)state;
    assert_int_equal(nif_fd_bind(&t, fd, &local), 0);
    assert_int_equal(nif_fd_listen(&t, fd, COUNT - 1), 0);
    assert_int_equal(nif_stack_set_net(stack(), &net), 0);
    assert_int_equal(nif_fd_close(&t, fd, 0), 0);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(nif_fd_socket(&t, NIF_TCP), i);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_gets_its_bytes_back),
        TEST(a_server_accepts_and_says_who_came),
        TEST(a_backlog_is_used_again_and_by_nobody_else),
        TEST(a_closed_listener_frees_its_backlog_but_not_what_it_accepted),
        TEST(a_listener_that_cannot_be_takes_no_places),
        TEST(every_place_can_be_taken_and_given_back),
        TEST(time_wait_gives_way_when_no_place_is_free),
        TEST(what_was_closed_without_waiting_keeps_its_place),
        TEST(one_look_is_not_a_deadline),
        TEST(a_peek_takes_nothing),
        TEST(datagrams_have_their_own_pair_of_calls),
        TEST(options_reach_the_connection),
        TEST(names_are_asked_of_the_table_s_resolver),
        TEST(what_failed_is_only_to_be_closed),
        TEST(a_number_that_is_no_descriptor_is_refused),
        TEST(a_listener_whose_address_went_gives_its_places_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
