// SPDX-License-Identifier: MIT
//
// The words themselves: every command as the manuals of Espressif spell it,
// every answer understood. The scripted module takes more than a real one
// would: here each line that it was told is looked up.

#include "tests/espat/driver_bench.h"

#include <stdio.h>
#include <string.h>

static const struct nif_endpoint peer = { { NIF_IPV4, { 192, 0, 2, 1 }, 0 }, 7,
    NULL };

// One session, and what it may say: each line at least once, and no other.
// With `*` at its end, the rest is a number that others prove.
static void only(const struct bench *b, const char *const *words)
{
    bool seen[64] = { false };
    const char *line = b->log;

    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        bool known = false;

        for (size_t i = 0; words[i] != NULL; i++) {
            size_t n = strlen(words[i]);
            bool open = words[i][n - 1] == '*';

            if (open ? strncmp(line, words[i], n - 1) == 0
                     : len == n && strncmp(line, words[i], n) == 0) {
                seen[i] = true;
                known = true;
            }
        }
        if (!known) {
            fail_msg("not a command: %.*s", (int)len, line);
        }
        line += len + 1;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        if (!seen[i]) {
            fail_msg("not said: %s", words[i]);
        }
    }
}

// A connection in both directions, a server, a name, a look around.
static void live(struct bench *b)
{
    struct nif_wifi_network found[2];
    struct nif_conn *conn;
    struct nif_ip ip;

    assert_true(bench_traffic(b));
    conn = bench_serve(b, 2);
    bench_run(b, 5000); // looks whether all is well
    nif_conn_close(conn);
    (void)b->chip.stack.ops->lookup(&b->chip.stack, "example.net", &ip);
    bench_run(b, 100);
    assert_int_equal(nif_wifi_scan(&b->chip.iface, NULL, found, 2), 0);
    bench_run(b, 100);
    assert_int_equal(nif_wifi_leave(&b->chip.iface), 0);
    bench_run(b, 100);
}

static void a_session_of_esp_at_2(void **state)
{
    static const char *const words[] = { "AT+CIPMUX?", "AT+RST", "ATE0",
        "AT+GMR", "AT+SYSSTORE=0", "AT+CWMODE=1", "AT+CWQAP", "AT+CIPMUX=1",
        "AT+CIPDINFO=1", "AT+SYSMSG=2", "AT+CIPSTAMAC?", "AT+CIPRECVMODE=1",
        "AT+CWDHCP=1,1", "AT+CWJAP=\"home\",\"correct horse\"", "AT+CIPDNS?",
        "AT+CIPSTA?", "AT+CWJAP?", "AT+CIPSTART=4,\"TCP\",\"192.0.2.1\",7",
        "AT+CIPRECVDATA=4,*", "AT+CIPSEND=4,*", "AT+CIPCLOSE=4", "AT+CIPSTATE?",
        "AT+CIPSERVERMAXCONN=5", "AT+CIPSERVER=1,80", "AT+CIPSTO=0",
        "AT+CIPSERVER=0", "AT+CIPDOMAIN=\"example.net\"", "AT+CWLAP", NULL };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    live(&b);
    only(&b, words);
    bench_close(&b);
}

static void a_session_of_at_1(void **state)
{
    static const char *const words[] = { "AT+CIPMUX?", "AT+RST", "ATE0",
        "AT+GMR", "AT+UART_CUR=921600,8,1,0,0", "AT+CWMODE_CUR=1", "AT+CWQAP",
        "AT+CIPMUX=1", "AT+CIPDINFO=1", "AT+CIPRECVMODE=1",
        "AT+CIPSSLSIZE=4096", "AT+CIPSTAMAC_CUR?", "AT+CWDHCP_CUR=1,1",
        "AT+CWJAP_CUR=\"home\",\"correct horse\"", "AT+CIPDNS_CUR?",
        "AT+CIPSTA_CUR?", "AT+CWJAP_CUR?",
        "AT+CIPSTART=4,\"TCP\",\"192.0.2.1\",7", "AT+CIPRECVDATA=4,*",
        "AT+CIPSEND=4,*", "AT+CIPCLOSE=4", "AT+CIPSTATUS",
        "AT+CIPSERVERMAXCONN=5", "AT+CIPSERVER=1,80", "AT+CIPSTO=0",
        "AT+CIPSERVER=0", "AT+CIPDOMAIN=\"example.net\"", "AT+CWLAP", NULL };
    const struct espat_cfg cfg = { .tls = true, .baud = 921600 };
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT17, &cfg);
    bench_up(&b);
    live(&b);
    only(&b, words);
    bench_close(&b);
}

static void a_session_of_esp_at_3(void **state)
{
    static const char *const words[] = { "AT+CIPMUX?", "AT+RST", "ATE0",
        "AT+GMR", "AT+SYSSTORE=0", "AT+CWMODE=1", "AT+CWQAP", "AT+CIPMUX=1",
        "AT+CIPDINFO=1", "AT+SYSMSG=2", "AT+CIPSTAMAC?",
        "AT+UART_CUR=921600,8,1,0,3", "AT+CIPRECVTYPE=5,1", "AT+CWDHCP=1,1",
        "AT+CWJAP=\"home\",\"correct horse\"", "AT+CIPDNS?", "AT+CIPSTA?",
        "AT+CWJAP?", "AT+CIPRECVTYPE=4,0",
        "AT+CIPSTART=4,\"UDP\",\"0.0.0.0\",5000,5000,2", "AT+CIPRECVDATA=4,*",
        "AT+CIPSEND=4,2,\"192.0.2.1\",7", "AT+CIPCLOSE=4", "AT+CIPRECVTYPE=4,1",
        "AT+CIPSTART=3,\"TCP\",\"192.0.2.1\",7", "AT+CIPRECVDATA=3,*",
        "AT+CIPSEND=3,*", "AT+CIPCLOSE=3", "AT+CIPSTATE?",
        "AT+CIPSERVERMAXCONN=5", "AT+CIPSERVER=1,80", "AT+CIPSTO=0",
        "AT+CIPSERVER=0", "AT+CIPDOMAIN=\"example.net\"", "AT+CWLAP", NULL };
    const struct nif_endpoint local = { .port = 5000 };
    const struct espat_cfg cfg = { .baud = 921600, .rts_cts = true };
    struct nif_conn *conn;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT33, &cfg);
    bench_up(&b);
    conn = bench_conn(&b, 7, NIF_UDP);
    assert_int_equal(nif_conn_bind(conn, &local), 0);
    assert_int_equal(nif_conn_send(conn, "ab", 2, &peer), 2);
    bench_run(&b, 100);
    nif_conn_close(conn);
    bench_run(&b, 100);
    live(&b);
    only(&b, words);
    bench_close(&b);
}

static void a_session_of_an_access_point(void **state)
{
    static const char *const words[] = { "AT+CIPMUX?", "AT+RST", "ATE0",
        "AT+GMR", "AT+SYSSTORE=0", "AT+CWMODE=1", "AT+CWQAP", "AT+CIPMUX=1",
        "AT+CIPDINFO=1", "AT+SYSMSG=2", "AT+CIPSTAMAC?", "AT+CIPRECVMODE=1",
        "AT+CWMODE=2", "AT+CWCOUNTRY=0,\"DE\",1,13", "AT+CWDHCP=1,2",
        "AT+CWSAP=\"home\",\"correct horse\",11,3", "AT+CIPAP?",
        "AT+CIPAP=\"192.0.2.2\",\"192.0.2.2\",\"255.255.255.0\"",
        "AT+CIPDNS=1,\"192.0.2.53\",\"192.0.2.54\"", "AT+CIPDNS?", NULL };
    static const char *const old[] = { "AT+CIPMUX?", "AT+RST", "ATE0", "AT+GMR",
        "AT+CWMODE_CUR=1", "AT+CWQAP", "AT+CIPMUX=1", "AT+CIPDINFO=1",
        "AT+CIPRECVMODE=1", "AT+CIPSTAMAC_CUR?", "AT+CWMODE_CUR=2",
        "AT+CWCOUNTRY_CUR=0,\"DE\",1,13", "AT+CWDHCP_CUR=0,1",
        "AT+CWSAP_CUR=\"home\",\"correct horse\",11,3", "AT+CIPAP_CUR?",
        "AT+CIPAP_CUR=\"192.0.2.2\",\"192.0.2.2\",\"255.255.255.0\"",
        "AT+CIPDNS_CUR=1,\"192.0.2.53\",\"192.0.2.54\"", "AT+CIPDNS_CUR?",
        NULL };
    const struct nif_net net = {
        .ip = nif_ip4(192, 0, 2, 2),
        .prefix_len = 24,
        .dns = { nif_ip4(192, 0, 2, 53), nif_ip4(192, 0, 2, 54) },
    };
    const struct nif_net none = { .prefix_len = 0 };
    const struct nif_wifi_params own = {
        .mode = NIF_WIFI_AP,
        .ssid = "home",
        .passphrase = "correct horse",
        .country = "DE",
        .channel = 11,
    };
    struct bench b;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bench_open(&b, i == 0 ? BENCH_AT24 : BENCH_AT17, NULL);
        assert_int_equal(nif_iface_start(&b.chip.iface), 0);
        assert_int_equal(nif_wifi_join(&b.chip.iface, &own), 0);
        bench_run(&b, 300);
        assert_int_equal(nif_stack_set_net(&b.chip.stack, &net), 0);
        bench_run(&b, 300);
        assert_int_equal(nif_stack_set_net(&b.chip.stack, &none), 0);
        bench_run(&b, 300);
        only(&b, i == 0 ? words : old);
        bench_close(&b);
    }
}

// ---- answers

static void what_goes_before_an_error_tells_why(void **state)
{
    static const struct {
        const char *answer;
        int err;
    } cases[] = {
        { "DNS Fail\r\n", NIF_ENOTFOUND },
        { "no ip\r\n", NIF_EADDR },
        { "link is not valid\r\n", NIF_ENOTCONN },
        { "UNLINK\r\n", NIF_ENOTCONN },
        { "\r\nFAIL\r\n", NIF_EUNREACH },
        { "\r\nERROR\r\n", NIF_EUNREACH },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct nif_conn *conn;
        struct bench b;

        bench_open(&b, BENCH_AT24, NULL);
        bench_up(&b);
        bench_answer(&b, "AT+CIPSTART=*", cases[i].answer);
        conn = bench_conn(&b, 1, NIF_TCP);
        assert_int_equal(nif_conn_connect(conn, &peer), 0);
        bench_run(&b, 3000);
        assert_int_equal(conn->state, NIF_CONN_FAILED);
        assert_int_equal(conn->err, cases[i].err);
        bench_close(&b);
    }
}

// The place turns out to be somebody's: another is taken.
static void a_place_that_is_taken_is_not_the_end(void **state)
{
    static const char *const answers[] = { "ALREADY CONNECTED\r\n",
        "link is builded\r\n" };

    (void)state;
    for (size_t i = 0; i < nif_countof(answers); i++) {
        struct nif_conn *conn;
        struct bench b;

        bench_open(&b, BENCH_AT24, NULL);
        bench_up(&b);
        bench_answer(&b, "AT+CIPSTART=*", answers[i]);
        conn = bench_conn(&b, 1, NIF_TCP);
        assert_int_equal(nif_conn_connect(conn, &peer), 0);
        bench_run(&b, 3000);
        assert_int_equal(conn->state, NIF_CONN_OPEN);
        assert_int_equal(bench_count(&b, "AT+CIPCLOSE=4"), 1);
        bench_close(&b);
    }
}

static void each_word_for_a_send_that_failed_ends_the_connection(void **state)
{
    static const char *const words[] = { "\r\nSEND FAIL\r\n",
        "\r\nSEND Canceled\r\n", "\r\nSEND CANCELLED\r\n" };

    (void)state;
    for (size_t i = 0; i < nif_countof(words); i++) {
        struct nif_conn *conn;
        struct bench b;

        bench_open(&b, BENCH_AT24, NULL);
        bench_up(&b);
        conn = bench_dial(&b, 1);
        b.before_sent = words[i];
        b.hold_send_ok = true;
        assert_int_equal(nif_conn_send(conn, "hello", 5, NULL), 5);
        bench_run(&b, 100);
        assert_int_equal(conn->state, NIF_CONN_FAILED);
        assert_int_equal(conn->err, NIF_ERESET);
        bench_close(&b);
    }
}

static void both_words_for_busy_are_understood(void **state)
{
    static const char *const words[] = { "\r\nbusy p...\r\n",
        "\r\nbusy s...\r\n" };

    (void)state;
    for (size_t i = 0; i < nif_countof(words); i++) {
        struct nif_conn *conn;
        struct bench b;

        bench_open(&b, BENCH_AT24, NULL);
        bench_up(&b);
        bench_answer(&b, "AT+CIPSTART=*", words[i]);
        conn = bench_conn(&b, 1, NIF_TCP);
        assert_int_equal(nif_conn_connect(conn, &peer), 0);
        bench_run(&b, 1000);
        assert_int_equal(b.chip.stats.busy, 1);
        assert_int_equal(conn->state, NIF_CONN_OPEN);
        bench_close(&b);
    }
}

// ---- words beside answers

static void connected_is_heard_before_the_end_of_the_command(void **state)
{
    const struct nif_wifi_params home = { .ssid = "home" };
    struct nif_wifi_status now;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    assert_int_equal(nif_iface_start(&b.chip.iface), 0);
    bench_answer(&b, "AT+CWJAP=*", "WIFI CONNECTED\r\n");
    assert_int_equal(nif_wifi_join(&b.chip.iface, &home), 0);
    bench_run(&b, 200);
    nif_wifi_status(&b.chip.iface, &now);
    assert_int_equal(now.state, NIF_WIFI_JOINED);
    bench_close(&b);
}

static void a_network_without_a_name_is_none(void **state)
{
    struct nif_wifi_status now;
    struct bench b;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    bench_answer(&b, "AT+CWJAP?", "+CWJAP:3\r\n\r\nOK\r\n");
    bench_run(&b, 10000);
    nif_wifi_status(&b.chip.iface, &now);
    assert_int_not_equal(now.state, NIF_WIFI_JOINED);
    bench_close(&b);
}

static void a_new_firmware_may_run_on_an_esp8266(void **state)
{
    static const char *const chips[] = { "ESP32C3", "ESP8266" };

    (void)state;
    for (size_t i = 0; i < nif_countof(chips); i++) {
        char answer[64];
        struct bench b;

        bench_open(&b, BENCH_AT24, NULL);
        snprintf(answer, sizeof(answer),
            "AT version:2.2.1.0(a - %s - b)\r\n\r\nOK\r\n", chips[i]);
        bench_answer(&b, "AT+GMR", answer);
        assert_int_equal(nif_iface_start(&b.chip.iface), 0);
        assert_int_equal(b.chip.version, 0x0202);
        assert_int_equal(b.chip.is_8266, i == 1);
        bench_close(&b);
    }
}

static void who_stops_tells_the_module_to_leave(void **state)
{
    struct bench b;
    unsigned before;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    before = bench_count(&b, "AT+CWQAP");
    assert_int_equal(nif_iface_stop(&b.chip.iface), 0);
    assert_int_equal(bench_count(&b, "AT+CWQAP"), before + 1);
    bench_close(&b);
}

// The module waits for all bytes of a payload. Those that nobody has any more
// are ends of lines, which no command begins with.
static void the_rest_of_a_payload_is_ends_of_lines(void **state)
{
    static uint8_t data[1000];
    struct nif_conn *conn;
    struct bench b;
    size_t n = 0;

    (void)state;
    bench_open(&b, BENCH_AT24, NULL);
    bench_up(&b);
    conn = bench_dial(&b, 1);
    memset(data, 'x', sizeof(data));
    assert_int_equal(nif_conn_send(conn, data, sizeof(data), NULL),
        (int)sizeof(data));
    bench_run(&b, 40);
    nif_conn_abort(conn);
    bench_run(&b, 500);
    assert_int_equal(b.data_len, sizeof(data));
    while (n < sizeof(data) && b.data[n] == 'x') {
        n++;
    }
    assert_in_range(n, 1, sizeof(data) - 16);
    for (; n < sizeof(data); n++) {
        assert_true(b.data[n] == '\r' || b.data[n] == '\n');
    }
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_of_esp_at_2),
        cmocka_unit_test(a_session_of_at_1),
        cmocka_unit_test(a_session_of_esp_at_3),
        cmocka_unit_test(a_session_of_an_access_point),
        cmocka_unit_test(what_goes_before_an_error_tells_why),
        cmocka_unit_test(a_place_that_is_taken_is_not_the_end),
        cmocka_unit_test(each_word_for_a_send_that_failed_ends_the_connection),
        cmocka_unit_test(both_words_for_busy_are_understood),
        cmocka_unit_test(connected_is_heard_before_the_end_of_the_command),
        cmocka_unit_test(a_network_without_a_name_is_none),
        cmocka_unit_test(a_new_firmware_may_run_on_an_esp8266),
        cmocka_unit_test(who_stops_tells_the_module_to_leave),
        cmocka_unit_test(the_rest_of_a_payload_is_ends_of_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
