// SPDX-License-Identifier: MIT
//
// The path of a shared wire: is somebody there, or is it ours to make?

#include "tap/wire_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct sockaddr_un *addr, const char *what,
    char why[TAP_WHY])
{
    snprintf(why, TAP_WHY, "--wire: %s: %s", addr->sun_path, what);
    return -1;
}

static int open_socket(int type)
{
    return socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// Returns 0, or errno.
static int reach(int fd, const struct sockaddr_un *addr)
{
    return connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0
        ? 0
        : errno;
}

// Two programs that find nobody must not both make the path: one by one, by a
// lock on its folder. Returns a descriptor that is closed in the end.
static int lock_folder(const struct sockaddr_un *addr)
{
    char path[sizeof(addr->sun_path)];
    int fd;

    memcpy(path, addr->sun_path, sizeof(path));
    fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    return fd;
}

// What is left of a run that was killed is taken away; a file that is no
// socket is not ours. Returns 0, or -1 and says why.
static int clear(const struct sockaddr_un *addr, char why[TAP_WHY])
{
    struct stat is;

    if (stat(addr->sun_path, &is) == 0 && !S_ISSOCK(is.st_mode)) {
        return fail(addr, "that is there and is no socket", why);
    }
    unlink(addr->sun_path);
    return 0;
}

static int make(int fd, const struct sockaddr_un *addr, char why[TAP_WHY])
{
    if (clear(addr, why) != 0) {
        return -1;
    }
    if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0) {
        return fail(addr, strerror(errno), why);
    }
    return 0;
}

static void join(struct tap_wire *wire, int fd)
{
    wire->peer[0].head_len = 0;
    wire->peer[0].out_len = 0;
    wire->peer[0].fd = fd;
}

static int hold(struct tap_wire *wire, int fd, char why[TAP_WHY])
{
    if (make(fd, &wire->own, why) != 0) {
        return -1;
    }
    if (listen(fd, TAP_WIRE_PEERS) != 0) {
        return fail(&wire->own, strerror(errno), why);
    }
    wire->listen_fd = fd;
    return 0;
}

// What connect() has said, twice: another may have made it meanwhile.
static int decide(struct tap_wire *wire, int fd, char why[TAP_WHY])
{
    int err = reach(fd, &wire->own);
    int lock = -1;
    int result = 0;

    if (err == ENOENT || err == ECONNREFUSED) {
        lock = lock_folder(&wire->own);
        err = reach(fd, &wire->own);
    }
    switch (err) {
    case 0: join(wire, fd); break;
    case ENOENT:
    case ECONNREFUSED: result = hold(wire, fd, why); break;
    case EAGAIN: result = -2; break;
    case EPROTOTYPE:
        result = fail(&wire->own,
            "that is a socket for datagrams; they want dgram:OWN:OTHER", why);
        break;
    default: result = fail(&wire->own, strerror(err), why); break;
    }
    if (lock >= 0) {
        close(lock);
    }
    return result;
}

int wire__find(struct tap_wire *wire, char why[TAP_WHY])
{
    int fd = open_socket(SOCK_STREAM);
    int result = fd >= 0 ? decide(wire, fd, why)
                         : fail(&wire->own, strerror(errno), why);

    if (result != 0 && fd >= 0) {
        close(fd);
    }
    return result;
}

int wire__bind(struct tap_wire *wire, char why[TAP_WHY])
{
    int fd = open_socket(SOCK_DGRAM);
    int probe = open_socket(SOCK_DGRAM);
    int err = probe >= 0 ? reach(probe, &wire->own) : errno;
    int result;

    if (probe >= 0) {
        close(probe);
    }
    if (err == 0) {
        result = fail(&wire->own, "another program has it", why);
    } else {
        result = fd >= 0 ? make(fd, &wire->own, why)
                         : fail(&wire->own, strerror(errno), why);
    }
    if (result == 0) {
        wire->dgram_fd = fd;
    } else if (fd >= 0) {
        close(fd);
    }
    return result;
}
