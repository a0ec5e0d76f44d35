// SPDX-License-Identifier: MIT
//
// A client for iperf3's server. What it is to do it is told as iperf3 is:
//
//     SERVER [-p PORT] [-t SECONDS] [-n BYTES] [-u] [-b BITS/S] [-R] [-P N]
//            [-l LENGTH]
//
// SERVER is an address, or a name that the board's DNS servers know. Runs
// unchanged on every board and in the simulator; ends when the test has.

#include "iperf3.h"

#include "../uplink.h"

#include "nif/random.h"
#include "nif/resolver.h"

#include <string.h>

#define SALT 0x49504633 // "IPF3"

// Until a server that refuses is asked again.
#define AGAIN_US 250000

// Datagrams that come before the server's answer, when it sends.
#define EARLY_MAX 64

static struct {
    bool busy; // one board of a program
    struct uplink up;
    struct iperf3_test test;
    struct nif_dns_resolver dns;
    struct nif_endpoint to;
    char host[64];
    struct nif_conn ctrl;
    struct nif_conn conns[IPERF3_STREAMS];
    uint8_t ctrl_rx[IPERF3_CONTROL];
    uint8_t ctrl_tx[IPERF3_CONTROL];
    uint8_t rx[IPERF3_STREAMS][IPERF3_RING];
    uint8_t tx[IPERF3_STREAMS][IPERF3_RING];
} client;

// ---- what it is told

// Copies the next word to `word`, of `cap` bytes; none: "". Returns where it
// ends, or NULL if it is too long.
static const char *next_word(const char *s, char *word, size_t cap)
{
    size_t len = 0;

    while (*s == ' ') {
        s++;
    }
    for (; *s != '\0' && *s != ' '; s++) {
        if (len + 1 >= cap) {
            return NULL;
        }
        word[len++] = *s;
    }
    word[len] = '\0';
    return s;
}

// Digits, and K, M or G behind them.
static bool read_number(const char *s, uint64_t *v)
{
    *v = 0;
    for (; *s >= '0' && *s <= '9' && *v < 1000000000000; s++) {
        *v = *v * 10 + (uint64_t)(*s - '0');
    }
    if (*s == 'K' || *s == 'M' || *s == 'G') {
        *v *= *s == 'K' ? 1000 : *s == 'M' ? 1000000 : 1000000000;
        s++;
    }
    return *s == '\0';
}

static bool set_number(char option, uint64_t v)
{
    struct iperf3_params *p = &client.test.params;

    switch (option) {
    case 'p': client.to.port = (uint16_t)v; return v >= 1 && v <= 65535;
    case 't': p->seconds = v; return v >= 1 && v <= 86400;
    case 'n': p->bytes = v; return v >= 1;
    case 'b': p->bits_per_s = v; return true;
    case 'P': p->parallel = (uint32_t)v; return v >= 1 && v <= IPERF3_STREAMS;
    case 'l': p->len = (uint32_t)v; return v >= 16 && v <= IPERF3_BLOCK;
    default: return false;
    }
}

static bool read_option(char option, const char **at)
{
    char word[24];
    uint64_t v;

    if (option == 'u' || option == 'R') {
        client.test.params.udp |= option == 'u';
        client.test.params.reverse |= option == 'R';
        return true;
    }
    *at = next_word(*at, word, sizeof(word));
    return *at != NULL && word[0] != '\0' && read_number(word, &v) &&
        set_number(option, v);
}

// Takes one word, and what belongs to it. False: it cannot be understood.
static bool read_word(const char *word, const char **at)
{
    if (word[0] == '-') {
        return strlen(word) == 2 && read_option(word[1], at);
    }
    if (client.to.host != NULL || word[0] == '\0') {
        return word[0] == '\0';
    }
    memcpy(client.host, word, strlen(word) + 1);
    client.to.host = client.host;
    return true;
}

static int read_args(const char *args)
{
    struct iperf3_params *p = &client.test.params;
    const char *at = args != NULL ? args : "";

    client.to = (struct nif_endpoint){ .port = IPERF3_PORT };
    *p = (struct iperf3_params){ .seconds = 10, .parallel = 1, .wide = true };
    while (at != NULL && *at != '\0') {
        char word[sizeof(client.host)];

        at = next_word(at, word, sizeof(word));
        if (at == NULL || !read_word(word, &at)) {
            return NIF_EINVAL;
        }
    }
    if (p->udp && p->bits_per_s == 0) {
        p->bits_per_s = 1000000; // as iperf3
    }
    return client.to.host != NULL ? 0 : NIF_EINVAL;
}

// ---- the connections

static struct nif_open_cfg control_cfg(struct nif_board *board)
{
    return (struct nif_open_cfg){
        .stack = board->stack,
        .resolver = &client.dns.resolver,
        .buffers = { client.ctrl_rx, IPERF3_CONTROL, client.ctrl_tx,
            IPERF3_CONTROL },
    };
}

static void draw_cookie(struct iperf3_test *test)
{
    static const char letters[33] = "abcdefghijklmnopqrstuvwxyz234567";
    struct nif_random random;

    nif_random_init(&random, test->board->seed, SALT);
    for (unsigned i = 0; i + 1 < IPERF3_COOKIE; i++) {
        test->cookie[i] = letters[nif_random_below(&random, 32)];
    }
}

// A server that is not there yet is asked again.
static int dial(struct iperf3_test *test)
{
    const struct nif_open_cfg cfg = control_cfg(test->board);
    uint64_t until_us = iperf3_deadline(test);
    uint64_t now_us;
    int err;

    do {
        err = nif_dial(&client.ctrl, &cfg, &client.to, iperf3_deadline(test));
        now_us = nif_clock_now_us(test->board->clock);
        if (err == NIF_EREFUSED) {
            uplink_rest(test->board, AGAIN_US);
        }
    } while (err == NIF_EREFUSED && now_us < until_us && !test->board->stop);
    return err;
}

static int begin(struct iperf3_test *test)
{
    int err;

    draw_cookie(test);
    err = dial(test);
    if (err != 0) {
        return err;
    }
    // One byte must not wait for the acknowledgement of another.
    (void)nif_conn_option(&client.ctrl, NIF_OPT_NODELAY, 1);
    return nif_send_all(&client.ctrl, test->cookie, IPERF3_COOKIE,
        iperf3_deadline(test));
}

// Says that it is there, and waits for the answer; data may overtake it.
static int greet(struct iperf3_test *test, struct nif_conn *conn)
{
    static const uint8_t hello[4] = { '9', '8', '7', '6' };
    static const uint8_t answer[4] = { '6', '7', '8', '9' };
    uint64_t until_us = iperf3_deadline(test);
    int n = nif_send(conn, hello, 4, until_us);

    for (unsigned i = 0; i < EARLY_MAX && n >= 0; i++) {
        n = nif_recv(conn, test->block, sizeof(test->block), until_us);
        if (n == 4 && memcmp(test->block, answer, 4) == 0) {
            return 0;
        }
    }
    return n < 0 ? n : NIF_EPROTO;
}

static int create_streams(struct iperf3_test *test)
{
    int err = 0;

    for (unsigned i = 0; i < test->params.parallel && err == 0; i++) {
        const struct nif_open_cfg cfg = {
            .stack = test->board->stack,
            .proto = test->params.udp ? NIF_UDP : NIF_TCP,
            .buffers = { client.rx[i], IPERF3_RING, client.tx[i], IPERF3_RING },
            .resolver = &client.dns.resolver,
        };

        err =
            nif_dial(&client.conns[i], &cfg, &client.to, iperf3_deadline(test));
        if (err == 0) {
            test->streams[i].conn = &client.conns[i];
            test->count++;
            err = test->params.udp
                ? greet(test, &client.conns[i])
                : nif_send_all(&client.conns[i], test->cookie, IPERF3_COOKIE,
                      iperf3_deadline(test));
        }
    }
    return err;
}

// ---- the test

static bool enough(const struct iperf3_test *test)
{
    const struct iperf3_params *p = &test->params;

    if (p->bytes == 0) {
        return test->ended_us - test->begun_us >= p->seconds * 1000000;
    }
    return iperf3_arrived(test) >= p->bytes;
}

static int run(struct iperf3_test *test)
{
    int err = iperf3_run(test, enough);

    return err != 0 ? err : iperf3_say(test, IPERF3_TEST_END);
}

static int exchange(struct iperf3_test *test)
{
    int err;

    iperf3_write_results(test);
    err = iperf3_put_json(test);
    if (err == 0) {
        err = iperf3_get_json(test);
    }
    if (err == 0) {
        iperf3_read_results(test);
    }
    return err;
}

static int send_params(struct iperf3_test *test)
{
    iperf3_write_params(test);
    return iperf3_put_json(test);
}

// Does what the server says; 1: it was the last.
static int follow(struct iperf3_test *test, int state)
{
    switch (state) {
    case IPERF3_PARAM_EXCHANGE: return send_params(test);
    case IPERF3_CREATE_STREAMS: return create_streams(test);
    case IPERF3_TEST_START: return 0;
    case IPERF3_TEST_RUNNING: return run(test);
    case IPERF3_EXCHANGE_RESULTS: return exchange(test);
    case IPERF3_DISPLAY_RESULTS:
        iperf3_report(test);
        (void)iperf3_say(test, IPERF3_DONE);
        return 1;
    case IPERF3_ACCESS_DENIED: return NIF_EREFUSED;
    case IPERF3_SERVER_ERROR: return NIF_ENOTSUP;
    case IPERF3_SERVER_TERMINATE: return NIF_ERESET;
    default: return state < 0 ? state : NIF_EPROTO;
    }
}

static void finish(struct iperf3_test *test)
{
    for (unsigned i = 0; i < IPERF3_STREAMS; i++) {
        if (nif_conn_state(&client.conns[i]) != NIF_CONN_CLOSED) {
            nif_conn_abort(&client.conns[i]);
        }
    }
    (void)nif_close(&client.ctrl, iperf3_deadline(test));
    if (nif_conn_state(&client.ctrl) != NIF_CONN_CLOSED) {
        nif_conn_abort(&client.ctrl); // its memory is needed again
    }
}

static int measure(struct iperf3_test *test)
{
    int err = begin(test);

    // Each state is heard once; the server cannot keep us here.
    for (unsigned i = 0; i < 16 && err == 0; i++) {
        err = follow(test, iperf3_hear(test, iperf3_deadline(test)));
    }
    finish(test);
    return err > 0 ? 0 : err == 0 ? NIF_EPROTO : err;
}

int nif_app(struct nif_board *board)
{
    struct iperf3_test *test = &client.test;
    int err;

    if (client.busy) {
        return NIF_ENOBUFS;
    }
    memset(test, 0, sizeof(*test));
    err = read_args(board->args);
    if (err != 0) {
        iperf3_print(board,
            "iperf3: SERVER [-p PORT] [-t SECONDS] [-n BYTES] "
            "[-u] [-b BITS/S] [-R] [-P N] [-l LENGTH]");
        return err;
    }
    client.busy = true;
    test->board = board;
    test->ctrl = &client.ctrl;
    test->sends = !test->params.reverse;
    err = uplink_wait(&client.up, board, NIF_NEVER);
    if (err == 0) {
        nif_dns_resolver_init(&client.dns, board->stack, board->seed);
        err = measure(test);
    }
    nif_connector_stop(&client.up.connector);
    client.busy = false;
    return board->stop ? 0 : err;
}
