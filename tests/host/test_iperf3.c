// SPDX-License-Identifier: MIT
//
// The iperf3 examples against each other, and each against a partner that
// breaks the protocol: boards on one switch, in virtual time.

#include "examples/iperf3/iperf3.h"
#include "nif/net.h"
#include "tests/host/boards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int nif_app_iperf3(struct nif_board *board);
int nif_app_iperf3_client(struct nif_board *board);

// What a partner by hand hears: states, in their order; 0: the end.
static struct heard {
    unsigned count;
    uint8_t state[16];
} heard[BOARDS];

static int setup(void **state)
{
    memset(heard, 0, sizeof(heard));
    (void)boards_setup(state);
    boards.cpu_ns = 10000; // slow: what matters is not how much there is
    return 0;
}

static void add(int (*app)(struct nif_board *board), const char *args)
{
    boards_add("direct", app, args);
}

// The number behind `text` in what the board said.
static uint64_t number_said(unsigned board, const char *text)
{
    return strtoull(boards_said(board, text) + strlen(text), NULL, 10);
}

// -------------------------------------------------- with each other

static void measure(const char *args)
{
    add(nif_app_iperf3, NULL);
    add(nif_app_iperf3_client, args);
    boards_run(20);
    assert_int_equal(boards_result(1), 0);
}

static void tcp_is_counted_alike_on_both_sides(void **state)
{
    uint64_t sent;

    (void)state;
    measure("192.0.2.2 -t 1");
    sent = number_said(1, "TCP, sent ");
    assert_true(sent > 500000);
    boards_said(1, " bytes in 1.00");
    assert_in_range(number_said(0, "TCP, received "), sent - 100000,
        sent + 300000);
    assert_int_equal(number_said(0, "has counted "), sent);
}

static void the_server_sends_when_it_is_asked_to(void **state)
{
    (void)state;
    measure("192.0.2.2 -R -n 500000");
    assert_in_range(number_said(1, "TCP, received "), 500000, 600000);
    assert_true(number_said(0, "TCP, sent ") >= 400000);
}

// The board has less room than they want, and other connections beside them.
static void none_of_several_streams_starves(void **state)
{
    uint64_t all;

    (void)state;
    boards.cpu_ns = 0; // the wire is slow
    boards_add("enc28j60", nif_app_iperf3, NULL);
    add(nif_app_iperf3_client, "192.0.2.2 -R -P 4 -t 2");
    boards_run(20);
    assert_int_equal(boards_result(1), 0);
    all = number_said(1, "TCP, received ");
    assert_true(all > 1000000);
    for (int i = 1; i <= 4; i++) {
        char text[16];

        snprintf(text, sizeof(text), "stream %d: ", i);
        assert_in_range(number_said(1, text), all * 2 / 10, all * 3 / 10);
    }
}

static void so_many_bytes_arrive_before_the_end_is_told(void **state)
{
    (void)state;
    measure("192.0.2.2 -n 500000 -P 3");
    assert_in_range(number_said(1, "TCP, sent "), 500000, 510000);
    assert_true(number_said(0, "TCP, received ") >= 500000);
}

static void datagrams_keep_their_pace(void **state)
{
    (void)state;
    measure("192.0.2.2 -u -b 2M -t 2");
    assert_in_range(number_said(1, "UDP, sent "), 490000, 510000);
    assert_in_range(number_said(0, "UDP, received "), 490000, 510000);
    boards_said(0, "lost 0");
    boards_said(1, "lost 0");
}

static void datagrams_come_back_from_the_server(void **state)
{
    (void)state;
    measure("192.0.2.2 -u -b 2M -t 2 -R -P 2 -l 500");
    assert_in_range(number_said(1, "UDP, received "), 980000, 1020000);
    boards_said(1, "lost 0");
}

static void one_test_follows_the_other(void **state)
{
    (void)state;
    add(nif_app_iperf3, NULL);
    add(nif_app_iperf3_client, "192.0.2.2 -t 1");
    boards_run(5);
    assert_int_equal(boards_result(1), 0);
    add(nif_app_iperf3_client, "192.0.2.2 -u -t 1");
    boards_run(5);
    assert_int_equal(boards_result(2), 0);
    boards_said(0, "TCP, received ");
    boards_said(0, "UDP, received ");
}

// ------------------------------------------------- by hand, a client

static uint8_t rings[4][4096];
static struct nif_conn hand[2];
static const char *params;
static uint64_t wait_us; // before it begins
static int drained;      // how its stream ended

static int up(struct nif_board *board)
{
    int err = nif_iface_start(board->iface);

    while (err == 0 && !board->stop &&
        !(nif_iface_flags(board->iface) & NIF_IFACE_LINK)) {
        nif_clock_wait(board->clock, nif_poll_all(board->stack));
    }
    return err;
}

static uint64_t in_us(struct nif_board *board, uint64_t us)
{
    return nif_clock_now_us(board->clock) + us;
}

static int dial(struct nif_board *board, size_t i, const char *cookie)
{
    const struct nif_open_cfg cfg = {
        .stack = board->stack,
        .buffers = { rings[2 * i], 4096, rings[2 * i + 1], 4096 },
    };
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 2),
        .port = IPERF3_PORT };
    int err = nif_dial(&hand[i], &cfg, &to, in_us(board, 2000000));

    return err != 0
        ? err
        : nif_send_all(&hand[i], cookie, IPERF3_COOKIE, in_us(board, 2000000));
}

// Writes down what is said, until nothing more is for `us`, or `n` states.
static void hear(struct nif_board *board, struct nif_conn *conn, unsigned n,
    uint64_t us)
{
    struct heard *h = &heard[boards_index(board)];

    while (n-- > 0 && h->count < sizeof(h->state)) {
        uint8_t byte = 0;
        int got = nif_recv(conn, &byte, 1, in_us(board, us));

        if (got < 0) {
            return;
        }
        h->state[h->count++] = got == 1 ? byte : 0;
        if (got == 0) {
            return;
        }
    }
}

static void say(struct nif_board *board, const void *data, size_t len)
{
    (void)!nif_send_all(&hand[0], data, len, in_us(board, 2000000));
}

static void say_params(struct nif_board *board, const char *text)
{
    uint8_t head[4];

    nif_put_be32(head, (uint32_t)strlen(text));
    say(board, head, 4);
    say(board, text, strlen(text));
}

static void hang_up(void)
{
    for (unsigned i = 0; i < 2; i++) {
        if (nif_conn_state(&hand[i]) != NIF_CONN_CLOSED) {
            nif_conn_abort(&hand[i]);
        }
    }
}

static const char cookie[IPERF3_COOKIE] =
    "abcdefghijklmnopqrstuvwxyz2345672345";
static const char other_cookie[IPERF3_COOKIE] =
    "zbcdefghijklmnopqrstuvwxyz2345672345";

static void expect_heard(unsigned board, const uint8_t *state, unsigned n)
{
    assert_int_equal(heard[board].count, n);
    assert_memory_equal(heard[board].state, state, n);
}

#define EXPECT_HEARD(board, ...)                          \
    expect_heard(board, (const uint8_t[]){ __VA_ARGS__ }, \
        sizeof((const uint8_t[]){ __VA_ARGS__ }))

// Says its parameters and writes down the answer.
static int asking(struct nif_board *board)
{
    memset(hand, 0, sizeof(hand));
    if (up(board) == 0 && dial(board, 0, cookie) == 0) {
        hear(board, &hand[0], 1, 2000000);
        say_params(board, params);
        hear(board, &hand[0], 12, 2000000);
    }
    hang_up();
    return 0;
}

// Is sent to, and ends the test in the middle of a block, as iperf3 does: what
// is said next it hears when each stream has come to its end.
static int draining(struct nif_board *board)
{
    const uint8_t end[2] = { IPERF3_TEST_END, IPERF3_DONE };
    uint8_t scrap[1000];

    memset(hand, 0, sizeof(hand));
    if (up(board) == 0 && dial(board, 0, cookie) == 0) {
        hear(board, &hand[0], 1, 2000000);
        say_params(board,
            "{\"tcp\":true,\"reverse\":true,\"parallel\":1,"
            "\"len\":131072}");
        hear(board, &hand[0], 1, 2000000);
        if (dial(board, 1, cookie) == 0) {
            int n = 1;

            hear(board, &hand[0], 2, 2000000);
            say(board, &end[0], 1);
            while (n > 0) {
                n = nif_recv(&hand[1], scrap, sizeof(scrap),
                    in_us(board, 2000000));
            }
            drained = n;
            hear(board, &hand[0], 1, 2000000);
            say_params(board, "{}"); // results
            say(board, &end[1], 1);
            hear(board, &hand[0], 4, 2000000);
        }
    }
    hang_up();
    return 0;
}

static void a_stream_ends_in_good_order_when_the_test_does(void **state)
{
    (void)state;
    drained = 1;
    add(nif_app_iperf3, NULL);
    add(draining, NULL);
    boards_run(20);
    assert_int_equal(drained, 0);
    // ... the results are wanted, and told behind their length.
    assert_memory_equal(heard[1].state + 2, ((uint8_t[]){ 1, 2, 13, 0, 0 }), 5);
    boards_said(0, "TCP, sent ");
}

static void what_it_cannot_do_it_says_with_iperf3_s_number(void **state)
{
    const struct {
        const char *params;
        uint8_t number;
    } rows[] = {
        { "{\"tcp\":true,\"bidirectional\":true,\"parallel\":1}", 13 },
        { "{\"sctp\":true}", 13 },
        { "{\"tcp\":true,\"authtoken\":\"x\"}", 13 },
        { "{\"tcp\":true,\"parallel\":99}", 6 },
        { "{\"tcp\":true,\"parallel\":0}", 6 },
        { "{\"udp\":true,\"len\":1473}", 20 },
        { "{\"udp\":true,\"len\":15}", 20 },
    };

    for (size_t i = 0; i < nif_countof(rows); i++) {
        params = rows[i].params;
        add(nif_app_iperf3, NULL);
        add(asking, NULL);
        boards_run(8);
        EXPECT_HEARD(1, 9, 254, 0, 0, 0, rows[i].number, 0, 0, 0, 0, 0);
        (void)boards_teardown(state);
        (void)setup(state);
    }
}

static void nonsense_in_place_of_parameters_is_tolerated(void **state)
{
    (void)state;
    params = "\"{[";
    add(nif_app_iperf3, NULL);
    add(asking, NULL);
    boards_run(2);
    // One TCP stream, as far as it knows.
    EXPECT_HEARD(1, 9, 10);
}

static int lying(struct nif_board *board)
{
    static const uint8_t head[4] = { 0x7F, 0xFF, 0xFF, 0xFF };

    memset(hand, 0, sizeof(hand));
    if (up(board) == 0 && dial(board, 0, cookie) == 0) {
        hear(board, &hand[0], 1, 2000000);
        say(board, head, 4);
        hear(board, &hand[0], 12, 2000000);
    }
    hang_up();
    return 0;
}

static void a_text_too_long_to_be_ends_the_test(void **state)
{
    (void)state;
    add(nif_app_iperf3, NULL);
    add(lying, NULL);
    boards_run(5);
    EXPECT_HEARD(1, 9, 0);
    boards_said(0, "broke its protocol");
}

// Says nothing for longer than a step may take, then comes again.
static int silent(struct nif_board *board)
{
    memset(hand, 0, sizeof(hand));
    if (up(board) == 0 && dial(board, 0, cookie) == 0) {
        hear(board, &hand[0], 2, 15000000);
        hang_up();
        if (dial(board, 0, cookie) == 0) {
            hear(board, &hand[0], 1, 2000000);
        }
    }
    hang_up();
    return 0;
}

static void a_silent_client_keeps_nobody_out_for_ever(void **state)
{
    (void)state;
    add(nif_app_iperf3, NULL);
    add(silent, NULL);
    boards_run(30);
    EXPECT_HEARD(1, 9, 0, 9);
    boards_said(0, "longer than it may");
}

// A stranger's connection in place of the stream; then the stream; then it
// ends the test in the middle.
static int terminating(struct nif_board *board)
{
    const uint8_t end = IPERF3_CLIENT_TERMINATE;

    memset(hand, 0, sizeof(hand));
    if (up(board) == 0 && dial(board, 0, cookie) == 0) {
        hear(board, &hand[0], 1, 2000000);
        say_params(board, "{\"tcp\":true,\"reverse\":true,\"parallel\":1}");
        hear(board, &hand[0], 1, 2000000);
        if (dial(board, 1, other_cookie) == 0) {
            hear(board, &hand[1], 2, 2000000);
            nif_conn_abort(&hand[1]);
        }
        if (dial(board, 1, cookie) == 0) {
            hear(board, &hand[0], 2, 2000000);
            say(board, &end, 1);
            hear(board, &hand[0], 2, 2000000);
        }
    }
    hang_up();
    return 0;
}

static void strangers_are_refused_and_a_client_may_give_up(void **state)
{
    (void)state;
    add(nif_app_iperf3, NULL);
    add(terminating, NULL);
    boards_run(20);
    EXPECT_HEARD(1, 9, 10, 255, 0, 1, 2, 0);
    boards_said(0, "the test ended");
}

static int late(struct nif_board *board)
{
    memset(hand, 0, sizeof(hand));
    if (up(board) == 0) {
        uint64_t until_us = in_us(board, wait_us);

        while (nif_clock_now_us(board->clock) < until_us) {
            (void)nif_poll_all(board->stack);
            nif_clock_wait(board->clock, until_us);
        }
        if (dial(board, 0, other_cookie) == 0) {
            hear(board, &hand[0], 2, 2000000);
        }
    }
    hang_up();
    return 0;
}

static void who_comes_during_a_test_is_told_that_it_is_busy(void **state)
{
    (void)state;
    wait_us = 1000000;
    add(nif_app_iperf3, NULL);
    add(nif_app_iperf3_client, "192.0.2.2 -t 3");
    add(late, NULL);
    boards_run(10);
    EXPECT_HEARD(2, 255, 0);
    assert_int_equal(boards_result(1), 0);
}

// ------------------------------------------------- by hand, a server

static uint8_t last_word; // 0: hangs up

static int serving(struct nif_board *board)
{
    struct nif_conn listener = { .err = 0 };
    const struct nif_conn_cfg buffers = { rings[0], 4096, rings[1], 4096 };
    struct nif_conn *conn = NULL;

    memset(hand, 0, sizeof(hand));
    if (up(board) == 0 &&
        nif_listen(&listener,
            &(struct nif_listen_cfg){
                .stack = board->stack,
                .local.port = IPERF3_PORT,
                .backlog = hand,
                .buffers = &buffers,
                .n = 1,
            }) == 0) {
        if (nif_accept(&listener, &conn, NULL, in_us(board, 5000000)) == 0) {
            if (last_word != 0) {
                (void)!nif_send(conn, &last_word, 1, in_us(board, 5000000));
            }
            (void)nif_close(conn, in_us(board, 5000000));
        }
        nif_conn_abort(&listener);
    }
    hang_up();
    return 0;
}

static void what_the_server_refuses_is_the_client_s_error(void **state)
{
    const struct {
        uint8_t word;
        int err;
    } rows[] = {
        { 0, NIF_ERESET },
        { IPERF3_ACCESS_DENIED, NIF_EREFUSED },
        { IPERF3_SERVER_ERROR, NIF_ENOTSUP },
        { IPERF3_SERVER_TERMINATE, NIF_ERESET },
        { 77, NIF_EPROTO },
    };

    for (size_t i = 0; i < nif_countof(rows); i++) {
        last_word = rows[i].word;
        add(serving, NULL);
        add(nif_app_iperf3_client, "192.0.2.2");
        boards_run(40);
        assert_int_equal(boards_result(1), rows[i].err);
        (void)boards_teardown(state);
        (void)setup(state);
    }
}

static int idling(struct nif_board *board)
{
    if (up(board) != 0) {
        return NIF_EIO;
    }
    while (!board->stop) {
        uint64_t until_us = in_us(board, 100000);

        (void)nif_poll_all(board->stack);
        nif_clock_wait(board->clock, until_us);
    }
    return 0;
}

static void a_server_that_is_not_there_is_asked_for_some_seconds(void **state)
{
    (void)state;
    add(idling, NULL);
    add(nif_app_iperf3_client, "192.0.2.2");
    boards_run(8);
    assert_false(sim_fiber_ended(boards.board[1].fiber));
    boards_run(8);
    assert_int_equal(boards_result(1), NIF_EREFUSED);
}

static void arguments_that_make_no_sense_are_told(void **state)
{
    static const char *const rows[] = { NULL, "", "-t 5", "1.2.3.4 5.6.7.8",
        "1.2.3.4 -t", "1.2.3.4 -t 0", "1.2.3.4 -t x", "1.2.3.4 -x 1",
        "1.2.3.4 -P 99", "1.2.3.4 -l 9999", "1.2.3.4 -p 0", "1.2.3.4 -tt 5" };

    for (size_t i = 0; i < nif_countof(rows); i++) {
        add(nif_app_iperf3_client, rows[i]);
        boards_run(1);
        assert_int_equal(boards_result(0), NIF_EINVAL);
        boards_said(0, "SERVER [-p PORT]");
        (void)boards_teardown(state);
        (void)setup(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, boards_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tcp_is_counted_alike_on_both_sides),
        TEST(the_server_sends_when_it_is_asked_to),
        TEST(none_of_several_streams_starves),
        TEST(so_many_bytes_arrive_before_the_end_is_told),
        TEST(datagrams_keep_their_pace),
        TEST(datagrams_come_back_from_the_server),
        TEST(one_test_follows_the_other),
        TEST(a_stream_ends_in_good_order_when_the_test_does),
        TEST(what_it_cannot_do_it_says_with_iperf3_s_number),
        TEST(nonsense_in_place_of_parameters_is_tolerated),
        TEST(a_text_too_long_to_be_ends_the_test),
        TEST(a_silent_client_keeps_nobody_out_for_ever),
        TEST(strangers_are_refused_and_a_client_may_give_up),
        TEST(who_comes_during_a_test_is_told_that_it_is_busy),
        TEST(what_the_server_refuses_is_the_client_s_error),
        TEST(a_server_that_is_not_there_is_asked_for_some_seconds),
        TEST(arguments_that_make_no_sense_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
