// SPDX-License-Identifier: MIT
//
// The table that packetdrill asks for: each call takes the world's lock,
// hands on to sockets.c or world.c, and turns a negative errno into -1.
// Pipes, splice, epoll and ioctl are not there: ENOSYS.

#include "tests/packetdrill/interface.h"
#include "tests/packetdrill/sockets.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pd_sockets *enter(void *u)
{
    struct pd_sockets *s = u;

    pthread_mutex_lock(&s->world->lock);
    return s;
}

static ssize_t leave(struct pd_sockets *s, ssize_t result)
{
    pthread_mutex_unlock(&s->world->lock);
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

// --------------------------------------------------------------- sockets

static int do_socket(void *u, int domain, int type, int protocol)
{
    struct pd_sockets *s = enter(u);

    return (int)leave(s, pd_socket(s, domain, type, protocol));
}

static int do_bind(void *u, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct pd_sockets *s = enter(u);

    return (int)leave(s, pd_bind(s, fd, addr, len));
}

static int do_listen(void *u, int fd, int backlog)
{
    struct pd_sockets *s = enter(u);

    return (int)leave(s, pd_listen(s, fd, backlog));
}

static int do_accept(void *u, int fd, struct sockaddr *addr, socklen_t *len)
{
    struct pd_sockets *s = enter(u);

    return (int)leave(s, pd_accept(s, fd, addr, len));
}

static int do_connect(void *u, int fd, const struct sockaddr *addr,
    socklen_t len)
{
    struct pd_sockets *s = enter(u);

    return (int)leave(s, pd_connect(s, fd, addr, len));
}

static int do_shutdown(void *u, int fd, int how)
{
    struct pd_sockets *s = enter(u);

    return (int)leave(s, pd_shutdown(s, fd, how));
}

static int do_close(void *u, int fd)
{
    struct pd_sockets *s = enter(u);

    return (int)leave(s, pd_close(s, fd));
}

// ------------------------------------------------------------------ data

static ssize_t do_recvmsg(void *u, int fd, struct msghdr *msg, int flags)
{
    struct pd_sockets *s = enter(u);

    return leave(s, pd_recv(s, fd, msg, flags));
}

static ssize_t do_readv(void *u, int fd, const struct iovec *iov, int n)
{
    struct iovec copy[16];
    struct msghdr msg = { .msg_iov = copy, .msg_iovlen = (size_t)n };

    if (n < 0 || n > (int)nif_countof(copy)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(copy, iov, (size_t)n * sizeof(*iov));
    return do_recvmsg(u, fd, &msg, 0);
}

// NOLINTNEXTLINE(readability-function-size): the interface's
static ssize_t do_recvfrom(void *u, int fd, void *buf, size_t cap, int flags,
    struct sockaddr *from, socklen_t *len)
{
    struct iovec iov = { buf, cap };
    struct msghdr msg = { .msg_name = from,
        .msg_namelen = len != NULL ? *len : 0,
        .msg_iov = &iov,
        .msg_iovlen = 1 };
    ssize_t got = do_recvmsg(u, fd, &msg, flags);

    if (len != NULL) {
        *len = msg.msg_namelen;
    }
    return got;
}

static ssize_t do_recv(void *u, int fd, void *buf, size_t cap, int flags)
{
    return do_recvfrom(u, fd, buf, cap, flags, NULL, NULL);
}

static ssize_t do_read(void *u, int fd, void *buf, size_t cap)
{
    return do_recvfrom(u, fd, buf, cap, 0, NULL, NULL);
}

static ssize_t do_sendmsg(void *u, int fd, const struct msghdr *msg, int flags)
{
    struct pd_sockets *s = enter(u);

    return leave(s, pd_send(s, fd, msg, flags));
}

static ssize_t do_writev(void *u, int fd, const struct iovec *iov, int n)
{
    struct iovec copy[16];
    const struct msghdr msg = { .msg_iov = copy, .msg_iovlen = (size_t)n };

    if (n < 0 || n > (int)nif_countof(copy)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(copy, iov, (size_t)n * sizeof(*iov));
    return do_sendmsg(u, fd, &msg, 0);
}

// A struct msghdr has no const; nobody writes through it when sending.
static void *unconst(const void *p)
{
    void *out;

    memcpy(&out, &p, sizeof(out));
    return out;
}

// NOLINTNEXTLINE(readability-function-size): the interface's
static ssize_t do_sendto(void *u, int fd, const void *buf, size_t count,
    int flags, const struct sockaddr *to, socklen_t len)
{
    struct iovec iov = { unconst(buf), count };
    const struct msghdr msg = { .msg_name = unconst(to),
        .msg_namelen = len,
        .msg_iov = &iov,
        .msg_iovlen = 1 };

    return do_sendmsg(u, fd, &msg, flags);
}

static ssize_t do_send(void *u, int fd, const void *buf, size_t count,
    int flags)
{
    return do_sendto(u, fd, buf, count, flags, NULL, 0);
}

static ssize_t do_write(void *u, int fd, const void *buf, size_t count)
{
    return do_sendto(u, fd, buf, count, 0, NULL, 0);
}

// --------------------------------------------------------------- options

static int do_getsockopt(void *u, int fd, int level, int name, void *value,
    socklen_t *len)
{
    struct pd_sockets *s = enter(u);
    const struct pd_option option = { level, name };

    return (int)leave(s, pd_getsockopt(s, fd, option, value, len));
}

static int do_setsockopt(void *u, int fd, int level, int name,
    const void *value, socklen_t len)
{
    struct pd_sockets *s = enter(u);
    const struct pd_option option = { level, name };

    return (int)leave(s, pd_setsockopt(s, fd, option, value, len));
}

static int do_fcntl(void *u, int fd, int cmd, ...)
{
    struct pd_sockets *s = enter(u);
    va_list args;
    int arg;

    va_start(args, cmd);
    arg = va_arg(args, int);
    va_end(args);
    return (int)leave(s, pd_fcntl(s, fd, cmd, arg));
}

static int do_poll(void *u, struct pollfd *fds, nfds_t n, int timeout_ms)
{
    struct pd_sockets *s = enter(u);

    return (int)leave(s, pd_poll(s, fds, n, timeout_ms));
}

// ------------------------------------------------------- packets and time

static int do_netdev_send(void *u, const void *packet, size_t len)
{
    struct pd_sockets *s = enter(u);
    bool given = pd_give(s->world, packet, len);

    pd_run(s->world, s->world->now_us);
    return (int)leave(s, given ? 0 : -ENOBUFS);
}

static bool something_sent(void *arg)
{
    return ((const struct pd_world *)arg)->out.used > 0;
}

static int do_netdev_receive(void *u, void *packet, size_t *len, long long *us)
{
    struct pd_sockets *s = enter(u);
    const struct pd_frame *f;

    (void)pd_wait(s->world, something_sent, s->world, NIF_NEVER);
    f = pd_take(s->world);
    if (f == NULL) {
        *len = 0;
    } else {
        *len = f->len < *len ? f->len : *len;
        *us = (long long)f->at_us;
        memcpy(packet, f->data, *len);
    }
    return (int)leave(s, 0);
}

static int do_usleep(void *u, useconds_t us)
{
    struct pd_sockets *s = enter(u);

    pd_run(s->world, s->world->now_us + us);
    return (int)leave(s, 0);
}

static int do_gettimeofday(void *u, struct timeval *tv, struct timezone *tz)
{
    struct pd_sockets *s = enter(u);
    uint64_t now_us = pd_look(s->world);

    (void)tz;
    tv->tv_sec = (time_t)(now_us / 1000000);
    tv->tv_usec = (suseconds_t)(now_us % 1000000);
    return (int)leave(s, 0);
}

// ------------------------------------------------------------- not there

static int not_there(void)
{
    errno = ENOSYS;
    return -1;
}

static int do_ioctl(void *u, int fd, unsigned long request, ...)
{
    (void)u;
    (void)fd;
    (void)request;
    return not_there();
}

static int do_epoll_create(void *u, int size)
{
    (void)u;
    (void)size;
    return not_there();
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int do_epoll_ctl(void *u, int epfd, int op, int fd,
    struct epoll_event *ev)
{
    (void)u;
    (void)epfd;
    (void)op;
    (void)fd;
    (void)ev;
    return not_there();
}

static int do_epoll_wait(void *u, int epfd, struct epoll_event *ev, int max,
    int timeout_ms)
{
    (void)u;
    (void)epfd;
    (void)ev;
    (void)max;
    (void)timeout_ms;
    return not_there();
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int do_pipe(void *u, int fds[2])
{
    (void)u;
    (void)fds;
    return not_there();
}

// NOLINTNEXTLINE
static int do_splice(void *u, int in, off_t *in_at, int out, off_t *out_at,
    size_t len, unsigned flags)
{
    (void)u;
    (void)in;
    (void)in_at;
    (void)out;
    (void)out_at;
    (void)len;
    (void)flags;
    return not_there();
}

// ------------------------------------------------------------------ table

static void do_free(void *u)
{
    struct pd_sockets *s = u;

    pd_world_free(s->world);
    free(s);
}

// "sack", "stamps" and an address, in any order, commas between.
static void read_flags(const char *flags, struct pd_world_cfg *cfg)
{
    while (*flags != '\0') {
        size_t len = strcspn(flags, ",");
        char word[NIF_IP_TEXT_MAX] = "";

        memcpy(word, flags, len < sizeof(word) ? len : sizeof(word) - 1);
        flags += len + (flags[len] == ',');
        if (strcmp(word, "sack") == 0) {
            cfg->sack = true;
        } else if (strcmp(word, "stamps") == 0) {
            cfg->stamps = true;
        } else if (nif_ip_parse(word, &cfg->ip) != 0) {
            fprintf(stderr, "--so_flags: what is '%s'?\n", word);
            abort(); // the interface has no way to report it
        }
    }
}

void packetdrill_interface_init(const char *flags, struct pd_interface *out)
{
    struct pd_world_cfg cfg = { .ip = nif_ip4(192, 168, 0, 1),
        .prefix_len = 16 };
    struct pd_sockets *s = calloc(1, sizeof(*s));

    read_flags(flags != NULL ? flags : "", &cfg);
    if (s == NULL || (s->world = pd_world_new(&cfg)) == NULL) {
        abort();
    }
    out->userdata = s;
#define PD_SET(name, place) out->name = do_##name;
    PD_CALLS(PD_SET)
}
