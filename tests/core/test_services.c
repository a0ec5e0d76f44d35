// SPDX-License-Identifier: MIT
//
// The services application on one stack, its clients on the other. The
// application runs as on a board; what the rest of the world does happens
// while it waits.

#include "nif/board.h"
#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLIENTS 4

// A client: says something, reads until the end, or until `want` bytes.
struct client {
    const char *say;
    size_t say_len;
    size_t want;      // 0: until the peer closes
    uint64_t slow_us; // begins so much later
    size_t said;
    size_t got_len;
    struct nif_conn conn;
    bool begun;
    bool done;
    uint16_t port;
    char got[20000];
    uint8_t rx[3000];
    uint8_t tx[3000];
};

static struct pair p;
static struct nif_board board;
static struct client clients[CLIENTS];
static size_t client_count;
static uint64_t begun_us;
static unsigned failing_starts;
static struct nif_iface_ops ops;
static int (*real_start)(struct nif_iface *iface);
static char text[20000];

static int failing_start(struct nif_iface *iface)
{
    if (failing_starts > 0) {
        failing_starts--;
        return NIF_ENODEV;
    }
    return real_start(iface);
}

static void begin(struct client *c)
{
    const struct nif_conn_cfg cfg = { c->rx, sizeof(c->rx), c->tx,
        sizeof(c->tx) };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 1),
        .port = c->port };

    assert_int_equal(nif_conn_open(&p.stack[1].stack, &c->conn, NIF_TCP, &cfg),
        0);
    assert_int_equal(nif_conn_connect(&c->conn, &to), 0);
    c->begun = true;
}

static void move(struct client *c)
{
    int n =
        nif_conn_send(&c->conn, c->say + c->said, c->say_len - c->said, NULL);

    if (n > 0) {
        c->said += (size_t)n;
    }
    n = nif_conn_recv(&c->conn, c->got + c->got_len,
        sizeof(c->got) - c->got_len, NULL);
    if (n > 0) {
        c->got_len += (size_t)n;
    }
    if ((n <= 0 && n != NIF_EAGAIN) ||
        (c->want != 0 && c->got_len >= c->want)) {
        nif_conn_close(&c->conn);
        c->done = true;
    }
}

static uint64_t lose_us; // when all listeners end; 0: never

static void lose_listeners(void)
{
    for (struct nif_conn *c = p.stack[0].conns; c != NULL; c = c->next) {
        if (c->state == NIF_CONN_LISTENING) {
            c->state = NIF_CONN_FAILED;
            c->err = NIF_ERESET;
        }
    }
    lose_us = 0;
}

static void run_clients(void)
{
    bool all = true;

    if (lose_us != 0 && p.now_us > lose_us) {
        lose_listeners();
    }

    for (size_t i = 0; i < client_count; i++) {
        struct client *c = &clients[i];

        if (!c->begun && p.now_us > begun_us + 2000000 + c->slow_us) {
            begin(c);
        }
        if (c->begun && !c->done) {
            move(c);
        }
        all = all && c->done;
    }
    board.stop = all || p.now_us > begun_us + 60000000;
}

static uint64_t board_now_us(struct nif_clock *clock)
{
    (void)clock;
    return p.now_us;
}

static void board_wait(struct nif_clock *clock, uint64_t until_us)
{
    (void)clock;
    p.now_us += 5;
    while (!p.woken && p.now_us < until_us && !board.stop &&
        (p.dev[0].queued == 0 || p.dev[0].queue[0].at_us > p.now_us)) {
        (void)nif_stack_poll(&p.stack[1].stack);
        run_clients();
        p.now_us += 50;
    }
    (void)nif_stack_poll(&p.stack[1].stack);
    run_clients();
    p.woken = false;
}

static void board_wake(struct nif_clock *clock)
{
    (void)clock;
    p.woken = true;
}

static const struct nif_clock_ops board_clock = {
    .now_us = board_now_us,
    .wait = board_wait,
    .wake = board_wake,
};

static int setup(void **state)
{
    (void)state;
    pair_init(&p, 41);
    p.cable = (struct pair_cable){ .byte_ns = 800, .delay_us = 50 };
    p.clock.ops = &board_clock;
    memset(clients, 0, sizeof(clients));
    client_count = 0;
    failing_starts = 0;
    begun_us = p.now_us;
    ops = *p.dev[0].iface.ops;
    real_start = ops.start;
    ops.start = failing_start;
    p.dev[0].iface.ops = &ops;
    board = (struct nif_board){
        .name = "test board",
        .clock = &p.clock,
        .iface = &p.dev[0].iface,
        .stack = &p.stack[0].stack,
        .seed = 1,
    };
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)(i * 7 + i / 251);
    }
    return 0;
}

static struct client *add(uint16_t port, const char *say, size_t len,
    size_t want)
{
    struct client *c = &clients[client_count++];

    c->port = port;
    c->say = say;
    c->say_len = len;
    c->want = want;
    return c;
}

static void expect_text(const struct client *c, const char *what)
{
    if (strstr(c->got, what) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", what, c->got);
    }
}

static struct client *get(const char *request)
{
    return add(80, request, strlen(request), 0);
}

static void the_page_is_served(void **state)
{
    const struct client *c = get("GET / HTTP/1.0\r\nHost: board\r\n\r\n");
    const char *body;

    (void)state;
    assert_int_equal(nif_app(&board), 0);
    expect_text(c, "HTTP/1.0 200 OK\r\n");
    expect_text(c, "Content-Type: text/html\r\n");
    expect_text(c, "test board");
    expect_text(c, "192.0.2.1");
    expect_text(c, "up 2 s");
    body = strstr(c->got, "\r\n\r\n");
    assert_non_null(body);
    body += 4;
    expect_text(c, "Content-Length: ");
    assert_int_equal(strtoul(strstr(c->got, "Length: ") + 8, NULL, 10),
        c->got_len - (size_t)(body - c->got));
}

static void what_is_not_there_or_not_allowed_is_said(void **state)
{
    const struct client *lost = get("GET /etc/passwd HTTP/1.0\r\n\r\n");
    const struct client *post =
        get("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");

    (void)state;
    assert_int_equal(nif_app(&board), 0);
    expect_text(lost, "HTTP/1.0 404 Not Found\r\n");
    expect_text(post, "HTTP/1.0 405 Method Not Allowed\r\n");
    expect_text(post, "Allow: GET\r\n");
}

static void a_request_in_pieces_and_one_without_end(void **state)
{
    const struct client *bare = get("GET /\n\n");
    struct client *never = get("GET / HTTP/1.0\r\nX: ");
    struct client *late = get("GET /index.html HTTP/1.0\r\n\r\n");

    (void)state;
    late->slow_us = 12000000; // the silent one has been put out by then
    assert_int_equal(nif_app(&board), 0);
    expect_text(bare, "HTTP/1.0 200 OK\r\n");
    expect_text(late, "HTTP/1.0 200 OK\r\n");
    assert_int_equal(never->got_len, 0);
}

static void several_clients_get_their_echo_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CLIENTS; i++) {
        (void)add(7, text + i, 15000, 15000);
    }
    p.cable.loss = 10;
    assert_int_equal(nif_app(&board), 0);
    for (unsigned i = 0; i < CLIENTS; i++) {
        assert_int_equal(clients[i].got_len, 15000);
        assert_memory_equal(clients[i].got, text + i, 15000);
    }
}

static void a_device_that_does_not_start_is_tried_again(void **state)
{
    const struct client *c = get("GET / HTTP/1.0\r\n\r\n");

    (void)state;
    failing_starts = 3; // 0.5 + 1 + 2 s
    p.dev[0].link = false;
    assert_int_equal(nif_app(&board), 0);
    assert_int_equal(failing_starts, 0);
    expect_text(c, "HTTP/1.0 200 OK\r\n");
}

static void it_serves_what_it_is_told_to(void **state)
{
    static const char *const words[] = { "page", "echo" };

    for (size_t i = 0; i < 2; i++) {
        if (i > 0) {
            assert_int_equal(setup(state), 0);
        }
        board.args = words[i];
        (void)get("GET / HTTP/1.0\r\n\r\n");
        (void)add(7, text, 1000, 1000);
        assert_int_equal(nif_app(&board), 0);
        assert_int_equal(clients[i].got_len > 0, 1);
        assert_int_equal(clients[1 - i].got_len, 0); // refused
    }
}

static struct nif_stack_ops few;
static const struct nif_stack_ops *all;

// As a chip with five sockets.
static int open_few(struct nif_stack *stack, struct nif_conn *conn,
    enum nif_proto proto, const struct nif_conn_cfg *cfg)
{
    unsigned n = 0;

    for (struct nif_conn *c = p.stack[0].conns; c != NULL; c = c->next) {
        n++;
    }
    return n < 5 ? all->open(stack, conn, proto, cfg) : NIF_ENOBUFS;
}

static void five_connections_are_enough(void **state)
{
    const struct client *page = get("GET / HTTP/1.0\r\n\r\n");

    (void)state;
    (void)add(7, text, 1000, 1000);
    all = p.stack[0].stack.ops;
    few = *all;
    few.open = open_few;
    p.stack[0].stack.ops = &few;
    p.stack[0].stack.caps.conn_max = 5;
    assert_int_equal(nif_app(&board), 0);
    expect_text(page, "HTTP/1.0 200 OK\r\n");
    assert_int_equal(clients[1].got_len, 1000);
}

// A chip that lost itself has lost what listened in it.
static void what_was_lost_is_opened_again(void **state)
{
    (void)state;
    (void)get("GET / HTTP/1.0\r\n\r\n");
    clients[0].slow_us = 10000000;
    lose_us = begun_us + 4000000;
    assert_int_equal(nif_app(&board), 0);
    assert_int_equal(lose_us, 0);
    expect_text(&clients[0], "HTTP/1.0 200 OK\r\n");
}

// Puts a datagram where the device has received it already.
static void receive(uint16_t from, const char *data)
{
    struct pair_frame *f = &p.dev[0].queue[p.dev[0].queued++];

    f->at_us = 0;
    f->len = pair_udp(&p, f->data, from, 7, data, strlen(data));
}

// CVE-1999-0103
static void datagrams_come_back_but_not_to_another_echo(void **state)
{
    static struct nif_conn udp;
    static uint8_t rx[200];
    const struct nif_conn_cfg cfg = { .rx = rx, .rx_cap = sizeof(rx) };
    const struct nif_endpoint local = { .port = 5000 };
    uint8_t got[10];

    (void)state;
    receive(7, "loop");
    receive(5000, "hello");
    assert_int_equal(nif_conn_open(&p.stack[1].stack, &udp, NIF_UDP, &cfg), 0);
    assert_int_equal(nif_conn_bind(&udp, &local), 0);
    (void)get("GET / HTTP/1.0\r\n\r\n");
    assert_int_equal(nif_app(&board), 0);
    assert_int_equal(p.stack[0].stats.udp_rx, 2);
    assert_int_equal(p.stack[0].stats.udp_tx, 1);
    assert_int_equal(nif_conn_recv(&udp, got, sizeof(got), NULL), 5);
    assert_memory_equal(got, "hello", 5);
    expect_text(&clients[0], "bytes echoed: 5");
}

// The application's memory is on its C stack: when it is stopped, nothing of
// it may stay behind.
static void a_stopped_application_leaves_nothing_in_the_stack(void **state)
{
    (void)state;
    board.use_dhcp = true;
    (void)add(7, text, 15000, 1000);
    (void)get("GET / HTTP/1.0\r\n");
    clients[1].slow_us = 500000;
    assert_int_equal(nif_app(&board), 0);
    assert_null(p.stack[0].conns);
}

static void a_port_that_is_taken_ends_the_application(void **state)
{
    static struct nif_conn udp;
    const struct nif_conn_cfg none = { .rx = NULL };
    const struct nif_endpoint local = { .port = 7 };

    (void)state;
    assert_int_equal(nif_conn_open(&p.stack[0].stack, &udp, NIF_UDP, &none), 0);
    assert_int_equal(nif_conn_bind(&udp, &local), 0);
    assert_int_equal(nif_app(&board), NIF_EADDRINUSE);
    nif_conn_abort(&udp);
    assert_null(p.stack[0].conns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_serves_what_it_is_told_to, setup),
        cmocka_unit_test_setup(five_connections_are_enough, setup),
        cmocka_unit_test_setup(what_was_lost_is_opened_again, setup),
        cmocka_unit_test_setup(the_page_is_served, setup),
        cmocka_unit_test_setup(what_is_not_there_or_not_allowed_is_said, setup),
        cmocka_unit_test_setup(a_request_in_pieces_and_one_without_end, setup),
        cmocka_unit_test_setup(several_clients_get_their_echo_at_once, setup),
        cmocka_unit_test_setup(a_device_that_does_not_start_is_tried_again,
            setup),
        cmocka_unit_test_setup(datagrams_come_back_but_not_to_another_echo,
            setup),
        cmocka_unit_test_setup(
            a_stopped_application_leaves_nothing_in_the_stack, setup),
        cmocka_unit_test_setup(a_port_that_is_taken_ends_the_application,
            setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
