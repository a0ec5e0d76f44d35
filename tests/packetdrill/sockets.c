// SPDX-License-Identifier: MIT
//
// Socket calls over connections.

#include "tests/packetdrill/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

int pd_errno(int err)
{
    static const struct {
        int nif;
        int sys;
    } known[] = {
        { NIF_EAGAIN, EAGAIN },
        { NIF_ETIMEDOUT, ETIMEDOUT },
        { NIF_ETOOBIG, EMSGSIZE },
        { NIF_EINVAL, EINVAL },
        { NIF_ENOTSUP, EOPNOTSUPP },
        { NIF_ENOBUFS, ENOBUFS },
        { NIF_EADDR, EADDRNOTAVAIL },
        { NIF_EADDRINUSE, EADDRINUSE },
        { NIF_EUNREACH, EHOSTUNREACH },
        { NIF_ENOTCONN, ENOTCONN },
        { NIF_EISCONN, EISCONN },
        { NIF_EREFUSED, ECONNREFUSED },
        { NIF_ERESET, ECONNRESET },
    };

    for (size_t i = 0; i < nif_countof(known); i++) {
        if (known[i].nif == err) {
            return known[i].sys;
        }
    }
    return EIO;
}

struct pd_socket *pd_find(struct pd_sockets *s, int fd)
{
    for (int i = 0; i < PD_SOCKETS; i++) {
        if (s->all[i].used && s->all[i].fd == fd) {
            return &s->all[i];
        }
    }
    return NULL;
}

// A new socket with a descriptor that is good for nothing else.
static struct pd_socket *add(struct pd_sockets *s, struct nif_conn *conn,
    uint16_t proto)
{
    for (int i = 0; i < PD_SOCKETS; i++) {
        struct pd_socket *sock = &s->all[i];

        if (!sock->used) {
            *sock = (struct pd_socket){
                .fd = open("/dev/null", O_RDWR | O_CLOEXEC),
                .proto = proto,
                .conn = conn,
            };
            sock->used = sock->fd >= 0;
            return sock->used ? sock : NULL;
        }
    }
    return NULL;
}

static bool has_state(const struct pd_socket *sock, enum nif_conn_state state)
{
    return nif_conn_state(sock->conn) == state;
}

// ------------------------------------------------------------- addresses

static bool get_endpoint(const struct sockaddr *addr, socklen_t len,
    struct nif_endpoint *out)
{
    struct sockaddr_in in;

    if (len < sizeof(in) || addr->sa_family != AF_INET) {
        return false;
    }
    memcpy(&in, addr, sizeof(in));
    *out = (struct nif_endpoint){ .port = ntohs(in.sin_port) };
    if (in.sin_addr.s_addr != INADDR_ANY) {
        out->ip = nif_ip4_from((const uint8_t *)&in.sin_addr);
    }
    return true;
}

static void put_endpoint(const struct nif_endpoint *e, void *addr,
    socklen_t *len)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
        .sin_port = htons(e->port) };

    if (addr == NULL || len == NULL) {
        return;
    }
    memcpy(&in.sin_addr, e->ip.byte, sizeof(in.sin_addr));
    memcpy(addr, &in, *len < sizeof(in) ? *len : sizeof(in));
    *len = sizeof(in);
}

// ----------------------------------------------------- opening, accepting

static bool open_conn(struct pd_world *w, struct nif_conn *conn,
    enum nif_proto proto)
{
    const struct nif_conn_cfg cfg = { pd_hold(w, PD_RING), PD_RING,
        pd_hold(w, PD_RING), PD_RING };
    struct nif_tcp_more *more = pd_hold(w, sizeof(*more));

    if (cfg.rx == NULL || cfg.tx == NULL || more == NULL ||
        nif_conn_open(&w->stack.stack, conn, proto, &cfg) != 0) {
        return false;
    }
    if (w->extended && proto == NIF_TCP) {
        nif_tcp_extend(conn, more);
    }
    return true;
}

static struct nif_conn *new_conns(struct pd_world *w, enum nif_proto proto,
    size_t n)
{
    struct nif_conn *conns = pd_hold(w, n * sizeof(*conns));

    for (size_t i = 0; conns != NULL && i < n; i++) {
        if (!open_conn(w, &conns[i], proto)) {
            return NULL;
        }
    }
    return conns;
}

int pd_socket(struct pd_sockets *s, int domain, int type, int protocol)
{
    int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    enum nif_proto proto = kind == SOCK_STREAM ? NIF_TCP : NIF_UDP;
    struct nif_conn *conn;
    struct pd_socket *sock;

    if (domain != AF_INET || (kind != SOCK_STREAM && kind != SOCK_DGRAM)) {
        return -EAFNOSUPPORT;
    }
    if (protocol != 0 && protocol != (int)proto) {
        return -EPROTONOSUPPORT;
    }
    conn = new_conns(s->world, proto, 1);
    sock = conn != NULL ? add(s, conn, (uint16_t)proto) : NULL;
    if (sock == NULL) {
        return -ENOBUFS;
    }
    sock->nonblocking = (type & SOCK_NONBLOCK) != 0;
    return sock->fd;
}

// A script's machine may have any address: the first that is bound is ours.
static int adopt(struct pd_sockets *s, const struct nif_ip *ip)
{
    if (ip->family == NIF_IP_NONE ||
        memcmp(ip->byte, s->world->own, sizeof(s->world->own)) == 0) {
        return 0;
    }
    return pd_world_address(s->world, ip, 16);
}

int pd_bind(struct pd_sockets *s, int fd, const struct sockaddr *addr,
    socklen_t len)
{
    struct pd_socket *sock = pd_find(s, fd);
    struct nif_endpoint local;
    int err;

    if (sock == NULL) {
        return -EBADF;
    }
    if (!get_endpoint(addr, len, &local)) {
        return -EINVAL;
    }
    err = adopt(s, &local.ip);
    if (err == 0) {
        err = nif_conn_bind(sock->conn, &local);
    }
    return err == 0 ? 0 : -pd_errno(err);
}

int pd_listen(struct pd_sockets *s, int fd, int backlog)
{
    struct pd_socket *sock = pd_find(s, fd);
    size_t n =
        backlog > 0 && backlog < PD_BACKLOG ? (size_t)backlog : PD_BACKLOG;
    struct nif_conn *conns;
    int err;

    if (sock == NULL) {
        return -EBADF;
    }
    if (has_state(sock, NIF_CONN_LISTENING)) {
        return 0;
    }
    conns = new_conns(s->world, NIF_TCP, n);
    if (conns == NULL) {
        return -ENOBUFS;
    }
    err = nif_conn_listen(sock->conn, conns, n);
    return err == 0 ? 0 : -pd_errno(err);
}

static bool acceptable(void *arg)
{
    struct pd_socket *sock = arg;

    return (nif_conn_ready(sock->conn) & NIF_ACCEPTABLE) != 0 ||
        !has_state(sock, NIF_CONN_LISTENING);
}

int pd_accept(struct pd_sockets *s, int fd, struct sockaddr *addr,
    socklen_t *len)
{
    struct pd_socket *sock = pd_find(s, fd);
    struct nif_endpoint peer;
    struct pd_socket *accepted;
    struct nif_conn *conn;
    int err;

    if (sock == NULL) {
        return -EBADF;
    }
    if (!sock->nonblocking) {
        (void)pd_wait(s->world, acceptable, sock, NIF_NEVER);
    }
    err = nif_conn_accept(sock->conn, &conn, &peer);
    if (err != 0) {
        return -pd_errno(err);
    }
    accepted = add(s, conn, sock->proto);
    if (accepted == NULL) {
        nif_conn_abort(conn);
        return -EMFILE;
    }
    put_endpoint(&peer, addr, len);
    return accepted->fd;
}

static bool connected(void *arg)
{
    return !has_state(arg, NIF_CONN_OPENING);
}

// What became of connect().
static int outcome(struct pd_socket *sock)
{
    if (has_state(sock, NIF_CONN_OPENING)) {
        return -EINPROGRESS;
    }
    sock->told = true;
    return has_state(sock, NIF_CONN_FAILED) ? -pd_errno(sock->conn->err) : 0;
}

int pd_connect(struct pd_sockets *s, int fd, const struct sockaddr *addr,
    socklen_t len)
{
    struct pd_socket *sock = pd_find(s, fd);
    struct nif_endpoint peer;
    int err;

    if (sock == NULL) {
        return -EBADF;
    }
    if (!get_endpoint(addr, len, &peer)) {
        return -EINVAL;
    }
    if (has_state(sock, NIF_CONN_OPENING)) {
        return -EALREADY;
    }
    if (sock->proto == NIF_TCP && !has_state(sock, NIF_CONN_IDLE)) {
        return sock->told ? -EISCONN : outcome(sock);
    }
    err = nif_conn_connect(sock->conn, &peer);
    if (err != 0) {
        return -pd_errno(err);
    }
    pd_run(s->world, s->world->now_us);
    if (!sock->nonblocking) {
        (void)pd_wait(s->world, connected, sock, NIF_NEVER);
    }
    return outcome(sock);
}

// ------------------------------------------------------------------ data

// An iovec, walked piece by piece.
struct pieces {
    const struct iovec *iov;
    size_t n;
    size_t at; ///< in the first
};

static bool piece(struct pieces *p, uint8_t **data, size_t *len)
{
    while (p->n > 0 && p->at == p->iov->iov_len) {
        p->iov++;
        p->n--;
        p->at = 0;
    }
    if (p->n == 0) {
        return false;
    }
    *data = (uint8_t *)p->iov->iov_base + p->at;
    *len = p->iov->iov_len - p->at;
    return true;
}

static bool readable(void *arg)
{
    struct pd_socket *sock = arg;

    return (nif_conn_ready(sock->conn) & NIF_READABLE) != 0 ||
        has_state(sock, NIF_CONN_IDLE);
}

static bool writable(void *arg)
{
    struct pd_socket *sock = arg;

    return (nif_conn_ready(sock->conn) & NIF_WRITABLE) != 0 ||
        has_state(sock, NIF_CONN_IDLE);
}

static bool blocks(const struct pd_socket *sock, int flags)
{
    return !sock->nonblocking && !(flags & MSG_DONTWAIT);
}

ssize_t pd_recv(struct pd_sockets *s, int fd, struct msghdr *msg, int flags)
{
    struct pd_socket *sock = pd_find(s, fd);
    struct pieces p = { msg->msg_iov, msg->msg_iovlen, 0 };
    struct nif_endpoint from = { .port = 0 };
    ssize_t total = 0;
    uint8_t *data;
    size_t len;
    int got = 0;

    if (sock == NULL) {
        return -EBADF;
    }
    if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) {
        return -EOPNOTSUPP;
    }
    if (blocks(sock, flags)) {
        (void)pd_wait(s->world, readable, sock, NIF_NEVER);
    }
    while (piece(&p, &data, &len)) {
        got = nif_conn_recv(sock->conn, data, len, &from);
        if (got <= 0) {
            break;
        }
        total += got;
        p.at += (size_t)got;
        if (sock->proto == NIF_UDP) {
            break; // one datagram, in one piece
        }
    }
    put_endpoint(&from, msg->msg_name, &msg->msg_namelen);
    pd_run(s->world, s->world->now_us);
    return total == 0 && got < 0 ? -pd_errno(got) : total;
}

// One attempt; NIF_EAGAIN if there is no room.
static int send_some(struct pd_socket *sock, struct pieces *p,
    const struct nif_endpoint *to)
{
    uint8_t *data = NULL;
    size_t len = 0;
    int sent;

    if (!piece(p, &data, &len) && sock->proto == NIF_TCP) {
        return 0;
    }
    sent = nif_conn_send(sock->conn, data, len, to);
    if (sent > 0) {
        p->at += (size_t)sent;
    }
    return sent;
}

ssize_t pd_send(struct pd_sockets *s, int fd, const struct msghdr *msg,
    int flags)
{
    struct pd_socket *sock = pd_find(s, fd);
    struct pieces p = { msg->msg_iov, msg->msg_iovlen, 0 };
    struct nif_endpoint to;
    bool named = msg->msg_name != NULL && msg->msg_namelen > 0;
    ssize_t total = 0;
    int sent;

    if (sock == NULL) {
        return -EBADF;
    }
    if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) {
        return -EOPNOTSUPP;
    }
    if (named && !get_endpoint(msg->msg_name, msg->msg_namelen, &to)) {
        return -EINVAL;
    }
    do {
        sent =
            send_some(sock, &p, named && sock->proto == NIF_UDP ? &to : NULL);
        pd_run(s->world, s->world->now_us);
        total += sent > 0 ? sent : 0;
        if (sent == NIF_EAGAIN && blocks(sock, flags) &&
            pd_wait(s->world, writable, sock, NIF_NEVER)) {
            sent = 1; // again
        }
    } while (sent > 0 && sock->proto == NIF_TCP);
    if (sent < 0 && total == 0) {
        return sent == NIF_ENOTCONN ? -EPIPE : -pd_errno(sent);
    }
    return total;
}

// ----------------------------------------------------------------- ending

int pd_shutdown(struct pd_sockets *s, int fd, int how)
{
    struct pd_socket *sock = pd_find(s, fd);
    int err = 0;

    if (sock == NULL) {
        return -EBADF;
    }
    if (how != SHUT_RD) { // nothing tells the peer that we do not read
        err = nif_conn_shutdown(sock->conn);
    }
    pd_run(s->world, s->world->now_us);
    return err == 0 ? 0 : -pd_errno(err);
}

int pd_close(struct pd_sockets *s, int fd)
{
    struct pd_socket *sock = pd_find(s, fd);

    if (sock == NULL) {
        return -EBADF;
    }
    if (sock->abort_on_close) {
        nif_conn_abort(sock->conn);
    } else {
        nif_conn_close(sock->conn);
    }
    (void)close(fd);
    sock->used = false; // the memory lives as long as the world
    pd_run(s->world, s->world->now_us);
    return 0;
}

// ---------------------------------------------------------------- waiting

static short events(const struct pd_socket *sock, short asked)
{
    unsigned ready;
    int out = 0;

    if (sock == NULL) {
        return POLLNVAL;
    }
    ready = nif_conn_ready(sock->conn);
    if (has_state(sock, NIF_CONN_FAILED)) {
        out |= POLLERR | POLLHUP | (asked & (POLLIN | POLLOUT));
    }
    if (ready & (NIF_READABLE | NIF_ACCEPTABLE)) {
        out |= asked & POLLIN;
    }
    if ((ready & NIF_WRITABLE) &&
        (sock->proto == NIF_UDP || has_state(sock, NIF_CONN_OPEN))) {
        out |= asked & POLLOUT;
    }
    return (short)out;
}

struct polled {
    struct pd_sockets *sockets;
    struct pollfd *fds;
    nfds_t n;
    int count;
};

static bool some_ready(void *arg)
{
    struct polled *p = arg;

    p->count = 0;
    for (nfds_t i = 0; i < p->n; i++) {
        const struct pd_socket *sock = pd_find(p->sockets, p->fds[i].fd);

        p->fds[i].revents = events(sock, p->fds[i].events);
        p->count += p->fds[i].revents != 0;
    }
    return p->count > 0;
}

int pd_poll(struct pd_sockets *s, struct pollfd *fds, nfds_t n, int timeout_ms)
{
    struct polled p = { s, fds, n, 0 };
    uint64_t until_us = timeout_ms < 0
        ? NIF_NEVER
        : s->world->now_us + (uint64_t)timeout_ms * 1000;

    if (timeout_ms == 0) {
        (void)some_ready(&p);
    } else {
        (void)pd_wait(s->world, some_ready, &p, until_us);
    }
    return p.count;
}
