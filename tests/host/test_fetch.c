// SPDX-License-Identifier: MIT
//
// The example that fetches a page: from the services example on each kind of
// stack, and from servers that do it badly. Boards on one switch, in virtual
// time.

#include "nif/net.h"
#include "tests/host/boards.h"

#include <stdio.h>
#include <string.h>

int nif_app_services(struct nif_board *board);
int nif_app_fetch(struct nif_board *board);

// A server by hand.
static struct {
    const char *reply;
    char asked[400];       // what it was asked
    uint64_t server_at_us; // when it begins
    int ended;             // what it heard behind the question
} b;

static int setup(void **state)
{
    memset(&b, 0, sizeof(b));
    return boards_setup(state);
}

// What the one that fetches has printed: it is the last.
static const char *said(void)
{
    return boards.said[boards.count - 1];
}

static void expect_said(const char *text)
{
    boards_said(boards.count - 1, text);
}

// Fetches from the other board, and is done within `seconds`. Returns how it
// ended.
static int fetch(const char *chip, const char *url, uint64_t seconds)
{
    boards_add(chip, nif_app_fetch, url);
    boards_run(seconds);
    return boards_result(boards.count - 1);
}

static int wait_until(struct nif_board *board, uint64_t us)
{
    while (nif_clock_now_us(board->clock) < us) {
        nif_clock_wait(board->clock, us);
    }
    return nif_iface_start(board->iface);
}

static int serve(struct nif_board *board)
{
    static uint8_t rx[1024];
    static uint8_t tx[2048];
    static struct nif_conn listener;
    static struct nif_conn conn;
    struct nif_conn *got;
    const struct nif_conn_cfg buffers = { rx, sizeof(rx), tx, sizeof(tx) };
    uint64_t until_us;
    uint8_t tail[16];
    size_t len = 0;
    int n = 1;

    memset(&listener, 0, sizeof(listener));
    memset(&conn, 0, sizeof(conn));
    assert_int_equal(wait_until(board, b.server_at_us), 0);
    until_us = nif_clock_now_us(board->clock) + 40000000;
    assert_int_equal(nif_listen(&listener,
                         &(struct nif_listen_cfg){ .stack = board->stack,
                             .local = { .port = 8080 },
                             .backlog = &conn,
                             .buffers = &buffers,
                             .n = 1 }),
        0);
    if (nif_accept(&listener, &got, NULL, until_us) == 0) {
        while (n > 0 && !strstr(b.asked, "\r\n\r\n")) {
            n = nif_recv(got, b.asked + len, sizeof(b.asked) - 1 - len,
                until_us);
            len += n > 0 ? (size_t)n : 0;
        }
        (void)!nif_send_all(got, b.reply, strlen(b.reply), until_us);
        (void)nif_conn_shutdown(got);
        b.ended = nif_recv(got, tail, sizeof(tail), until_us);
        (void)nif_close(got, nif_clock_now_us(board->clock) + 1000000);
        nif_conn_abort(got);
    }
    nif_conn_abort(&listener);
    return 0;
}

static int fetch_reply(const char *reply)
{
    b.reply = reply;
    b.ended = 1;
    boards_add("direct", serve, NULL);
    return fetch("direct", "192.0.2.2:8080/a/b?c=d", 20);
}

// ---- what works

static void fetches(const char *from, const char *to)
{
    char text[60];

    boards_add(from, nif_app_services, "page");
    assert_int_equal(fetch(to, "http://192.0.2.2/index.html", 20), 0);
    snprintf(text, sizeof(text), "the board <b>%s</b> at 192.0.2.2.", from);
    expect_said(text);
    expect_said("\n<li>pages: 1\n");
    expect_said("\n</ul>\n");
}

static void a_page_comes_from_our_stack(void **state)
{
    (void)state;
    fetches("direct", "direct");
}

static void a_page_comes_from_a_chip_with_sockets(void **state)
{
    (void)state;
    fetches("w5500", "enc28j60");
}

static void a_chip_with_sockets_fetches(void **state)
{
    (void)state;
    fetches("w5500-raw", "w5500");
}

static void it_asks_as_http_1_0_has_it(void **state)
{
    (void)state;
    assert_int_equal(
        fetch_reply("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\none\ntw"), 0);
    assert_string_equal(b.asked,
        "GET /a/b?c=d HTTP/1.0\r\nHost: 192.0.2.2\r\n\r\n");
    assert_string_equal(said(), "one\ntw\n");
    assert_int_equal(b.ended, 0); // in good order
}

static void a_long_line_is_shown_in_pieces(void **state)
{
    static char reply[600];
    size_t len;

    (void)state;
    len = (size_t)snprintf(reply, sizeof(reply),
        "HTTP/1.0 200 OK\r\nX-Long: %0200d\r\n\r\n", 0);
    memset(reply + len, 'x', 250);
    assert_int_equal(fetch_reply(reply), 0);
    assert_int_equal(strlen(said()), 253);
    assert_int_equal(strspn(said(), "x"), 120);
    assert_int_equal(said()[120], '\n');
}

static void a_server_may_come_later(void **state)
{
    (void)state;
    b.server_at_us = 12000000;
    assert_int_equal(fetch_reply("HTTP/1.0 200 OK\r\n\r\nlate\n"), 0);
    assert_string_equal(said(), "late\n");
}

// ---- what does not

static void another_status_is_shown_and_is_an_error(void **state)
{
    (void)state;
    boards_add("direct", nif_app_services, NULL);
    assert_int_equal(fetch("direct", "192.0.2.2/nonsense", 20), NIF_EPROTO);
    expect_said("HTTP/1.0 404 Not Found\n");
}

static void a_page_that_is_cut_off_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(
        fetch_reply("HTTP/1.0 200 OK\r\ncontent-LENGTH: 9\r\n\r\n12345678"),
        NIF_EPROTO);
}

static void a_head_that_is_cut_off_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(fetch_reply("HTTP/1.0 200 OK\r\nX: y\r\n"), NIF_EPROTO);
}

static void what_is_not_http_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(fetch_reply("SSH-2.0-x\r\n\r\nno\n"), NIF_EPROTO);
    assert_string_equal(said(), "");
}

static void nobody_there_is_an_error_after_a_while(void **state)
{
    (void)state;
    assert_int_not_equal(fetch("direct", "192.0.2.9/", 40), 0);
    assert_true(boards.world.now_ns >= 30 * SIM_S);
    assert_string_equal(said(), "");
}

static void nonsense_is_told_at_once(void **state)
{
    static const char *const words[] = { "", ":80/", "192.0.2.2:0/",
        "192.0.2.2:65536/", "192.0.2.2:x/", "192.0.2.2/a b", "http:///x" };

    for (size_t i = 0; i < nif_countof(words); i++) {
        setup(state);
        assert_int_equal(fetch("direct", words[i], 1), NIF_EINVAL);
        expect_said("fetch: [http://]HOST[:PORT][/PATH]\n");
        if (i + 1 < nif_countof(words)) {
            boards_teardown(state);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, boards_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_page_comes_from_our_stack),
        TEST(a_page_comes_from_a_chip_with_sockets),
        TEST(a_chip_with_sockets_fetches),
        TEST(it_asks_as_http_1_0_has_it),
        TEST(a_long_line_is_shown_in_pieces),
        TEST(a_server_may_come_later),
        TEST(another_status_is_shown_and_is_an_error),
        TEST(a_page_that_is_cut_off_is_an_error),
        TEST(a_head_that_is_cut_off_is_an_error),
        TEST(what_is_not_http_is_an_error),
        TEST(nobody_there_is_an_error_after_a_while),
        TEST(nonsense_is_told_at_once),
    };

    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
