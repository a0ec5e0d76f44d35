// SPDX-License-Identifier: MIT
//
// The other side, while a call waits.

#include "tests/core/pump.h"

#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf *panicked;

// In place of the one in core.
void nif_panic(const char *what)
{
    if (panicked) {
        longjmp(*panicked, 1);
    }
    fprintf(stderr, "panic: %s\n", what);
    abort();
}

int pump_panics(void (*fn)(void *arg), void *arg)
{
    jmp_buf here;
    int result = setjmp(here);

    if (result == 0) {
        panicked = &here;
        fn(arg);
    }
    panicked = NULL;
    return result;
}

static void send_back(struct pump_side *s)
{
    int n = nif_conn_send(s->conn, s->got + s->back_len,
        s->got_len - s->back_len, NULL);

    if (n > 0) {
        s->back_len += (size_t)n;
    }
}

static void move(struct pump_side *s)
{
    int n = s->deaf ? NIF_EAGAIN
                    : nif_conn_recv(s->conn, s->got + s->got_len,
                          sizeof(s->got) - s->got_len, NULL);

    if (n > 0) {
        s->got_len += (size_t)n;
    } else if (n != NIF_EAGAIN) {
        s->ended = true;
        s->err = n;
    }
    if (s->echo && s->back_len < s->got_len) {
        send_back(s);
    }
    if (s->ended && !s->stubborn && (!s->echo || s->back_len == s->got_len)) {
        nif_conn_close(s->conn);
        s->conn = NULL;
    }
}

static void run_side(struct pump_side *s)
{
    if (s->conn == NULL && nif_conn_state(&s->listener) == NIF_CONN_LISTENING &&
        nif_conn_accept(&s->listener, &s->conn, &s->from) == 0) {
        s->ended = false;
    }
    if (s->conn != NULL && nif_conn_state(s->conn) != NIF_CONN_OPENING) {
        move(s);
    }
}

static uint64_t turn(struct nif_job *job)
{
    struct pump *pump = nif_container_of(job, struct pump, job);
    struct pair *p = &pump->pair;
    uint64_t again_us = nif_stack_poll(&p->stack[1].stack);

    pump->turns++;
    p->now_us += 5; // a turn is not for nothing, so that none is endless
    run_side(&pump->side);
    pump->step_us = NIF_NEVER;
    if (pump->step != NULL) {
        pump->step(pump);
    }
    again_us = pump->step_us < again_us ? pump->step_us : again_us;
    for (int i = 0; i < 2; i++) {
        if (p->dev[i].queued > 0 && p->dev[i].queue[0].at_us < again_us) {
            again_us = p->dev[i].queue[0].at_us;
        }
    }
    return again_us;
}

void pump_init(struct pump *pump, uint64_t seed)
{
    memset(pump, 0, sizeof(*pump));
    pair_init(&pump->pair, seed);
    pump->pair.cable = (struct pair_cable){ .byte_ns = 80, .delay_us = 50 };
    pump->job.poll = turn;
    nif_job_add(&pump->pair.stack[0].stack, &pump->job);
}

void pump_serve(struct pump *pump, uint16_t port)
{
    struct pump_side *s = &pump->side;
    const struct nif_conn_cfg buffers[2] = {
        { s->rx[0], sizeof(s->rx[0]), s->tx[0], sizeof(s->tx[0]) },
        { s->rx[1], sizeof(s->rx[1]), s->tx[1], sizeof(s->tx[1]) },
    };

    assert_int_equal(nif_listen(&s->listener,
                         &(struct nif_listen_cfg){
                             .stack = &pump->pair.stack[1].stack,
                             .local.port = port,
                             .backlog = s->backlog,
                             .buffers = buffers,
                             .n = 2,
                         }),
        0);
}

void pump_dial(struct pump *pump, uint16_t port)
{
    struct pump_side *s = &pump->side;
    const struct nif_endpoint to = { .ip = nif_ip4(192, 0, 2, 1),
        .port = port };
    const struct nif_open_cfg cfg = {
        .stack = &pump->pair.stack[1].stack,
        .buffers = { s->rx[0], sizeof(s->rx[0]), s->tx[0], sizeof(s->tx[0]) },
    };

    assert_int_equal(nif_open(&s->client, &cfg), 0);
    assert_int_equal(nif_conn_connect(&s->client, &to), 0);
    s->conn = &s->client;
    s->ended = false;
}

void pump_pass(struct pump *pump, uint64_t us)
{
    uint64_t until_us = pump->pair.now_us + us;

    while (pump->pair.now_us < until_us) {
        uint64_t again_us = nif_poll_all(&pump->pair.stack[0].stack);

        nif_clock_wait(&pump->pair.clock,
            again_us < until_us ? again_us : until_us);
    }
}

struct nif_open_cfg pump_tcp(struct pump *pump)
{
    return (struct nif_open_cfg){
        .stack = &pump->pair.stack[0].stack,
        .buffers = { pump->rx, sizeof(pump->rx), pump->tx, sizeof(pump->tx) },
    };
}

void pump_connect(struct pump *pump)
{
    const struct nif_open_cfg cfg = pump_tcp(pump);
    const struct nif_endpoint to = pump_peer(7);

    assert_int_equal(nif_dial(&pump->conn, &cfg, &to, pump_in(pump, 5000000)),
        0);
    assert_int_equal(nif_conn_state(&pump->conn), NIF_CONN_OPEN);
}

uint64_t pump_in(const struct pump *pump, uint64_t us)
{
    return pump->pair.now_us + us;
}

struct nif_endpoint pump_peer(uint16_t port)
{
    return (struct nif_endpoint){ .ip = nif_ip4(192, 0, 2, 2), .port = port };
}
