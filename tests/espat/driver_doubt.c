// SPDX-License-Identifier: MIT
//
// A command whose answer does not come, or may have suffered on the line: how
// soon the module is asked after it, and what that makes of it.

#include "tests/espat/driver_bench.h"

#include <string.h>

static const struct nif_wifi_params home = {
    .ssid = "home",
    .passphrase = "correct horse",
};

// The command is out. The module runs it, and says so if it is asked.
static void stay_busy(struct bench *b, const char *command)
{
    bench_run(b, 200);
    assert_int_equal(bench_count(b, command), 1);
    b->log_len = 0;
    b->log[0] = '\0';
    for (unsigned i = 0; i < 10; i++) {
        bench_answer(b, "AT+CIPMUX?", "\r\nbusy p...\r\n");
    }
}

static unsigned questions(const struct bench *b)
{
    return bench_count(b, "AT+CIPMUX?");
}

// The line was disturbed: the module is asked, is still busy with it, and then
// has done.
static void get_done(struct bench *b, const char *says)
{
    b->errs = 1;
    bench_run(b, 1500);
    assert_true(questions(b) >= 2);
    bench_say(b, says);
    b->once_count = 0; // idle again
    bench_run(b, 500);
}

static void start(struct bench *b)
{
    bench_open(b, BENCH_AT24, NULL);
    assert_int_equal(nif_iface_start(&b->chip.iface), 0);
}

static void begin_join(struct bench *b)
{
    start(b);
    bench_answer(b, "AT+CWJAP=*", NULL);
    assert_int_equal(nif_wifi_join(&b->chip.iface, &home), 0);
    stay_busy(b, "AT+CWJAP=\"home\",\"correct horse\"");
}

static struct nif_conn *begin_dial(struct bench *b)
{
    const struct nif_endpoint peer = { nif_ip4(192, 0, 2, 1), 7, NULL };
    struct nif_conn *conn;

    bench_open(b, BENCH_AT24, NULL);
    bench_up(b);
    bench_answer(b, "AT+CIPSTART=*", NULL);
    conn = bench_conn(b, 1, NIF_TCP);
    assert_int_equal(nif_conn_connect(conn, &peer), 0);
    stay_busy(b, "AT+CIPSTART=4,\"TCP\",\"192.0.2.1\",7");
    return conn;
}

static struct nif_wifi_status wifi_of(struct bench *b)
{
    struct nif_wifi_status wifi;

    nif_wifi_status(&b->chip.iface, &wifi);
    return wifi;
}

static void a_quiet_line_is_given_the_time_of_the_command(void **state)
{
    struct bench b;

    (void)state;
    begin_join(&b);
    bench_run(&b, 20000);
    assert_int_equal(questions(&b), 0);
    assert_int_equal(wifi_of(&b).state, NIF_WIFI_JOINING);
    bench_close(&b);
}

static void a_disturbed_line_is_asked_after_the_command_soon(void **state)
{
    struct bench b;

    (void)state;
    begin_join(&b);
    b.errs = 1;
    bench_run(&b, 1500);
    assert_true(questions(&b) >= 2);
    assert_int_equal(wifi_of(&b).state, NIF_WIFI_JOINING);
    bench_close(&b);
}

static void a_join_goes_on_while_the_module_is_busy_with_it(void **state)
{
    struct bench b;

    (void)state;
    begin_join(&b);
    get_done(&b, "\r\nOK\r\n");
    assert_int_equal(wifi_of(&b).state, NIF_WIFI_JOINED);
    assert_int_equal(bench_count(&b, "AT+CWJAP=\"home\",\"correct horse\""), 0);
    bench_close(&b);
}

static void why_it_has_failed_is_heard_as_well(void **state)
{
    struct bench b;

    (void)state;
    begin_join(&b);
    get_done(&b, "+CWJAP:2\r\n\r\nERROR\r\n");
    assert_int_equal(wifi_of(&b).state, NIF_WIFI_FAILED);
    assert_int_equal(wifi_of(&b).err, NIF_EAUTH);
    bench_close(&b);
}

static void a_scan_keeps_what_it_finds(void **state)
{
    struct nif_wifi_network found[4];
    struct bench b;

    (void)state;
    start(&b);
    bench_answer(&b, "AT+CWLAP", NULL);
    assert_int_equal(nif_wifi_scan(&b.chip.iface, NULL, found, 4), 0);
    stay_busy(&b, "AT+CWLAP");
    get_done(&b,
        "+CWLAP:(0,\"open\",-80,\"02:00:00:00:00:01\",1)\r\n\r\nOK\r\n");
    assert_int_equal(nif_wifi_found(&b.chip.iface), 1);
    assert_memory_equal(found[0].ssid, "open", 4);
    bench_close(&b);
}

static void a_connection_comes_about_all_the_same(void **state)
{
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    conn = begin_dial(&b);
    get_done(&b, "4,CONNECT\r\n\r\nOK\r\n");
    assert_int_equal(conn->state, NIF_CONN_OPEN);
    assert_int_equal(bench_count(&b, "AT+CIPCLOSE=4"), 0);
    bench_close(&b);
}

// Nobody has said that it still runs: the end may be another's.
static void an_end_without_such_a_word_is_nobodys(void **state)
{
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    conn = begin_dial(&b);
    b.once_count = 0;
    b.errs = 1;
    bench_run(&b, 600); // the question is not out yet
    bench_say(&b, "\r\nOK\r\n");
    bench_run(&b, 1500);
    assert_int_equal(conn->state, NIF_CONN_FAILED);
    assert_int_equal(conn->err, NIF_ETIMEDOUT);
    bench_close(&b);
}

static void a_module_that_starts_anew_in_a_command_is_lost_soon(void **state)
{
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    conn = begin_dial(&b);
    b.errs = 1; // "ready", at another rate
    b.deaf = true;
    bench_run(&b, 4000);
    assert_int_equal(conn->state, NIF_CONN_FAILED);
    assert_int_equal(conn->err, NIF_ERESET);
    assert_int_equal(b.chip.stats.lost, 1);
    bench_close(&b);
}

static void a_lost_send_ok_costs_two_seconds(void **state)
{
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    conn = bench_dial(&b, 1);
    b.hold_send_ok = true;
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(nif_conn_send(conn, "piece", 5, NULL), 5);
        bench_run(&b, 2000);
        assert_int_equal(b.data_len, 5 * i);
    }
    b.hold_send_ok = false;
    assert_int_equal(nif_conn_send(conn, "piece", 5, NULL), 5);
    bench_run(&b, 2000);
    assert_int_equal(b.data_len, 20);
    assert_int_equal(conn->state, NIF_CONN_OPEN);
    bench_close(&b);
}

static void a_send_that_takes_long_is_sent_once(void **state)
{
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    conn = bench_dial(&b, 1);
    b.send_ns = 30 * SIM_S;
    assert_int_equal(nif_conn_send(conn, "slow", 4, NULL), 4);
    bench_run(&b, 29000);
    assert_true(b.chip.stats.busy > 10);
    b.send_ns = 0;
    assert_int_equal(nif_conn_send(conn, "piece", 5, NULL), 5);
    bench_run(&b, 3000);
    assert_int_equal(b.data_len, 9);
    assert_int_equal(b.chip.stats.lost, 0);
    bench_close(&b);
}

// Its failure comes when the module is asked already whether it still works.
static void a_send_that_fails_late_has_failed(void **state)
{
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    conn = bench_dial(&b, 1);
    b.hold_send_ok = true;
    bench_answer(&b, "AT+CIPMUX?", "\r\nSEND FAIL\r\n+CIPMUX:1\r\n\r\nOK\r\n");
    assert_int_equal(nif_conn_send(conn, "piece", 5, NULL), 5);
    bench_run(&b, 4000);
    assert_int_equal(nif_conn_state(conn), NIF_CONN_FAILED);
    assert_int_equal(conn->err, NIF_ERESET);
    bench_close(&b);
}

// Between the question for what there is and its answer more has come: that is
// fetched as well, and then no more is asked for.
static void what_comes_while_it_fetches_is_fetched_next(void **state)
{
    struct nif_conn *conn;
    unsigned before;
    struct bench b;
    uint8_t got[16];

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    conn = bench_dial(&b, 1);
    bench_run(&b, 100);
    before = bench_count(&b, "AT+CIPRECVDATA=4,2048");
    bench_answer(&b, "AT+CIPRECVDATA=4,2048",
        "\r\n+IPD,4,3\r\n+CIPRECVDATA:5,\"192.0.2.1\",7,hello\r\n"
        "\r\nOK\r\n");
    bench_data(&b, 4, "abc");
    bench_run(&b, 500);
    assert_int_equal(nif_conn_recv(conn, got, sizeof(got), NULL), 8);
    assert_memory_equal(got, "helloabc", 8);
    bench_data(&b, 4, "def");
    bench_run(&b, 500);
    bench_receive(&b, conn, "def");
    assert_int_equal(bench_count(&b, "AT+CIPRECVDATA=4,2048") +
            bench_count(&b, "AT+CIPRECVDATA=4,2043") - before,
        3);
    assert_int_equal(bench_count(&b, "AT+CIPRECVDATA=4,2040"), 0);
    assert_int_equal(bench_count(&b, "AT+CIPRECVDATA=4,2045"), 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_line_is_given_the_time_of_the_command),
        cmocka_unit_test(a_disturbed_line_is_asked_after_the_command_soon),
        cmocka_unit_test(a_join_goes_on_while_the_module_is_busy_with_it),
        cmocka_unit_test(why_it_has_failed_is_heard_as_well),
        cmocka_unit_test(a_scan_keeps_what_it_finds),
        cmocka_unit_test(a_connection_comes_about_all_the_same),
        cmocka_unit_test(an_end_without_such_a_word_is_nobodys),
        cmocka_unit_test(a_module_that_starts_anew_in_a_command_is_lost_soon),
        cmocka_unit_test(a_lost_send_ok_costs_two_seconds),
        cmocka_unit_test(a_send_that_takes_long_is_sent_once),
        cmocka_unit_test(a_send_that_fails_late_has_failed),
        cmocka_unit_test(what_comes_while_it_fetches_is_fetched_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
