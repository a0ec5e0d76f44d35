// SPDX-License-Identifier: MIT
//
// The line to the scripted module, and the main loop.

#include "tests/espat/driver_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What the port takes without waiting.
#define FIFO 64u

// ---- the port

static struct bench *of(struct nif_uart *uart)
{
    return nif_container_of(uart, struct bench, uart);
}

static bool fails(struct bench *b)
{
    sim_cpu_step(&b->cpu);
    b->calls++;
    return b->fail_at != 0 && b->calls >= b->fail_at;
}

static int port_write(struct nif_uart *uart, const uint8_t *data, size_t len)
{
    struct bench *b = of(uart);
    uint64_t ns = 10 * SIM_S / b->host_baud;
    uint64_t now_ns;
    size_t n = 0;

    if (fails(b)) {
        return NIF_EIO;
    }
    now_ns = b->world.now_ns;
    if (b->tx_free_ns < now_ns) {
        b->tx_free_ns = now_ns;
    }
    while (n < len && b->tx_free_ns - now_ns < FIFO * ns) {
        b->tx_free_ns += ns;
        if (b->dead == BENCH_ALIVE && b->host_baud == b->baud) {
            bench_hear(b, data[n], b->tx_free_ns);
        } else if (b->dead == BENCH_ECHO) {
            bench_put_byte(b, data[n], b->tx_free_ns);
        }
        n++;
    }
    return (int)n;
}

// A millisecond's worth of a line that is no module's.
static int read_dead(struct bench *b, uint8_t *buf, size_t cap)
{
    size_t n = 0;

    if (b->world.now_ns - b->dead_ns < SIM_MS) {
        return 0;
    }
    b->dead_ns = b->world.now_ns;
    for (; n < cap && n < 11; n++) {
        buf[n] = b->dead == BENCH_ZERO ? 0
            : b->dead == BENCH_ONES    ? 0xFF
                                       : (uint8_t)sim_roll(&b->world, 256);
    }
    return (int)n;
}

static int port_read(struct nif_uart *uart, uint8_t *buf, size_t cap)
{
    struct bench *b = of(uart);
    size_t n = 0;

    if (fails(b)) {
        return NIF_EIO;
    }
    if (b->dead >= BENCH_ZERO && b->dead <= BENCH_NOISE) {
        return read_dead(b, buf, cap);
    }
    if (b->send_ok_ns != 0 && b->send_ok_ns <= b->world.now_ns) {
        b->send_ok_ns = 0;
        bench_say(b, "\r\nSEND OK\r\n");
    }
    while (n < cap && b->out_len > 0 &&
        b->out[b->out_head].at_ns <= b->world.now_ns) {
        uint8_t byte = b->out[b->out_head].byte;

        buf[n++] = b->host_baud == b->baud ? byte : (uint8_t)(byte ^ 0xB5);
        b->out_head = (b->out_head + 1) % BENCH_OUT;
        b->out_len--;
    }
    return (int)n;
}

static bool port_drained(struct nif_uart *uart)
{
    return of(uart)->tx_free_ns <= of(uart)->world.now_ns;
}

static unsigned port_errors(struct nif_uart *uart)
{
    unsigned errs = of(uart)->errs;

    of(uart)->errs = 0;
    return errs;
}

static int port_configure(struct nif_uart *uart, uint32_t baud, bool rts_cts)
{
    struct bench *b = of(uart);

    if (b->baud_max != 0 && baud > b->baud_max) {
        return NIF_ENOTSUP;
    }
    b->host_baud = baud;
    b->host_rts = rts_cts;
    return 0;
}

static const struct nif_uart_ops port_ops = {
    .write = port_write,
    .read = port_read,
    .drained = port_drained,
    .errors = port_errors,
    .configure = port_configure,
};

// ---- the reset pin

static bool pin_read(struct nif_pin *pin)
{
    (void)pin;
    return true;
}

static void pin_write(struct nif_pin *pin, bool level)
{
    struct bench *b = nif_container_of(pin, struct bench, pin);

    if (level) {
        bench_reset(b);
    }
}

static const struct nif_pin_ops pin_ops = {
    .read = pin_read,
    .write = pin_write,
};

// ---- the bench

static void on_event(void *arg, struct nif_iface *iface, enum nif_event event)
{
    struct bench *b = arg;

    (void)iface;
    if (b->event_count < nif_countof(b->events)) {
        b->events[b->event_count++] = event;
    }
}

void bench_open(struct bench *b, enum bench_firmware firmware,
    const struct espat_cfg *cfg)
{
    struct espat_cfg own = { 0 };

    memset(b, 0, sizeof(*b));
    b->out = calloc(BENCH_OUT, sizeof(*b->out));
    assert_non_null(b->out);
    b->firmware = firmware;
    b->echo = true;
    b->baud = 115200;
    b->host_baud = 115200;
    b->uart.ops = &port_ops;
    b->pin.ops = &pin_ops;
    sim_world_init(&b->world, 1);
    sim_cpu_init(&b->cpu, &b->world, SIM_CPU_COST_NS);
    if (cfg != NULL) {
        own = *cfg;
    }
    own.uart = &b->uart;
    own.clock = &b->cpu.clock;
    own.poll_us = 1000;
    espat_init(&b->chip, &own);
    nif_iface_on_event(&b->chip.iface, on_event, b);
}

void bench_close(struct bench *b)
{
    sim_world_done(&b->world);
    free(b->out);
}

void bench_run(struct bench *b, uint32_t ms)
{
    uint64_t until_us = b->world.now_ns / 1000 + (uint64_t)ms * 1000;

    while (b->world.now_ns / 1000 < until_us) {
        uint64_t since_ns = b->world.now_ns;
        uint64_t again_us = NIF_NEVER;
        int err = nif_iface_poll(&b->chip.iface, &again_us);

        if (b->world.now_ns - since_ns > b->slowest_ns) {
            b->slowest_ns = b->world.now_ns - since_ns;
        }
        b->poll_err = err != 0 ? err : b->poll_err;
        nif_clock_wait(&b->cpu.clock,
            again_us < until_us ? again_us : until_us);
    }
}

void bench_up(struct bench *b)
{
    const struct nif_wifi_params home = {
        .ssid = "home",
        .passphrase = "correct horse",
    };
    struct nif_net net;

    assert_int_equal(nif_iface_start(&b->chip.iface), 0);
    assert_int_equal(nif_wifi_join(&b->chip.iface, &home), 0);
    bench_run(b, 500);
    nif_stack_net(&b->chip.stack, &net);
    assert_int_equal(net.ip.family, NIF_IPV4);
}

void bench_answer(struct bench *b, const char *command, const char *answer)
{
    assert_true(b->once_count < nif_countof(b->once));
    b->once[b->once_count++] = (struct bench_rule){ command, answer };
}

struct nif_conn *bench_conn(struct bench *b, unsigned i, enum nif_proto proto)
{
    const struct nif_conn_cfg cfg = {
        .rx = b->rx[i],
        .rx_cap = sizeof(b->rx[i]),
        .tx = b->tx[i],
        .tx_cap = sizeof(b->tx[i]),
    };

    assert_int_equal(nif_conn_open(&b->chip.stack, &b->conns[i], proto, &cfg),
        0);
    return &b->conns[i];
}

struct nif_conn *bench_dial(struct bench *b, unsigned i)
{
    const struct nif_endpoint peer = { nif_ip4(192, 0, 2, 1), 7, NULL };
    struct nif_conn *conn = bench_conn(b, i, NIF_TCP);

    assert_int_equal(nif_conn_connect(conn, &peer), 0);
    for (int n = 0; n < 100 && conn->state == NIF_CONN_OPENING; n++) {
        bench_run(b, 10);
    }
    assert_int_equal(conn->state, NIF_CONN_OPEN);
    return conn;
}

struct nif_conn *bench_serve(struct bench *b, size_t n)
{
    const struct nif_endpoint local = { .port = 80 };
    struct nif_conn *listener = bench_conn(b, 0, NIF_TCP);

    for (unsigned i = 1; i <= n; i++) {
        (void)bench_conn(b, i, NIF_TCP);
    }
    assert_int_equal(nif_conn_bind(listener, &local), 0);
    assert_int_equal(nif_conn_listen(listener, &b->conns[1], n), 0);
    bench_run(b, 100);
    return listener;
}

unsigned bench_count(const struct bench *b, const char *command)
{
    const char *at = b->log;
    size_t len = strlen(command);
    unsigned n = 0;

    while (*at != '\0') {
        const char *end = strchr(at, '\n');

        n += (size_t)(end - at) == len && strncmp(at, command, len) == 0;
        at = end + 1;
    }
    return n;
}

unsigned bench_told(const struct bench *b, enum nif_event event)
{
    unsigned n = 0;

    for (size_t i = 0; i < b->event_count; i++) {
        n += b->events[i] == event;
    }
    return n;
}

void bench_receive(struct bench *b, struct nif_conn *conn, const char *text)
{
    size_t want = strlen(text);
    char got[4096];
    size_t len = 0;

    for (int i = 0; i < 1000 && len < want; i++) {
        int n = nif_conn_recv(conn, got + len, sizeof(got) - len, NULL);

        if (n != NIF_EAGAIN) {
            assert_true(n > 0);
            len += (size_t)n;
        }
        bench_run(b, 10);
    }
    assert_int_equal(len, want);
    assert_memory_equal(got, text, want);
}

bool bench_traffic(struct bench *b)
{
    const struct nif_endpoint peer = { nif_ip4(192, 0, 2, 1), 7, NULL };
    struct nif_conn *conn = bench_conn(b, 7, NIF_TCP);
    uint8_t got[8];
    unsigned id = ESPAT_LINKS;
    bool good = false;

    if (nif_conn_connect(conn, &peer) == 0) {
        bench_run(b, 1000);
        while (id > 0 && b->chip.link[id - 1].conn != conn) {
            id--;
        }
    }
    if (id > 0 && conn->state == NIF_CONN_OPEN) {
        b->data_len = 0;
        assert_int_equal(nif_conn_send(conn, "ping", 4, NULL), 4);
        bench_data(b, id - 1, "pong");
        bench_run(b, 1000);
        good = b->data_len == 4 && memcmp(b->data, "ping", 4) == 0 &&
            nif_conn_recv(conn, got, sizeof(got), NULL) == 4 &&
            memcmp(got, "pong", 4) == 0;
    }
    nif_conn_abort(conn);
    bench_run(b, 1000);
    return good;
}
