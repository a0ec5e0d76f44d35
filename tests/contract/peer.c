// SPDX-License-Identifier: MIT
//
// The peer's fiber, and what it is told.

#include "tests/contract/peer.h"

#include "tests/contract/bench.h"
#include "tests/support/check.h"

#include <string.h>

static struct nif_clock *clock_of(struct peer *p)
{
    return p->board.board.clock;
}

uint8_t peer_text(uint32_t salt, uint32_t i)
{
    uint32_t x = (i + 1) * 2654435761u ^ salt * 40503u;

    return (uint8_t)(x >> 24 ^ x >> 11 ^ i >> 8);
}

// ------------------------------------------------------------------ ends

static void take(struct peer_end *e, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (e->as.expect != 0 &&
            data[i] != peer_text(e->as.expect, e->got + (uint32_t)i)) {
            e->wrong = true;
        }
    }
    e->got += (uint32_t)len;
}

static bool receive(struct peer_end *e)
{
    int n;

    if (e->as.deaf || e->ended || (e->as.echo && e->held_len > 0)) {
        return false;
    }
    n = nif_conn_recv(e->conn, e->held, sizeof(e->held), NULL);
    if (n == NIF_EAGAIN) {
        return false;
    }
    if (n > 0) {
        take(e, e->held, (size_t)n);
        e->held_at = 0;
        e->held_len = e->as.echo ? (size_t)n : 0;
    } else {
        e->ended = true;
        e->err = n;
    }
    return true;
}

static bool send_text(struct peer_end *e)
{
    uint8_t text[997];
    size_t len = e->as.send - e->sent;
    int n;

    len = len < sizeof(text) ? len : sizeof(text);
    for (size_t i = 0; i < len; i++) {
        text[i] = peer_text(e->as.salt, e->sent + (uint32_t)i);
    }
    n = len > 0 ? nif_conn_send(e->conn, text, len, NULL) : 0;
    e->sent += n > 0 ? (uint32_t)n : 0;
    return n > 0;
}

static bool send_back(struct peer_end *e)
{
    int n = e->held_len > 0
        ? nif_conn_send(e->conn, e->held + e->held_at, e->held_len, NULL)
        : 0;

    if (n > 0) {
        e->held_at += (size_t)n;
        e->held_len -= (size_t)n;
        e->sent += (uint32_t)n;
    }
    return n > 0;
}

// True if something was done and there may be more.
static bool step(struct peer_end *e)
{
    enum nif_conn_state state = nif_conn_state(e->conn);
    bool moved;

    if (state == NIF_CONN_OPENING) {
        return false;
    }
    e->open |= state == NIF_CONN_OPEN;
    moved = receive(e);
    moved |= e->as.echo ? send_back(e) : send_text(e);
    if (e->as.fin && e->sent == e->as.send && !e->told) {
        e->told = true;
        nif_conn_shutdown(e->conn);
    }
    if (e->ended && !e->as.stubborn &&
        (e->err != 0 || (e->held_len == 0 && e->sent >= e->as.send))) {
        nif_conn_close(e->conn);
        e->conn = NULL;
        return false;
    }
    return moved;
}

// Nothing has been said yet.
static void renew(struct peer_end *e, const struct peer_manner *as)
{
    e->as = *as;
    e->sent = 0;
    e->got = 0;
    e->open = false;
    e->wrong = false;
    e->ended = false;
    e->err = 0;
    e->told = false;
    e->held_len = 0;
}

static void accept_all(struct peer *p)
{
    while (nif_conn_state(&p->listener) == NIF_CONN_LISTENING &&
        p->ends < PEER_ENDS) {
        struct peer_end *e = &p->end[p->ends];

        if (nif_conn_accept(&p->listener, &e->conn, &e->from) != 0) {
            return;
        }
        renew(e, &p->as);
        p->ends++;
    }
}

// ------------------------------------------------------------- datagrams

static bool datagram(struct peer_udp *u)
{
    int n = nif_conn_state(&u->conn) != NIF_CONN_CLOSED
        ? nif_conn_recv(&u->conn, u->got, sizeof(u->got), &u->from)
        : NIF_EAGAIN;

    if (n < 0) {
        return n == NIF_EREFUSED; // an earlier one of ours
    }
    u->count++;
    u->len = (size_t)n;
    if (u->answer) {
        u->len = u->answer(u);
    }
    if (u->echo || (u->answer && u->len > 0)) {
        (void)!nif_conn_send(&u->conn, u->got, u->len, &u->from);
    }
    return true;
}

// ----------------------------------------------------------------- fiber

static bool turn(struct peer *p)
{
    bool moved = false;

    accept_all(p);
    for (unsigned i = 0; i < p->ends; i++) {
        moved |= p->end[i].conn && step(&p->end[i]);
    }
    return datagram(&p->udp) || moved;
}

int peer_app(struct nif_board *board)
{
    struct peer *p = &bench.peer;
    uint64_t again_us = 0;

    p->failed = bench_bring_up(&p->board);
    p->up = true;
    sim_notify(&bench.world);
    while (!board->stop) {
        bool moved = false;

        if (p->called) {
            p->called = false;
            p->result = p->fn(p->arg);
            p->done = true;
            sim_notify(&bench.world);
        }
        if (!p->frozen) {
            again_us = nif_poll_all(board->stack);
            moved = turn(p);
        }
        if (!p->called && !board->stop) {
            nif_clock_wait(board->clock,
                p->frozen   ? NIF_NEVER
                    : moved ? 0
                            : again_us);
        }
    }
    return 0;
}

int peer_do(int (*fn)(void *arg), void *arg)
{
    struct peer *p = &bench.peer;

    p->fn = fn;
    p->arg = arg;
    p->done = false;
    p->called = true;
    peer_kick();
    sim_block(&bench.world, SIM_NEVER, &p->done);
    assert_true(p->done);
    return p->result;
}

void peer_kick(void)
{
    nif_clock_wake(clock_of(&bench.peer));
}

// -------------------------------------------------------------- commands

static int do_serve(void *arg)
{
    struct peer *p = &bench.peer;
    struct nif_conn_cfg buffers[PEER_ENDS];

    p->as = *(const struct peer_manner *)arg;
    for (unsigned i = 0; i < p->backlog; i++) {
        buffers[i] = (struct nif_conn_cfg){
            .rx = p->rings[i][0],
            .rx_cap = PEER_RING,
            .tx = p->rings[i][1],
            .tx_cap = PEER_RING,
        };
    }
    return nif_listen(&p->listener,
        &(struct nif_listen_cfg){
            .stack = p->board.board.stack,
            .local.port = PEER_PORT,
            .backlog = p->waiting,
            .buffers = buffers,
            .n = p->backlog,
        });
}

void peer_serve(const struct peer_manner *as)
{
    union {
        const struct peer_manner *in;
        void *out;
    } arg = { as };

    assert_int_equal(peer_do(do_serve, arg.out), 0);
}

static int do_unserve(void *arg)
{
    (void)arg;
    nif_conn_close(&bench.peer.listener);
    return 0;
}

void peer_unserve(void)
{
    (void)peer_do(do_unserve, NULL);
}

struct dial {
    struct peer_end *end;
    uint16_t port;
};

static int do_dial(void *arg)
{
    const struct dial *d = arg;
    struct peer_end *e = d->end;
    const struct nif_endpoint to = {
        .ip = bench.peer.board_ip,
        .port = d->port,
    };
    const struct nif_open_cfg cfg = {
        .stack = bench.peer.board.board.stack,
        .buffers = { e->rx, sizeof(e->rx), e->tx, sizeof(e->tx) },
    };
    int err = nif_open(&e->own, &cfg);

    return err != 0 ? err : nif_conn_connect(&e->own, &to);
}

struct peer_end *peer_dial(uint16_t port, const struct peer_manner *as)
{
    struct peer *p = &bench.peer;
    struct dial d = { .end = &p->end[p->ends], .port = port };

    assert_true(p->ends < PEER_ENDS);
    renew(d.end, as);
    assert_int_equal(peer_do(do_dial, &d), 0);
    d.end->conn = &d.end->own;
    p->ends++;
    peer_kick();
    return d.end;
}

static int do_abort(void *arg)
{
    struct peer_end *e = arg;

    nif_conn_abort(e->conn);
    e->conn = NULL;
    return 0;
}

void peer_abort(struct peer_end *end)
{
    (void)peer_do(do_abort, end);
}

static int do_udp(void *arg)
{
    const struct nif_endpoint *local = arg;
    struct peer_udp *u = &bench.peer.udp;
    const struct nif_open_cfg cfg = {
        .stack = bench.peer.board.board.stack,
        .proto = NIF_UDP,
        .buffers = { u->rx, sizeof(u->rx), u->tx, sizeof(u->tx) },
        .local = *local,
    };

    if (nif_conn_state(&u->conn) != NIF_CONN_CLOSED) {
        nif_conn_abort(&u->conn);
    }
    return nif_open(&u->conn, &cfg);
}

void peer_udp(uint16_t port, bool echo)
{
    struct nif_endpoint local = { .port = port };

    bench.peer.udp.echo = echo;
    bench.peer.udp.count = 0;
    assert_int_equal(peer_do(do_udp, &local), 0);
}

struct say {
    size_t len;
    uint32_t salt;
    const struct nif_endpoint *to;
};

static int do_say(void *arg)
{
    static uint8_t data[PEER_BIG];
    const struct say *s = arg;

    for (size_t i = 0; i < s->len; i++) {
        data[i] = peer_text(s->salt, (uint32_t)i);
    }
    return nif_conn_send(&bench.peer.udp.conn, data, s->len, s->to);
}

bool peer_say(size_t len, uint32_t salt, const struct nif_endpoint *to)
{
    struct say s = { .len = len, .salt = salt, .to = to };

    return peer_do(do_say, &s) == (int)len;
}

static int do_move(void *arg)
{
    const struct nif_net net = {
        .ip = *(const struct nif_ip *)arg,
        .prefix_len = 24,
    };

    return nif_stack_set_net(bench.peer.board.board.stack, &net);
}

void peer_move(const struct nif_ip *ip)
{
    struct nif_ip copy = *ip;

    assert_int_equal(peer_do(do_move, &copy), 0);
    bench.peer.at.ip = *ip;
}
