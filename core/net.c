// SPDX-License-Identifier: MIT
//
// Calls that wait: each is a thing to try, and nif_wait_for().

#include "nif/net.h"

// Pieces that are thrown away in one look while closing: a chip's peer may
// send as fast as they are read.
#define DRAIN_MAX 64

// ------------------------------------------------- beginning and ending

int nif_open(struct nif_conn *conn, const struct nif_open_cfg *cfg)
{
    struct nif_stack *stack =
        cfg->stack != NULL ? cfg->stack : nif_default_stack();
    int err;

    if (stack == NULL) {
        return NIF_EINVAL;
    }
    if (conn->state == NIF_CONN_CLOSING) {
        nif_conn_abort(conn);
    }
    if (conn->state != NIF_CONN_CLOSED) {
        return NIF_EISCONN;
    }
    err = nif_conn_open(stack, conn, cfg->proto != 0 ? cfg->proto : NIF_TCP,
        &cfg->buffers);
    if (err != 0) {
        conn->state = NIF_CONN_CLOSED;
        return err;
    }
    if (cfg->local.port != 0 || !nif_ip_is_any(&cfg->local.ip)) {
        err = nif_conn_bind(conn, &cfg->local);
        if (err != 0) {
            nif_conn_abort(conn);
        }
    }
    return err;
}

// The peer's address, asked for if it is a name.
static int find(struct nif_stack *stack, struct nif_resolver *r,
    struct nif_endpoint *peer, uint64_t until_us)
{
    struct nif_resolver chip;
    int err = 0;

    if (peer->host == NULL || nif_ip_parse(peer->host, &peer->ip) == 0) {
        return 0;
    }
    if (r == NULL) {
        err = nif_chip_resolver_init(&chip, stack);
        r = &chip;
    }
    return err != 0
        ? err
        : nif_lookup(r, peer->host, NIF_IP_NONE, &peer->ip, until_us);
}

static int try_connect(void *arg)
{
    const struct nif_conn *conn = arg;

    switch (nif_conn_state(conn)) {
    case NIF_CONN_OPENING: return NIF_EAGAIN;
    case NIF_CONN_OPEN: return 0;
    case NIF_CONN_FAILED: return conn->err;
    case NIF_CONN_CLOSED:
    case NIF_CONN_IDLE:
    case NIF_CONN_LISTENING:
    case NIF_CONN_CLOSING: break;
    }
    return NIF_ENOTCONN;
}

int nif_connect(struct nif_conn *conn, struct nif_resolver *resolver,
    const struct nif_endpoint *peer, uint64_t until_us)
{
    struct nif_endpoint to = *peer;
    int err = find(conn->stack, resolver, &to, until_us);

    if (err == 0) {
        err = nif_conn_connect(conn, &to);
    }
    return err != 0 ? err
                    : nif_wait_for(conn->stack, try_connect, conn, until_us);
}

int nif_dial(struct nif_conn *conn, const struct nif_open_cfg *cfg,
    const struct nif_endpoint *peer, uint64_t until_us)
{
    int err = nif_open(conn, cfg);

    if (err != 0) {
        return err;
    }
    err = nif_connect(conn, cfg->resolver, peer, until_us);
    if (err != 0) {
        nif_conn_abort(conn);
    }
    return err;
}

int nif_listen(struct nif_conn *listener, const struct nif_listen_cfg *cfg)
{
    struct nif_open_cfg open = {
        .stack = cfg->stack,
        .proto = cfg->proto,
        .local = cfg->local,
    };
    int err = cfg->local.port != 0 && cfg->n != 0 ? nif_open(listener, &open)
                                                  : NIF_EINVAL;
    size_t opened = 0;

    if (err != 0) {
        return err;
    }
    open.local = (struct nif_endpoint){ .port = 0 };
    while (err == 0 && opened < cfg->n) {
        open.buffers = cfg->buffers[opened];
        err = nif_open(&cfg->backlog[opened], &open);
        opened += err == 0;
    }
    if (err == 0) {
        err = nif_conn_listen(listener, cfg->backlog, cfg->n);
    }
    if (err != 0) {
        while (opened > 0) {
            nif_conn_abort(&cfg->backlog[--opened]);
        }
        nif_conn_abort(listener);
    }
    return err;
}

struct ending {
    struct nif_conn *conn;
    bool told; // our end, by shutdown()
};

// Bytes that the peer does not have yet, as far as is known.
static bool is_missing(struct nif_conn *conn)
{
    size_t unacked = nif_conn_unacked(conn);

    return unacked != 0 && unacked != SIZE_MAX;
}

// Tells our end, and throws away what comes in up to the peer's.
static int try_finish(void *arg)
{
    struct ending *e = arg;
    uint8_t scrap[64];
    int n = 1;

    for (unsigned i = 0; i < DRAIN_MAX && n > 0; i++) {
        n = nif_conn_recv(e->conn, scrap, sizeof(scrap), NULL);
    }
    if (n > 0) { // there is more: no sleep before the next look
        nif_clock_wake(e->conn->stack->clock);
        return NIF_EAGAIN;
    }
    // What is missing after both ends may still be refused, and then the close
    // would not hear of it.
    if (n == 0 && is_missing(e->conn)) {
        n = NIF_EAGAIN;
    }
    if (n == NIF_EAGAIN && !e->told) {
        if (nif_conn_shutdown(e->conn) == NIF_ENOTSUP) {
            return 0; // a chip that cannot: the close tells our end
        }
        e->told = true;
    }
    return n;
}

// A connection out of a backlog is the listener's again when it is through,
// and may be somebody else's by now: only "closing" is ours.
static int try_closed(void *arg)
{
    const struct ending *e = arg;
    size_t unacked;

    if (e->conn->state != NIF_CONN_CLOSING) {
        return 0;
    }
    // Where nobody counts, the peer's end stands for the acknowledgement if
    // it has come after ours.
    unacked = nif_conn_unacked(e->conn);
    return unacked == 0 || (unacked == SIZE_MAX && e->told) ? 0 : NIF_EAGAIN;
}

int nif_close(struct nif_conn *conn, uint64_t until_us)
{
    struct ending e = { .conn = conn };
    enum nif_conn_state state = nif_conn_state(conn);
    int err = state == NIF_CONN_FAILED ? conn->err : 0;
    int late;

    if (state == NIF_CONN_CLOSED) {
        return 0;
    }
    if (state == NIF_CONN_OPEN && conn->proto != NIF_UDP) {
        err = nif_wait_for(conn->stack, try_finish, &e, until_us);
        if (err != 0) {
            nif_conn_abort(conn);
            return err;
        }
    }
    nif_conn_close(conn);
    // Our end goes now: the caller may use the memory at once.
    (void)nif_poll_all(conn->stack);
    late = nif_wait_for(conn->stack, try_closed, &e, until_us);
    if (late != 0) {
        nif_conn_abort(conn);
    }
    return err != 0 ? err : late;
}

// ------------------------------------------------------------------ data

struct transfer {
    struct nif_conn *conn;
    union {
        const uint8_t *out;
        uint8_t *in;
    } data;
    size_t len;
    const struct nif_endpoint *to;
    struct nif_endpoint *from;
    struct nif_conn **accepted;
};

static int try_accept(void *arg)
{
    struct transfer *t = arg;

    return nif_conn_accept(t->conn, t->accepted, t->from);
}

int nif_accept(struct nif_conn *listener, struct nif_conn **out,
    struct nif_endpoint *peer, uint64_t until_us)
{
    struct transfer t = { .conn = listener, .accepted = out, .from = peer };

    return nif_wait_for(listener->stack, try_accept, &t, until_us);
}

static int try_send(void *arg)
{
    struct transfer *t = arg;

    return nif_conn_send(t->conn, t->data.out, t->len, t->to);
}

int nif_send_to(struct nif_conn *conn, const void *data, size_t len,
    const struct nif_endpoint *to, uint64_t until_us)
{
    struct transfer t = {
        .conn = conn,
        .data.out = data,
        .len = len,
        .to = to,
    };
    int n = nif_wait_for(conn->stack, try_send, &t, until_us);

    // Out with it now: the caller may be busy with something else next.
    (void)nif_poll_all(conn->stack);
    return n;
}

int nif_send(struct nif_conn *conn, const void *data, size_t len,
    uint64_t until_us)
{
    return nif_send_to(conn, data, len, NULL, until_us);
}

int nif_send_all(struct nif_conn *conn, const void *data, size_t len,
    uint64_t until_us)
{
    const uint8_t *at = data;

    while (len > 0) {
        int n = nif_send(conn, at, len, until_us);

        if (n <= 0) { // none: a stack that broke its promise
            return n < 0 ? n : NIF_EPROTO;
        }
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static int try_recv(void *arg)
{
    struct transfer *t = arg;

    return nif_conn_recv(t->conn, t->data.in, t->len, t->from);
}

int nif_recv_from(struct nif_conn *conn, void *buf, size_t cap,
    struct nif_endpoint *from, uint64_t until_us)
{
    struct transfer t = {
        .conn = conn,
        .data.in = buf,
        .len = cap,
        .from = from,
    };

    return nif_wait_for(conn->stack, try_recv, &t, until_us);
}

int nif_recv(struct nif_conn *conn, void *buf, size_t cap, uint64_t until_us)
{
    return nif_recv_from(conn, buf, cap, NULL, until_us);
}

int nif_recv_all(struct nif_conn *conn, void *buf, size_t len,
    uint64_t until_us)
{
    uint8_t *at = buf;
    size_t got = 0;

    while (got < len) {
        int n = nif_recv(conn, at + got, len - got, until_us);

        if (n < 0) {
            return n;
        }
        if (n == 0) {
            break;
        }
        got += (size_t)n;
    }
    return (int)got;
}

// --------------------------------------------------------------- several

static int look(struct nif_watch *watch, size_t n)
{
    int count = 0;

    for (size_t i = 0; i < n; i++) {
        watch[i].ready = nif_conn_ready(watch[i].conn) & watch[i].want;
        count += watch[i].ready != 0;
    }
    return count;
}

// A turn of each stack among them, once.
static uint64_t turn(const struct nif_watch *watch, size_t n)
{
    uint64_t again_us = NIF_NEVER;

    for (size_t i = 0; i < n; i++) {
        struct nif_stack *stack = watch[i].conn->stack;
        uint64_t stack_us;
        size_t k = 0;

        while (watch[k].conn->stack != stack) {
            k++;
        }
        if (k == i) {
            stack_us = nif_poll_all(stack);
            again_us = stack_us < again_us ? stack_us : again_us;
        }
    }
    return again_us;
}

int nif_poll(struct nif_watch *watch, size_t n, uint64_t until_us)
{
    struct nif_clock *clock;
    int count;

    if (n == 0) {
        return NIF_EINVAL;
    }
    NIF_ASSERT(!watch[0].conn->stack->polling);
    clock = watch[0].conn->stack->clock;
    while ((count = look(watch, n)) == 0) {
        uint64_t again_us = turn(watch, n);

        count = look(watch, n);
        if (count != 0 || nif_clock_now_us(clock) >= until_us) {
            return count;
        }
        nif_clock_wait(clock, again_us < until_us ? again_us : until_us);
    }
    return count;
}
