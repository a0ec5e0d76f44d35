// SPDX-License-Identifier: MIT
//
// What the module says by itself, put at every place of a dialogue where it
// may stand; and bytes that are lost or changed on the line.

#include "tests/espat/driver_bench.h"

#include <string.h>

static const struct nif_wifi_params home = {
    .ssid = "home",
    .passphrase = "correct horse",
};

// From nothing to a connection, data in both directions, and its end. Returns
// what was not as it should be, or NULL.
static const char *dialogue(struct bench *b)
{
    const struct nif_endpoint peer = { nif_ip4(192, 0, 2, 1), 7, NULL };
    struct nif_conn *conn;
    uint8_t got[16];
    int n = 0;

    if (nif_iface_start(&b->chip.iface) != 0) {
        return "it does not start";
    }
    if (nif_wifi_join(&b->chip.iface, &home) != 0) {
        return "it does not join";
    }
    bench_run(b, 500);
    conn = bench_conn(b, 1, NIF_TCP);
    if (nif_conn_connect(conn, &peer) != 0) {
        return "it has no address";
    }
    bench_run(b, 200);
    if (conn->state != NIF_CONN_OPEN) {
        return "it does not connect";
    }
    if (nif_conn_send(conn, "question", 8, NULL) != 8) {
        return "it does not send";
    }
    bench_run(b, 200);
    bench_data(b, 4, "answer");
    for (int i = 0; i < 50 && n < 6; i++) {
        int more;

        bench_run(b, 10);
        more = nif_conn_recv(conn, got + n, sizeof(got) - (size_t)n, NULL);
        n += more > 0 ? more : 0;
    }
    if (n != 6 || memcmp(got, "answer", 6) != 0) {
        return "the answer is another";
    }
    if (b->data_len != 8 || memcmp(b->data, "question", 8) != 0) {
        return "the question is another";
    }
    nif_conn_close(conn);
    bench_run(b, 200);
    return conn->state == NIF_CONN_CLOSED ? NULL : "it does not close";
}

// The dialogue with `text` at every place. Returns at how many.
static unsigned everywhere(enum bench_firmware firmware, bool echo,
    const char *text)
{
    size_t at = 1;
    unsigned places = 0;

    for (;;) {
        struct bench b;
        const char *wrong;

        bench_open(&b, firmware, NULL);
        b.keep_echo = echo;
        b.insert = text;
        b.insert_at = at;
        wrong = dialogue(&b);
        if (wrong != NULL) {
            fail_msg("%s at byte %zu: %s; said:\n%s", text, at, wrong, b.log);
        }
        at = b.inserted_at + 1;
        bench_close(&b);
        if (at == 1) {
            return places;
        }
        places++;
    }
}

static void lines_may_come_in_between_anywhere(void **state)
{
    static const char *const texts[] = {
        "+STA_CONNECTED:\"02:00:00:00:00:99\"\r\n",
        "WIFI GOT IPv6 LL\r\n",
        "\r\n+IPD,4,1\r\n",
        "3,CLOSED\r\n",
        "to read 75 bytes\r\n",
        "local port:2390\r\n",
        "Have 5 Connections\r\n",
        "+TIME_UPDATED\r\n",
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(texts); i++) {
        assert_true(everywhere(BENCH_AT24, false, texts[i]) > 100);
    }
}

static void lines_may_cut_an_echo_anywhere(void **state)
{
    (void)state;
    assert_true(everywhere(BENCH_AT24, true, "WIFI GOT IPv6 GL\r\n") > 400);
    assert_true(everywhere(BENCH_AT24, true, "2,CLOSED\r\n") > 400);
    assert_true(everywhere(BENCH_AT17, true, "3,CLOSED\r\n") > 400);
}

static void data_for_nobody_may_come_anywhere(void **state)
{
    (void)state;
    assert_true(everywhere(BENCH_AT24, false,
                    "\r\n+IPD,2,6,\"192.0.2.9\",9:OK\r\n>>") > 100);
    assert_true(everywhere(BENCH_AT17, false,
                    "\r\n+IPD,2,6,192.0.2.9,9:OK\r\n>>") > 100);
}

// A connection that is told with no client of ours: it is closed, and the
// rest goes on.
static void a_stranger_is_closed_wherever_it_comes(void **state)
{
    (void)state;
    assert_true(everywhere(BENCH_AT24, false, "1,CONNECT\r\n") > 100);
}

// ---- a line that is not perfect

// All is well again, in the end: at the latest after a restart.
static void expect_recovery(struct bench *b, const char *what, size_t at)
{
    unsigned turns = 0;

    b->lose_in = 0;
    b->lose_out = 0;
    b->flip_out = 0;
    while (turns < 20) {
        struct nif_wifi_status wifi;

        nif_wifi_status(&b->chip.iface, &wifi);
        if (!(nif_iface_flags(&b->chip.iface) & NIF_IFACE_STARTED)) {
            assert_int_equal(nif_iface_start(&b->chip.iface), 0);
        } else if (wifi.state != NIF_WIFI_JOINED) {
            assert_int_equal(nif_wifi_join(&b->chip.iface, &home), 0);
        } else if (bench_traffic(b)) {
            return;
        }
        bench_run(b, 5000);
        turns++;
    }
    fail_msg("%s byte %zu, and nothing works any more; said:\n%s", what, at,
        b->log);
}

// The dialogue up to its end or until something fails; then all must be well.
static size_t with_fault(const char *what, size_t at,
    void (*set)(struct bench *b, size_t at), bool pin)
{
    struct bench b;
    size_t said;

    bench_open(&b, BENCH_AT24, NULL);
    if (pin) {
        b.chip.cfg.reset = &b.pin;
    }
    set(&b, at);
    (void)dialogue(&b);
    said = b.said;
    nif_conn_abort(&b.conns[1]);
    expect_recovery(&b, what, at);
    assert_true(b.slowest_ns < 2 * SIM_MS);
    bench_close(&b);
    return said;
}

static void lose_out(struct bench *b, size_t at)
{
    b->lose_out = at;
}

static void flip_out(struct bench *b, size_t at)
{
    b->flip_out = at;
    b->flip = (uint8_t)(1u << at % 8);
}

static void lose_in(struct bench *b, size_t at)
{
    b->lose_in = at;
    b->lose_in_count = 1;
}

static void lose_many_in(struct bench *b, size_t at)
{
    b->lose_in = at;
    b->lose_in_count = 30;
}

static void sweep(const char *what, void (*set)(struct bench *b, size_t at),
    size_t step, bool pin)
{
    for (size_t at = 1; at < with_fault(what, at, set, pin); at += step) {
    }
}

static void a_byte_that_the_module_says_may_get_lost(void **state)
{
    (void)state;
    sweep("lost", lose_out, 1, false);
}

static void a_bit_that_the_module_says_may_flip(void **state)
{
    (void)state;
    sweep("flipped", flip_out, 1, true);
}

static void bytes_that_the_module_is_told_may_get_lost(void **state)
{
    (void)state;
    for (size_t at = 1; at < 900; at++) {
        (void)with_fault("unheard", at, lose_in, at % 2 == 0);
    }
    for (size_t at = 1; at < 900; at += 7) {
        (void)with_fault("all unheard from", at, lose_many_in, at % 2 == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_may_come_in_between_anywhere),
        cmocka_unit_test(lines_may_cut_an_echo_anywhere),
        cmocka_unit_test(data_for_nobody_may_come_anywhere),
        cmocka_unit_test(a_stranger_is_closed_wherever_it_comes),
        cmocka_unit_test(a_byte_that_the_module_says_may_get_lost),
        cmocka_unit_test(a_bit_that_the_module_says_may_flip),
        cmocka_unit_test(bytes_that_the_module_is_told_may_get_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
