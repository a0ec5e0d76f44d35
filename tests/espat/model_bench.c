// SPDX-License-Identifier: MIT
//
// A bench for the ESP-AT model.

#include "tests/espat/model_bench.h"

#define LOOK_NS     (200 * SIM_US)
#define PATIENCE_MS 30000

static struct bench bench;
static bool is_open;

// ---- making one

static void close_bench(struct bench *b)
{
    if (!is_open) {
        return;
    }
    is_open = false;
    assert_int_equal(b->world.complaints, 0);
    sim_espat_done(&b->chip);
    sim_uart_done(&b->bus);
    far_done(&b->far);
    sim_ap_done(&b->home);
    sim_air_done(&b->air);
    sim_cable_done(&b->cable);
    sim_world_done(&b->world);
}

struct bench *bench_open(const struct sim_espat_cfg *cfg)
{
    struct bench *b = &bench;
    struct sim_espat_cfg all = { .firmware = SIM_ESPAT_2_4 };

    close_bench(b);
    memset(b, 0, sizeof(*b));
    is_open = true;
    if (cfg) {
        all = *cfg;
    }
    sim_world_init(&b->world, 1);
    sim_cpu_init(&b->cpu, &b->world, 200);
    sim_air_init(&b->air, &b->world);
    sim_ap_init(&b->home, &b->air,
        &(struct sim_ap_cfg){ .ssid = "home",
            .passphrase = "correct horse",
            .security = SIM_WPA2,
            .bssid = { 2, 0xA, 0, 0, 0, 1 } });
    sim_cable_init(&b->cable, &b->world, 100000000);
    far_init(&b->far, &b->world);
    sim_cable_join(&b->cable, &b->home.nic.port, &b->far.nic.port);
    all.air = &b->air;
    sim_espat_init(&b->chip, &b->world, &all);
    sim_pin_init(&b->enable, &b->cpu, "en", true);
    sim_espat_pins(&b->chip, &b->enable);
    sim_uart_init(&b->bus, &b->cpu, &b->chip.uart,
        &(struct sim_uart_cfg){ .rx_cap = 32768 });
    return b;
}

struct bench *bench_ready(enum sim_espat_firmware firmware)
{
    struct bench *b =
        bench_open(&(struct sim_espat_cfg){ .firmware = firmware });

    await(b, "\r\nready\r\n");
    say(b, "ATE0\r\n");
    await(b, "\r\nOK\r\n");
    return b;
}

struct bench *bench_joined(enum sim_espat_firmware firmware)
{
    struct bench *b = bench_ready(firmware);
    bool nonos = firmware == SIM_ESPAT_1_7;

    ask(b, nonos ? "AT+CWMODE_CUR=1" : "AT+CWMODE=1", "\r\nOK\r\n");
    ask(b, "AT+CIPMUX=1", "\r\nOK\r\n");
    say(b,
        nonos ? "AT+CWJAP_CUR=\"home\",\"correct horse\"\r\n"
              : "AT+CWJAP=\"home\",\"correct horse\"\r\n");
    expect(b, "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    return b;
}

int bench_teardown(void **state)
{
    (void)state;
    close_bench(&bench);
    return 0;
}

void forgive(struct bench *b, unsigned count)
{
    assert_int_equal(b->world.complaints, count);
    b->world.complaints = 0;
}

// ---- typing and hearing

void pass_ms(struct bench *b, uint64_t ms)
{
    sim_pass_ns(&b->world, ms * SIM_MS);
}

void type(struct bench *b, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len > 0) {
        int got = b->bus.uart.ops->write(&b->bus.uart, at, len);

        assert_true(got >= 0);
        at += got;
        len -= (size_t)got;
        if (got == 0) {
            sim_pass_ns(&b->world, LOOK_NS);
        }
    }
}

void say(struct bench *b, const char *text)
{
    type(b, text, strlen(text));
}

void hear(struct bench *b, uint64_t ms, size_t len)
{
    uint64_t end_ns = b->world.now_ns + ms * SIM_MS;

    while (b->world.now_ns < end_ns && b->heard_len < len) {
        int got = b->bus.uart.ops->read(&b->bus.uart, b->heard + b->heard_len,
            sizeof(b->heard) - b->heard_len < len - b->heard_len
                ? sizeof(b->heard) - b->heard_len
                : len - b->heard_len);

        assert_true(got >= 0);
        b->heard_len += (size_t)got;
        if (got == 0) {
            sim_pass_ns(&b->world, LOOK_NS);
        }
    }
}

static void drop(struct bench *b, size_t len)
{
    b->heard_len -= len;
    memmove(b->heard, b->heard + len, b->heard_len);
}

void expect_bytes(struct bench *b, const void *data, size_t len)
{
    hear(b, PATIENCE_MS, len);
    if (b->heard_len < len || memcmp(b->heard, data, len) != 0) {
        print_error("expected: %.*s\nheard:    %.*s\n", (int)len,
            (const char *)data, (int)b->heard_len, (const char *)b->heard);
        fail();
    }
    drop(b, len);
}

void expect(struct bench *b, const char *text)
{
    expect_bytes(b, text, strlen(text));
}

void await(struct bench *b, const char *text)
{
    size_t len = strlen(text);
    uint64_t end_ns = b->world.now_ns + PATIENCE_MS * SIM_MS;

    while (b->world.now_ns < end_ns) {
        for (size_t at = 0; at + len <= b->heard_len; at++) {
            if (memcmp(b->heard + at, text, len) == 0) {
                drop(b, at + len);
                return;
            }
        }
        hear(b, 1000, b->heard_len + 1);
    }
    print_error("waited for: %s\nheard:      %.*s\n", text, (int)b->heard_len,
        (const char *)b->heard);
    fail();
}

void quiet(struct bench *b, uint64_t ms)
{
    hear(b, ms, 1);
    if (b->heard_len > 0) {
        hear(b, 20, sizeof(b->heard));
        print_error("heard: %.*s\n", (int)b->heard_len, (const char *)b->heard);
        fail();
    }
}

void ask(struct bench *b, const char *line, const char *answer)
{
    say(b, line);
    say(b, "\r\n");
    expect(b, answer);
}

// ---- the far end

void far_listen(struct bench *b)
{
    struct nif_stack *stack = &b->far.tcpip.stack;

    assert_int_equal(nif_conn_open(stack, &b->listener, NIF_TCP,
                         &(struct nif_conn_cfg){ .rx_cap = 0 }),
        0);
    assert_int_equal(nif_conn_open(stack, &b->conn, NIF_TCP,
                         &(struct nif_conn_cfg){ .rx = b->rx,
                             .rx_cap = sizeof(b->rx),
                             .tx = b->tx,
                             .tx_cap = sizeof(b->tx) }),
        0);
    assert_int_equal(nif_conn_bind(&b->listener,
                         &(struct nif_endpoint){ .port = 7 }),
        0);
    assert_int_equal(nif_conn_listen(&b->listener, &b->conn, 1), 0);
}

void far_accept(struct bench *b)
{
    struct nif_conn *conn;
    int err = NIF_EAGAIN;

    for (unsigned i = 0; i < 1000 && err == NIF_EAGAIN; i++) {
        err = nif_conn_accept(&b->listener, &conn, NULL);
        pass_ms(b, 1);
    }
    assert_int_equal(err, 0);
    assert_ptr_equal(conn, &b->conn);
}

void far_connect(struct bench *b, struct nif_conn *conn, uint16_t port)
{
    struct nif_endpoint peer = { .ip = nif_ip4(192, 0, 2, 2), .port = port };

    assert_int_equal(nif_conn_open(&b->far.tcpip.stack, conn, NIF_TCP,
                         &(struct nif_conn_cfg){ .rx = b->rx,
                             .rx_cap = sizeof(b->rx),
                             .tx = b->tx,
                             .tx_cap = sizeof(b->tx) }),
        0);
    assert_int_equal(nif_conn_connect(conn, &peer), 0);
    far_kick(&b->far);
}

void far_write(struct bench *b, const void *data, size_t len)
{
    assert_int_equal(nif_conn_send(&b->conn, data, len, NULL), (int)len);
    far_kick(&b->far);
}

size_t far_read(struct bench *b, void *buf, size_t cap, uint64_t ms)
{
    uint8_t *to = buf;
    size_t len = 0;

    for (uint64_t i = 0; i < ms && len < cap; i++) {
        int got = nif_conn_recv(&b->conn, to + len, cap - len, NULL);

        if (got > 0) {
            len += (size_t)got;
            far_kick(&b->far);
        }
        pass_ms(b, 1);
    }
    return len;
}

void open_link(struct bench *b, unsigned id)
{
    char text[80];

    far_listen(b);
    snprintf(text, sizeof(text), "AT+CIPSTART=%u,\"TCP\",\"192.0.2.1\",7", id);
    say(b, text);
    say(b, "\r\n");
    snprintf(text, sizeof(text), "%u,CONNECT\r\n\r\nOK\r\n", id);
    expect(b, text);
    far_accept(b);
}
