// SPDX-License-Identifier: MIT
//
// TCP end to end between two of our stacks: what goes in comes out, through
// loss, repetition and disorder, in both directions.

#include "tests/core/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PORT 7

// One direction of a transfer.
struct flow {
    struct nif_conn *from;
    struct nif_conn *to;
    uint32_t sent;
    uint32_t got;
    uint32_t total;
    uint32_t chunk;
    bool closed; // the receiver has seen the end
};

struct bench {
    struct pair pair;
    struct nif_conn client;
    struct nif_conn listener;
    struct nif_conn backlog[1];
    struct nif_conn *server;
    struct flow up;
    struct flow down;
    uint8_t ring[4][4096];
};

static struct bench b;

static uint8_t byte_at(uint32_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static void open_both(size_t cap)
{
    struct nif_stack *s0 = &b.pair.stack[0].stack;
    struct nif_stack *s1 = &b.pair.stack[1].stack;
    const struct nif_conn_cfg c0 = { b.ring[0], cap, b.ring[1], cap };
    const struct nif_conn_cfg c1 = { b.ring[2], cap, b.ring[3], cap };
    const struct nif_conn_cfg none = { .rx = NULL };
    const struct nif_endpoint local = { .port = PORT };
    const struct nif_endpoint peer = { .ip = nif_ip4(192, 0, 2, 2),
        .port = PORT };

    assert_int_equal(nif_conn_open(s1, &b.listener, NIF_TCP, &none), 0);
    assert_int_equal(nif_conn_bind(&b.listener, &local), 0);
    assert_int_equal(nif_conn_open(s1, &b.backlog[0], NIF_TCP, &c1), 0);
    assert_int_equal(nif_conn_listen(&b.listener, b.backlog, 1), 0);
    assert_int_equal(nif_conn_open(s0, &b.client, NIF_TCP, &c0), 0);
    assert_int_equal(nif_conn_connect(&b.client, &peer), 0);
    b.server = NULL;
}

static void feed(struct flow *f)
{
    uint8_t buf[2000];

    while (f->from != NULL && f->sent < f->total) {
        uint32_t n = f->chunk;
        int took;

        n = n > f->total - f->sent ? f->total - f->sent : n;
        for (uint32_t i = 0; i < n; i++) {
            buf[i] = byte_at(f->sent + i);
        }
        took = nif_conn_send(f->from, buf, n, NULL);
        if (took <= 0) {
            assert_true(took == NIF_EAGAIN);
            return;
        }
        f->sent += (uint32_t)took;
        if (f->sent == f->total) {
            assert_int_equal(nif_conn_shutdown(f->from), 0);
        }
    }
}

static void drain(struct flow *f)
{
    uint8_t buf[1000];
    int n = 1;

    while (f->to != NULL && !f->closed && n > 0) {
        n = nif_conn_recv(f->to, buf, sizeof(buf), NULL);
        for (int i = 0; i < n; i++) {
            assert_int_equal(buf[i], byte_at(f->got + (uint32_t)i));
        }
        if (n > 0) {
            f->got += (uint32_t)n;
        } else if (n == 0) {
            f->closed = true;
        } else {
            assert_int_equal(n, NIF_EAGAIN);
        }
    }
}

static bool step(struct pair *p)
{
    (void)p;
    if (b.server == NULL &&
        nif_conn_accept(&b.listener, &b.server, NULL) == 0) {
        b.up.to = b.server;
        b.down.from = b.server;
    }
    feed(&b.up);
    feed(&b.down);
    drain(&b.up);
    drain(&b.down);
    return b.up.closed && b.down.closed;
}

struct lane {
    const char *name;
    struct pair_cable cable;
    uint32_t up;
    uint32_t down;
    uint32_t chunk;
    size_t cap;
    unsigned refill;
    uint64_t limit_s;
};

static uint64_t transfer(const struct lane *lane, uint64_t seed)
{
    uint64_t begun_us;

    memset(&b, 0, sizeof(b));
    pair_init(&b.pair, seed);
    b.pair.cable = lane->cable;
    b.pair.dev[0].refill = lane->refill;
    b.pair.dev[1].refill = lane->refill;
    open_both(lane->cap);
    b.up = (struct flow){ .from = &b.client,
        .total = lane->up,
        .chunk = lane->chunk };
    b.down = (struct flow){ .to = &b.client,
        .total = lane->down,
        .chunk = lane->chunk };
    begun_us = b.pair.now_us;
    pair_run(&b.pair, begun_us + lane->limit_s * 1000000, step);
    if (!b.up.closed || !b.down.closed) {
        fail_msg("%s, seed %u: %u of %u up, %u of %u down after %u s",
            lane->name, (unsigned)seed, b.up.got, b.up.total, b.down.got,
            b.down.total, (unsigned)lane->limit_s);
    }
    assert_int_equal(b.up.got, lane->up);
    assert_int_equal(b.down.got, lane->down);
    return b.pair.now_us - begun_us;
}

#define KIB 1024u

static const struct lane lanes[] = {
    { "clean", { .byte_ns = 800, .delay_us = 100 }, 256 * KIB, 1, 1460, 4096,
        1000, 5 },
    { "clean, down", { .byte_ns = 800, .delay_us = 100 }, 1, 256 * KIB, 1460,
        4096, 1000, 5 },
    { "1 %, both ways", { .loss = 10, .byte_ns = 800, .delay_us = 500 },
        128 * KIB, 128 * KIB, 1000, 4096, 1000, 60 },
    { "5 % and disorder",
        { .loss = 50, .swap = 100, .dup = 20, .byte_ns = 800, .delay_us = 500 },
        128 * KIB, 128 * KIB, 700, 4096, 1000, 120 },
    { "15 %", { .loss = 150, .byte_ns = 800, .delay_us = 500 }, 64 * KIB,
        64 * KIB, 1460, 4096, 1000, 600 },
    { "small ring, long way", { .loss = 20, .byte_ns = 800, .delay_us = 20000 },
        32 * KIB, 32 * KIB, 300, 1000, 1000, 300 },
    { "tiny ring", { .loss = 20, .byte_ns = 800, .delay_us = 100 }, 4 * KIB,
        4 * KIB, 50, 100, 1000, 300 },
    { "a device with room for one",
        { .loss = 20, .swap = 50, .byte_ns = 800, .delay_us = 100 }, 64 * KIB,
        64 * KIB, 1460, 4096, 1, 100 },
};

static void what_is_sent_arrives_once_and_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(lanes); i++) {
        uint64_t worst_us = 0;
        unsigned seeds = lanes[i].cable.loss > 0 ? 10 : 1;

        for (uint64_t seed = 1; seed <= seeds; seed++) {
            uint64_t us = transfer(&lanes[i], seed);

            worst_us = us > worst_us ? us : worst_us;
        }
        print_message("%-28s worst %u.%03u s\n", lanes[i].name,
            (unsigned)(worst_us / 1000000), (unsigned)(worst_us / 1000 % 1000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_arrives_once_and_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
