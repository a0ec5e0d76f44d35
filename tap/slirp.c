// SPDX-License-Identifier: MIT
//
// libslirp as an end of the wire.

#include "tap/slirp.h"

#include "sim/world.h"
#include "tap/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// libslirp's few timers (router advertisements, which are off) in a list.
struct timer {
    struct timer *next;
    SlirpTimerCb fn;
    void *arg;
    int64_t at_ms; // -1: idle
};

struct slirp_end {
    struct tap_end end;
    Slirp *slirp;
    struct timer *timers;
    // The descriptors of the turn under way.
    struct pollfd *fds;
    size_t n;
    size_t cap;
};

static struct slirp_end *of(struct tap_end *end)
{
    return nif_container_of(end, struct slirp_end, end);
}

// ---- what libslirp calls

static ssize_t on_packet(const void *frame, size_t len, void *opaque)
{
    struct slirp_end *s = opaque;

    tap_loop_in(s->end.loop, frame, len);
    return (ssize_t)len;
}

static void on_guest_error(const char *msg, void *opaque)
{
    (void)opaque;
    fprintf(stderr, "nif: libslirp: %s\n", msg);
}

static int64_t clock_get_ns(void *opaque)
{
    struct timespec now;

    (void)opaque;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *timer_new(SlirpTimerCb fn, void *arg, void *opaque)
{
    struct slirp_end *s = opaque;
    struct timer *timer = malloc(sizeof(*timer));

    NIF_ASSERT(timer != NULL);
    *timer = (struct timer){ s->timers, fn, arg, -1 };
    s->timers = timer;
    return timer;
}

static void timer_free(void *timer, void *opaque)
{
    struct slirp_end *s = opaque;
    struct timer **at = &s->timers;

    while (*at && *at != timer) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = (*at)->next;
        free(timer);
    }
}

static void timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
    (void)opaque;
    ((struct timer *)timer)->at_ms = expire_ms;
}

static void on_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque; // descriptors are asked for at each turn
}

static void on_notify(void *opaque)
{
    (void)opaque; // libslirp is looked after at each turn
}

static const SlirpCb callbacks = {
    .send_packet = on_packet,
    .guest_error = on_guest_error,
    .clock_get_ns = clock_get_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = on_fd,
    .unregister_poll_fd = on_fd,
    .notify = on_notify,
};

// ---- what the loop calls

// What a wish is called in libslirp and in poll().
static const struct {
    int slirp;
    short poll;
} wishes[] = {
    { SLIRP_POLL_IN, POLLIN },
    { SLIRP_POLL_OUT, POLLOUT },
    { SLIRP_POLL_PRI, POLLPRI },
    { SLIRP_POLL_ERR, POLLERR },
    { SLIRP_POLL_HUP, POLLHUP },
};

static int add_poll(int fd, int events, void *opaque)
{
    struct slirp_end *s = opaque;
    struct pollfd *p = &s->fds[s->n];

    if (s->n == s->cap) {
        return -1;
    }
    *p = (struct pollfd){ .fd = fd };
    for (size_t i = 0; i < nif_countof(wishes); i++) {
        if (events & wishes[i].slirp) {
            p->events = (short)(p->events | wishes[i].poll);
        }
    }
    return (int)s->n++;
}

static int get_revents(int index, void *opaque)
{
    struct slirp_end *s = opaque;
    int got = 0;

    if (index < 0 || (size_t)index >= s->n) {
        return 0;
    }
    for (size_t i = 0; i < nif_countof(wishes); i++) {
        if (s->fds[index].revents & wishes[i].poll) {
            got |= wishes[i].slirp;
        }
    }
    return got;
}

static size_t slirp_fds(struct tap_end *end, struct pollfd *fds, size_t cap)
{
    struct slirp_end *s = of(end);
    uint32_t timeout_ms = (uint32_t)((end->timeout_ns + 999999) / 1000000);
    uint32_t before_ms = timeout_ms;

    s->fds = fds;
    s->cap = cap;
    s->n = 0;
    slirp_pollfds_fill(s->slirp, &timeout_ms, add_poll, s);
    if (timeout_ms < before_ms) {
        end->timeout_ns = (int64_t)timeout_ms * 1000000;
    }
    return s->n;
}

static void run_timers(struct slirp_end *s)
{
    int64_t now_ms = clock_get_ns(s) / 1000000;

    for (struct timer *t = s->timers; t; t = t->next) {
        if (t->at_ms >= 0 && t->at_ms <= now_ms) {
            t->at_ms = -1;
            t->fn(t->arg);
        }
    }
}

static void slirp_ready(struct tap_end *end, const struct pollfd *fds, size_t n)
{
    struct slirp_end *s = of(end);

    (void)fds;
    (void)n; // the same that fds() has filled in
    slirp_pollfds_poll(s->slirp, 0, get_revents, s);
    run_timers(s);
}

static void slirp_send(struct tap_end *end, const uint8_t *frame, size_t len)
{
    slirp_input(of(end)->slirp, frame, (int)len);
}

static void slirp_close(struct tap_end *end)
{
    struct slirp_end *s = of(end);

    slirp_cleanup(s->slirp);
    while (s->timers) {
        timer_free(s->timers, s);
    }
    free(s);
}

static const struct tap_end_ops slirp_ops = {
    .fds = slirp_fds,
    .ready = slirp_ready,
    .send = slirp_send,
    .close = slirp_close,
};

struct tap_end *tap_slirp_open(char why[TAP_WHY])
{
    SlirpConfig cfg = { .version = 1, .in_enabled = true };
    struct slirp_end *s = calloc(1, sizeof(*s));

    NIF_ASSERT(s != NULL);
    cfg.vnetwork.s_addr = inet_addr("10.0.2.0");
    cfg.vnetmask.s_addr = inet_addr("255.255.255.0");
    cfg.vhost.s_addr = inet_addr(TAP_SLIRP_HOST);
    cfg.vdhcp_start.s_addr = inet_addr(TAP_SLIRP_BOARD);
    cfg.vnameserver.s_addr = inet_addr(TAP_SLIRP_DNS);
    s->end = (struct tap_end){ .ops = &slirp_ops, .name = "slirp" };
    s->slirp = slirp_new(&cfg, &callbacks, s);
    if (!s->slirp) {
        free(s);
        snprintf(why, TAP_WHY, "libslirp %s did not start",
            tap_slirp_version());
        return NULL;
    }
    return &s->end;
}

// ---- forwards

// The port that `text` is, wholly; -1 if it is none.
static int port_of(const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    return *text >= '0' && *text <= '9' && *end == '\0' && port >= 1 &&
            port <= 65535
        ? (int)port
        : -1;
}

int tap_forward_parse(const char *spec, struct tap_forward *out,
    char why[TAP_WHY])
{
    char copy[80];
    char *at = copy;
    char *part[4] = { NULL };
    size_t n = 0;
    struct in_addr host = { htonl(INADDR_LOOPBACK) };

    snprintf(copy, sizeof(copy), "%s", spec);
    while (at && n < nif_countof(part)) {
        part[n++] = strsep(&at, ":");
    }
    out->is_udp = strcmp(part[0], "udp") == 0;
    out->host_port = n >= 3 ? port_of(part[n - 2]) : -1;
    out->board_port = n >= 3 ? port_of(part[n - 1]) : -1;
    if (strlen(spec) >= sizeof(copy) || n < 3 || at || out->host_port < 0 ||
        out->board_port < 0 || (!out->is_udp && strcmp(part[0], "tcp") != 0) ||
        (n == 4 && inet_pton(AF_INET, part[1], &host) != 1)) {
        snprintf(why, TAP_WHY,
            "--forward %s: write it as tcp:127.0.0.1:8080:80, that is "
            "tcp or udp, the host's address and port, the board's port",
            spec);
        return -1;
    }
    inet_ntop(AF_INET, &host, out->host, sizeof(out->host));
    return 0;
}

int tap_slirp_forward(struct tap_end *end, const char *spec, char why[TAP_WHY])
{
    struct tap_forward f;
    struct in_addr host;
    struct in_addr board = { inet_addr(TAP_SLIRP_BOARD) };

    if (tap_forward_parse(spec, &f, why) != 0) {
        return -1;
    }
    host.s_addr = inet_addr(f.host);
    if (slirp_add_hostfwd(of(end)->slirp, f.is_udp, host, f.host_port, board,
            f.board_port) != 0) {
        snprintf(why, TAP_WHY,
            "--forward %s: port %d of the host cannot be opened: %s", spec,
            f.host_port, strerror(errno));
        return -1;
    }
    return 0;
}

const char *tap_slirp_version(void)
{
    return slirp_version_string();
}
