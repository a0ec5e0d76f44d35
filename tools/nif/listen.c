// SPDX-License-Identifier: MIT
//
// The host's end of the bridge: a unix socket or two FIFOs.

#include "tools/nif/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int fail(struct nif_listen *l, const char *path)
{
    snprintf(l->error, sizeof(l->error), "%s: %s", path, strerror(errno));
    return -1;
}

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SIM_S + (uint64_t)now.tv_nsec;
}

// ---- the link

// One is served. Another is told so, before it has said anything, and may take
// its time to read that: it is let go when the next one comes.
static void turn_away(struct nif_listen *l)
{
    uint8_t answer[SIM_BRIDGE_REFUSAL];
    size_t len = sim_bridge_refusal(answer, "another program has this chip");
    int fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        return;
    }
    (void)!write(fd, answer, len);
    shutdown(fd, SHUT_WR);
    if (l->late_fd >= 0) {
        close(l->late_fd);
    }
    l->late_fd = fd;
}

// Waits for `fd`. Returns false if it was woken instead.
static bool wait_for(struct nif_listen *l, int fd, short events)
{
    struct pollfd fds[] = {
        { .fd = fd, .events = events },
        { .fd = l->wake_fd, .events = POLLIN },
        { .fd = l->taken ? l->listen_fd : -1, .events = POLLIN },
    };
    uint64_t from_ns = clock_ns();

    do {
        while (poll(fds, 3, -1) < 0 && errno == EINTR) {
        }
        if (fds[2].revents) {
            turn_away(l);
        }
    } while (!fds[0].revents && !fds[1].revents);
    if (l->waited) {
        l->waited(l, clock_ns() - from_ns);
    }
    l->woken |= (fds[1].revents & POLLIN) != 0;
    return !l->woken;
}

static int link_read(struct sim_bridge_link *link, uint8_t *buf, size_t len)
{
    struct nif_listen *l = nif_container_of(link, struct nif_listen, link);

    while (len > 0) {
        ssize_t n = read(l->in_fd, buf, len);

        if (n > 0) {
            buf += n;
            len -= (size_t)n;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR) ||
            !wait_for(l, l->in_fd, POLLIN)) {
            return -1;
        }
    }
    return 0;
}

static int link_write(struct sim_bridge_link *link, const uint8_t *data,
    size_t len)
{
    struct nif_listen *l = nif_container_of(link, struct nif_listen, link);

    while (len > 0) {
        ssize_t n = write(l->out_fd, data, len);

        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if ((errno != EAGAIN && errno != EINTR) || l->woken ||
            !wait_for(l, l->out_fd, POLLOUT)) {
            return -1;
        }
    }
    return 0;
}

// ---- FIFOs

static int make_fifo(struct nif_listen *l, const char *path)
{
    struct stat is;

    if (mkfifo(path, 0600) == 0) {
        return 0;
    }
    if (errno == EEXIST && stat(path, &is) == 0) {
        if (S_ISFIFO(is.st_mode)) {
            return 0;
        }
        snprintf(l->error, sizeof(l->error),
            "%s: there is a file that is no "
            "FIFO",
            path);
        return -1;
    }
    return fail(l, path);
}

// Both are opened at once: the other side need not come first. FIFOs that were
// left behind are used; a lock tells them from those of a run that goes on.
static int open_fifos(struct nif_listen *l)
{
    snprintf(l->in_path, sizeof(l->in_path), "%s.out", l->path);
    snprintf(l->out_path, sizeof(l->out_path), "%s.in", l->path);
    if (make_fifo(l, l->in_path) != 0) {
        return -1;
    }
    l->in_fd = open(l->in_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (l->in_fd < 0) {
        return fail(l, l->in_path);
    }
    if (flock(l->in_fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(l->error, sizeof(l->error),
            "%s: another program serves a "
            "chip there",
            l->in_path);
        return -1;
    }
    l->owned = true;
    if (make_fifo(l, l->out_path) != 0) {
        return -1;
    }
    // For reading too, so that it opens while nobody reads.
    l->out_fd = open(l->out_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return l->out_fd < 0 ? fail(l, l->out_path) : 0;
}

// ---- the socket

// A socket that nobody listens at is the rest of a run that was killed.
static void remove_stale(const struct sockaddr_un *addr)
{
    struct stat is;
    int fd;

    if (stat(addr->sun_path, &is) != 0 || !S_ISSOCK(is.st_mode)) {
        return;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0 &&
        errno == ECONNREFUSED) {
        unlink(addr->sun_path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static int open_socket(struct nif_listen *l)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return fail(l, l->path);
    }
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", l->path);
    remove_stale(&addr);
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        listen(fd, 1) != 0) {
        fail(l, l->path);
        close(fd);
        return -1;
    }
    l->listen_fd = fd;
    return 0;
}

int nif_listen_open(struct nif_listen *l, const char *where)
{
    *l = (struct nif_listen){
        .link = { .read = link_read, .write = link_write },
        .wake_fd = -1,
        .listen_fd = -1,
        .in_fd = -1,
        .late_fd = -1,
        .out_fd = -1,
    };
    l->is_fifo = strncmp(where, "fifo:", 5) == 0;
    l->is_line = strncmp(where, "uart:", 5) == 0;
    if ((!l->is_fifo && !l->is_line && strncmp(where, "unix:", 5) != 0) ||
        where[5] == '\0' || strlen(where + 5) > sizeof(l->in_path) - 5) {
        snprintf(l->error, sizeof(l->error),
            "it is unix:PATH, fifo:PATH or uart:PATH, with a path of 103 bytes "
            "at most");
        return -2;
    }
    l->path = where + 5;
    return l->is_fifo ? open_fifos(l) : open_socket(l);
}

// Takes who has come. False: it went without a word, as one does who only
// wants to know whether somebody listens.
static bool take_program(struct nif_listen *l, int fd)
{
    uint8_t byte;

    l->in_fd = fd;
    l->out_fd = fd;
    if (wait_for(l, fd, POLLIN) && recv(fd, &byte, 1, MSG_PEEK) == 0) {
        close(fd);
        l->in_fd = -1;
        l->out_fd = -1;
    }
    l->taken = l->in_fd >= 0;
    return l->taken;
}

int nif_listen_accept(struct nif_listen *l)
{
    l->error[0] = '\0';
    if (l->is_fifo) {
        return wait_for(l, l->in_fd, POLLIN) ? 0 : -1;
    }
    while (wait_for(l, l->listen_fd, POLLIN)) {
        int fd =
            accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED) {
            return fail(l, l->path);
        }
        if (fd >= 0 && take_program(l, fd)) {
            return l->woken ? -1 : 0;
        }
    }
    return -1;
}

void nif_listen_shut(struct nif_listen *l)
{
    if (l->listen_fd >= 0) {
        close(l->listen_fd);
        unlink(l->path);
        l->listen_fd = -1;
    }
}

void nif_listen_close(struct nif_listen *l)
{
    if (!l->path) {
        return;
    }
    if (l->owned) { // while it is locked
        unlink(l->in_path);
    }
    if (l->owned && l->out_fd >= 0) {
        unlink(l->out_path);
    }
    if (l->in_fd >= 0) {
        close(l->in_fd);
    }
    if (l->out_fd >= 0 && l->out_fd != l->in_fd) {
        close(l->out_fd);
    }
    if (l->late_fd >= 0) {
        close(l->late_fd);
    }
    nif_listen_shut(l);
}
