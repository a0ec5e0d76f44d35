// SPDX-License-Identifier: MIT
//
// Descriptors: places of a table.

#include "nif/fd.h"

#include <string.h>

enum use {
    FREE,
    OPEN,    // the application's
    WAITING, // in a listener's backlog, or saying good-bye there
    LEAVING, // closed without waiting: still says good-bye
    LINGERS, // closed in order: only TIME-WAIT may be left of it
};

// `listener` of a place that is in nobody's backlog.
#define NOBODY 0xFF

struct nif_conn *nif_fd_conn(const struct nif_fd_table *t, int fd)
{
    return fd >= 0 && fd < t->count && t->fds[fd].use == OPEN ? &t->conns[fd]
                                                              : NULL;
}

// ---------------------------------------------------------------- places

static bool is_free(const struct nif_fd_table *t, unsigned i)
{
    const struct nif_fd *f = &t->fds[i];

    return f->use == FREE || f->use == LINGERS ||
        (f->use == LEAVING && t->conns[i].state == NIF_CONN_CLOSED);
}

// The first of `n` free places in a row; those of nothing at all first, then
// such as linger. `count` if there are none.
static unsigned find(const struct nif_fd_table *t, unsigned n)
{
    for (unsigned any = 0; any < 2; any++) {
        unsigned run = 0;

        for (unsigned i = 0; i < t->count; i++) {
            bool good =
                is_free(t, i) && (any || t->conns[i].state == NIF_CONN_CLOSED);

            run = good ? run + 1 : 0;
            if (run == n) {
                return i + 1 - n;
            }
        }
    }
    return t->count;
}

static int open(struct nif_fd_table *t, unsigned i, enum nif_proto proto)
{
    const struct nif_open_cfg cfg = {
        .stack = t->stack,
        .proto = proto,
        .buffers = t->buffers[i],
    };
    int err = nif_open(&t->conns[i], &cfg);

    if (err == 0) {
        t->fds[i] = (struct nif_fd){ .use = OPEN, .listener = NOBODY };
    }
    return err;
}

int nif_fd_socket(struct nif_fd_table *t, enum nif_proto proto)
{
    unsigned i = find(t, 1);
    int err = i < t->count ? open(t, i, proto) : NIF_ENOBUFS;

    return err != 0 ? err : (int)i;
}

int nif_fd_bind(struct nif_fd_table *t, int fd,
    const struct nif_endpoint *local)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);

    return conn != NULL ? nif_conn_bind(conn, local) : NIF_EINVAL;
}

int nif_fd_connect(struct nif_fd_table *t, int fd,
    const struct nif_endpoint *peer, uint64_t until_us)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);

    return conn != NULL ? nif_connect(conn, t->resolver, peer, until_us)
                        : NIF_EINVAL;
}

// ------------------------------------------------------------- listeners

int nif_fd_listen(struct nif_fd_table *t, int fd, unsigned backlog)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);
    unsigned first = backlog > 0 ? find(t, backlog) : 0;
    unsigned opened = 0;
    int err = 0;

    if (conn == NULL) {
        return NIF_EINVAL;
    }
    if (first == t->count) {
        return NIF_ENOBUFS;
    }
    while (err == 0 && opened < backlog) {
        err = open(t, first + opened, (enum nif_proto)conn->proto);
        opened += err == 0;
    }
    if (err == 0) {
        err = nif_conn_listen(conn, &t->conns[first], backlog);
    }
    for (unsigned i = first; i < first + opened; i++) {
        t->fds[i].use = err == 0 ? WAITING : FREE;
        t->fds[i].listener = (uint8_t)fd;
        if (err != 0) {
            nif_conn_abort(&t->conns[i]);
        }
    }
    return err;
}

int nif_fd_accept(struct nif_fd_table *t, int fd, struct nif_endpoint *peer,
    uint64_t until_us)
{
    struct nif_conn *listener = nif_fd_conn(t, fd);
    struct nif_conn *conn;
    int err = listener != NULL ? nif_accept(listener, &conn, peer, until_us)
                               : NIF_EINVAL;

    if (err != 0) {
        return err;
    }
    fd = (int)(conn - t->conns);
    t->fds[fd].use = OPEN;
    return fd;
}

// Its backlog is nobody's from now on. What was accepted goes on without it.
static void dismiss(struct nif_fd_table *t, int listener)
{
    for (unsigned i = 0; i < t->count; i++) {
        struct nif_fd *f = &t->fds[i];

        if (f->listener == listener) {
            f->listener = NOBODY;
            f->use = f->use == WAITING ? LEAVING : f->use;
        }
    }
}

int nif_fd_close(struct nif_fd_table *t, int fd, uint64_t until_us)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);
    struct nif_fd *f;
    int err = 0;

    if (conn == NULL) {
        return NIF_EINVAL;
    }
    f = &t->fds[fd];
    if (until_us == 0) {
        nif_conn_close(conn);
        f->use = LEAVING;
    } else {
        err = nif_close(conn, until_us);
        f->use = LINGERS;
    }
    dismiss(t, fd); // one that has failed has a backlog, too
    if (f->listener != NOBODY) {
        f->use = WAITING;
    }
    return err;
}

// ------------------------------------------------------------------ data

// A deadline, and what its passing is called.
static uint64_t until(unsigned flags, uint64_t until_us)
{
    return flags & NIF_FD_DONTWAIT ? 0 : until_us;
}

static int named(unsigned flags, int result)
{
    return result == NIF_ETIMEDOUT && (flags & NIF_FD_DONTWAIT) ? NIF_EAGAIN
                                                                : result;
}

int nif_fd_send(struct nif_fd_table *t, int fd, const void *data, size_t len,
    unsigned flags, uint64_t until_us)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);
    int n;

    if (conn == NULL) {
        return NIF_EINVAL;
    }
    if ((flags & NIF_FD_ALL) && !(flags & NIF_FD_DONTWAIT)) {
        n = nif_send_all(conn, data, len, until_us);
        return n == 0 ? (int)len : n;
    }
    return named(flags, nif_send(conn, data, len, until(flags, until_us)));
}

int nif_fd_send_to(struct nif_fd_table *t, int fd, const void *data, size_t len,
    const struct nif_endpoint *to, uint64_t until_us)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);

    return conn != NULL ? nif_send_to(conn, data, len, to, until_us)
                        : NIF_EINVAL;
}

struct peek {
    struct nif_conn *conn;
    const uint8_t *data;
};

static int try_peek(void *arg)
{
    struct peek *p = arg;

    return nif_conn_peek(p->conn, &p->data);
}

static int peek(struct nif_conn *conn, void *buf, size_t cap, uint64_t until_us)
{
    struct peek p = { .conn = conn };
    int n = nif_wait_for(conn->stack, try_peek, &p, until_us);

    if (n > 0) {
        n = (size_t)n < cap ? n : (int)cap;
        memcpy(buf, p.data, (size_t)n);
    }
    return n;
}

int nif_fd_recv(struct nif_fd_table *t, int fd, void *buf, size_t cap,
    unsigned flags, uint64_t until_us)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);

    if (conn == NULL) {
        return NIF_EINVAL;
    }
    until_us = until(flags, until_us);
    if (flags & NIF_FD_PEEK) {
        return named(flags, peek(conn, buf, cap, until_us));
    }
    if ((flags & NIF_FD_ALL) && !(flags & NIF_FD_DONTWAIT)) {
        return nif_recv_all(conn, buf, cap, until_us);
    }
    return named(flags, nif_recv(conn, buf, cap, until_us));
}

int nif_fd_recv_from(struct nif_fd_table *t, int fd, void *buf, size_t cap,
    struct nif_endpoint *from, uint64_t until_us)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);

    return conn != NULL ? nif_recv_from(conn, buf, cap, from, until_us)
                        : NIF_EINVAL;
}

int nif_fd_shutdown(struct nif_fd_table *t, int fd)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);

    return conn != NULL ? nif_conn_shutdown(conn) : NIF_EINVAL;
}

int nif_fd_option(struct nif_fd_table *t, int fd, enum nif_option option,
    int value)
{
    struct nif_conn *conn = nif_fd_conn(t, fd);

    return conn != NULL ? nif_conn_option(conn, option, value) : NIF_EINVAL;
}
