// SPDX-License-Identifier: MIT
//
// Socket options and descriptor flags, as far as the stack has them.

#include "tests/packetdrill/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define KEEPALIVE_DEFAULT_S 7200 // two hours (RFC 9293 MUST-28)

static int get_socket(struct pd_socket *sock, int name)
{
    switch (name) {
    case SO_ERROR:
        if (nif_conn_state(sock->conn) == NIF_CONN_FAILED && !sock->told) {
            sock->told = true;
            return pd_errno(sock->conn->err);
        }
        return 0;
    case SO_TYPE: return sock->proto == NIF_TCP ? SOCK_STREAM : SOCK_DGRAM;
    case SO_RCVBUF:
    case SO_SNDBUF: return PD_RING;
    default: return -ENOPROTOOPT;
    }
}

int pd_getsockopt(struct pd_sockets *s, int fd, struct pd_option option,
    void *value, socklen_t *len)
{
    struct pd_socket *sock = pd_find(s, fd);
    int got;

    if (sock == NULL) {
        return -EBADF;
    }
    got = option.level == SOL_SOCKET ? get_socket(sock, option.name)
                                     : -ENOPROTOOPT;
    if (got < 0) {
        return got;
    }
    memcpy(value, &got, *len < sizeof(got) ? *len : sizeof(got));
    *len = sizeof(got);
    return 0;
}

static int set(struct pd_socket *sock, enum nif_option option, int value)
{
    int err = nif_conn_option(sock->conn, option, value);

    return err == 0 ? 0 : -pd_errno(err);
}

static int set_keepalive(struct pd_socket *sock)
{
    int idle_s = sock->keepalive_s ? sock->keepalive_s : KEEPALIVE_DEFAULT_S;

    return set(sock, NIF_OPT_KEEPALIVE, sock->keepalive ? idle_s : 0);
}

static int set_socket(struct pd_socket *sock, int name, const void *value,
    socklen_t len)
{
    struct linger linger = { 0, 0 };
    int number = 0;

    memcpy(&number, value, len < sizeof(number) ? len : sizeof(number));
    switch (name) {
    case SO_REUSEADDR:
    case SO_REUSEPORT:
    case SO_RCVBUF: // accepted, without effect
    case SO_SNDBUF: return 0;
    case SO_KEEPALIVE:
        sock->keepalive = number != 0;
        return set_keepalive(sock);
    case SO_LINGER:
        memcpy(&linger, value, len < sizeof(linger) ? len : sizeof(linger));
        sock->abort_on_close = linger.l_onoff != 0 && linger.l_linger == 0;
        return 0;
    default: return -ENOPROTOOPT;
    }
}

static int set_tcp(struct pd_socket *sock, int name, int number)
{
    switch (name) {
    case TCP_NODELAY: return set(sock, NIF_OPT_NODELAY, number);
    case TCP_KEEPIDLE: sock->keepalive_s = number; return set_keepalive(sock);
    case TCP_USER_TIMEOUT:
        return set(sock, NIF_OPT_USER_TIMEOUT, (number + 999) / 1000);
    default: return -ENOPROTOOPT;
    }
}

int pd_setsockopt(struct pd_sockets *s, int fd, struct pd_option option,
    const void *value, socklen_t len)
{
    struct pd_socket *sock = pd_find(s, fd);
    int number = 0;
    int done = -ENOPROTOOPT;

    if (sock == NULL) {
        return -EBADF;
    }
    memcpy(&number, value, len < sizeof(number) ? len : sizeof(number));
    if (option.level == SOL_SOCKET) {
        done = set_socket(sock, option.name, value, len);
    } else if (option.level == IPPROTO_TCP) {
        done = set_tcp(sock, option.name, number);
    } else if (option.level == IPPROTO_IP && option.name == IP_TTL) {
        done = set(sock, NIF_OPT_TTL, number);
    }
    pd_run(s->world, s->world->now_us);
    return done;
}

int pd_fcntl(struct pd_sockets *s, int fd, int cmd, int arg)
{
    struct pd_socket *sock = pd_find(s, fd);

    if (sock == NULL) {
        return -EBADF;
    }
    if (cmd == F_GETFL) {
        return O_RDWR | (sock->nonblocking ? O_NONBLOCK : 0);
    }
    if (cmd == F_SETFL) {
        sock->nonblocking = (arg & O_NONBLOCK) != 0;
        return 0;
    }
    return -EINVAL;
}
