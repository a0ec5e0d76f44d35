// SPDX-License-Identifier: MIT
//
// A wire that several programs share.

#include "tap/wire.h"

#include "nif/base.h"
#include "sim/world.h"
#include "tap/loop.h"
#include "tap/wire_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// At most so much of one in a turn, so that others get theirs.
#define BYTES_A_TURN  16384
#define FRAMES_A_TURN 64

// Until whoever should hold the wire is looked for again.
#define LOOK_NS (50 * (int64_t)SIM_MS)

static bool is_frame(size_t len)
{
    return len >= 14 && len <= WIRE_FRAME_MAX;
}

static void say(struct tap_wire *wire, const char *text)
{
    char line[TAP_WHY];

    snprintf(line, sizeof(line), "the wire %s: %s", wire->own.sun_path, text);
    if (wire->cfg.say) {
        wire->cfg.say(wire->cfg.arg, line);
    }
}

static void part(struct wire_peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
    peer->head_len = 0;
    peer->out_len = 0;
}

// ---- frames to one of them

// Sends what is left of a frame that was begun. False: it is not all gone.
static bool finish(struct wire_peer *peer)
{
    ssize_t n = peer->out_len == 0
        ? 0
        : send(peer->fd, peer->out + peer->out_at, peer->out_len, MSG_NOSIGNAL);

    if (n > 0) {
        peer->out_at += (size_t)n;
        peer->out_len -= (size_t)n;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        part(peer);
    }
    return peer->out_len == 0;
}

static void give(struct tap_wire *wire, struct wire_peer *peer,
    const uint8_t *frame, size_t len)
{
    if (!finish(peer) || peer->fd < 0) {
        wire->lost++; // it does not keep up, or has gone
        return;
    }
    nif_put_be32(peer->out, (uint32_t)len);
    memcpy(peer->out + 4, frame, len);
    peer->out_at = 0;
    peer->out_len = 4 + len;
    (void)finish(peer);
    if (peer->out_at == 0 && peer->out_len > 0) {
        peer->out_len = 0; // there was room for none of it
        wire->lost++;
    }
}

static void give_others(struct tap_wire *wire, const struct wire_peer *but,
    const uint8_t *frame, size_t len)
{
    for (size_t i = 0; i < TAP_WIRE_PEERS; i++) {
        if (wire->peer[i].fd >= 0 && &wire->peer[i] != but) {
            give(wire, &wire->peer[i], frame, len);
        }
    }
}

// Nobody may be there yet, or not keep up.
static bool send_datagram(const struct tap_wire *wire, const uint8_t *frame,
    size_t len)
{
    return sendto(wire->dgram_fd, frame, len, MSG_NOSIGNAL,
               (const struct sockaddr *)&wire->other,
               sizeof(wire->other)) == (ssize_t)len;
}

void tap_wire_send(struct tap_wire *wire, const uint8_t *frame, size_t len)
{
    if (!is_frame(len) ||
        (wire->is_dgram && !send_datagram(wire, frame, len))) {
        wire->lost++;
    } else if (!wire->is_dgram) {
        give_others(wire, NULL, frame, len);
    }
}

// ---- frames from one of them

static void take(struct tap_wire *wire, const struct wire_peer *from,
    const uint8_t *frame, size_t len)
{
    if (!is_frame(len)) {
        wire->lost++;
        return;
    }
    if (wire->listen_fd >= 0) {
        give_others(wire, from, frame, len);
    }
    wire->cfg.frame(wire->cfg.arg, frame, len);
}

// Takes a byte of the length that stands before each frame. False: no frame
// is that long.
static bool take_head(struct tap_wire *wire, struct wire_peer *peer,
    uint8_t byte)
{
    peer->head[peer->head_len++] = byte;
    if (peer->head_len == 4) {
        peer->frame_len = nif_get_be32(peer->head);
        peer->got = 0;
        if (peer->frame_len == 0) {
            peer->head_len = 0;
            wire->lost++;
        }
    }
    return peer->head_len < 4 || peer->frame_len <= WIRE_QEMU_MAX;
}

// Takes bytes of a frame. Returns how many.
static size_t take_bytes(struct tap_wire *wire, struct wire_peer *peer,
    const uint8_t *data, size_t len)
{
    size_t n = peer->frame_len - peer->got;

    n = n < len ? n : len;
    if (peer->frame_len <= WIRE_FRAME_MAX) {
        memcpy(peer->frame + peer->got, data, n);
    }
    peer->got += n;
    if (peer->got == peer->frame_len) {
        peer->head_len = 0;
        take(wire, peer, peer->frame, peer->frame_len);
    }
    return n;
}

// Takes a stream apart. False: it is none.
static bool take_apart(struct tap_wire *wire, struct wire_peer *peer,
    const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t n = 1;

        if (peer->head_len == 4) {
            n = take_bytes(wire, peer, data, len);
        } else if (!take_head(wire, peer, *data)) {
            return false;
        }
        data += n;
        len -= n;
    }
    return true;
}

static void hear(struct tap_wire *wire, struct wire_peer *peer)
{
    uint8_t data[BYTES_A_TURN];
    char text[120];
    ssize_t n = recv(peer->fd, data, sizeof(data), 0);

    if (n > 0 && !take_apart(wire, peer, data, (size_t)n)) {
        snprintf(text, sizeof(text),
            "somebody says that a frame has %zu bytes: it is disconnected",
            peer->frame_len);
        say(wire, text);
        part(peer);
    }
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        if (peer->head_len > 0) {
            say(wire, "somebody has left in the middle of a frame");
        }
        part(peer);
    }
}

static void hear_datagrams(struct tap_wire *wire)
{
    uint8_t frame[WIRE_FRAME_MAX];

    for (int i = 0; i < FRAMES_A_TURN; i++) {
        ssize_t n = recv(wire->dgram_fd, frame, sizeof(frame), MSG_TRUNC);

        if (n < 0) {
            return;
        }
        take(wire, NULL, frame, (size_t)n);
    }
}

// ---- who is there

static void welcome(struct tap_wire *wire)
{
    int fd = accept4(wire->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    for (size_t i = 0; fd >= 0 && i < TAP_WIRE_PEERS; i++) {
        if (wire->peer[i].fd < 0) {
            wire->peer[i].fd = fd;
            return;
        }
    }
    if (fd >= 0) {
        say(wire, "it is full: somebody was turned away");
        close(fd);
    }
}

static bool is_alone(const struct tap_wire *wire)
{
    return !wire->is_dgram && wire->listen_fd < 0 && wire->peer[0].fd < 0;
}

// Whoever held the wire has left: another does, or we do.
static void look(struct tap_wire *wire)
{
    char why[TAP_WHY];

    if (wire__find(wire, why) == 0) {
        say(wire,
            wire->listen_fd >= 0 ? "who held it has left; it is held here"
                                 : "who held it has left; another does");
    }
}

size_t tap_wire_fds(struct tap_wire *wire, struct pollfd *fds, size_t cap,
    int64_t *timeout_ns)
{
    const int first = wire->is_dgram ? wire->dgram_fd : wire->listen_fd;
    size_t n = 0;

    if (is_alone(wire) && *timeout_ns > LOOK_NS) {
        *timeout_ns = LOOK_NS;
    }
    if (first >= 0 && n < cap) {
        wire->polled[n] = -1;
        fds[n++] = (struct pollfd){ .fd = first, .events = POLLIN };
    }
    for (int i = 0; i < TAP_WIRE_PEERS && n < cap; i++) {
        const struct wire_peer *peer = &wire->peer[i];

        if (peer->fd >= 0) {
            wire->polled[n] = i;
            fds[n++] = (struct pollfd){ .fd = peer->fd,
                .events =
                    (short)(peer->out_len > 0 ? POLLIN | POLLOUT : POLLIN) };
        }
    }
    return n;
}

void tap_wire_ready(struct tap_wire *wire, const struct pollfd *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int at = wire->polled[i];
        struct wire_peer *peer = at >= 0 ? &wire->peer[at] : NULL;

        if (!peer && fds[i].revents) {
            wire->is_dgram ? hear_datagrams(wire) : welcome(wire);
        }
        // It may have gone since it was asked.
        if (peer && peer->fd == fds[i].fd && (fds[i].revents & POLLOUT)) {
            (void)finish(peer);
        }
        if (peer && peer->fd == fds[i].fd && (fds[i].revents & ~POLLOUT)) {
            hear(wire, peer);
        }
    }
    if (is_alone(wire)) {
        look(wire);
    }
}

// ---- coming and going

static int set_path(struct sockaddr_un *addr, const char *path, size_t len,
    char why[TAP_WHY])
{
    *addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (len == 0 || len >= sizeof(addr->sun_path)) {
        snprintf(why, TAP_WHY, "--wire: a path has 1 to %zu bytes",
            sizeof(addr->sun_path) - 1);
        return -1;
    }
    memcpy(addr->sun_path, path, len);
    return 0;
}

static int open_wire(struct tap_wire *wire, char why[TAP_WHY])
{
    const char *where = wire->cfg.where;
    const char *other;

    wire->is_dgram = strncmp(where, "dgram:", 6) == 0;
    if (!wire->is_dgram) {
        return set_path(&wire->own, where, strlen(where), why) == 0
            ? wire__find(wire, why)
            : -1;
    }
    where += 6;
    other = strchr(where, ':');
    if (!other) {
        snprintf(why, TAP_WHY, "--wire: for datagrams it is dgram:OWN:OTHER");
        return -1;
    }
    if (set_path(&wire->own, where, (size_t)(other - where), why) != 0 ||
        set_path(&wire->other, other + 1, strlen(other + 1), why) != 0) {
        return -1;
    }
    return wire__bind(wire, why);
}

struct tap_wire *tap_wire_open(const struct tap_wire_cfg *cfg,
    char why[TAP_WHY])
{
    struct tap_wire *wire = calloc(1, sizeof(*wire));

    NIF_ASSERT(wire != NULL);
    wire->cfg = *cfg;
    wire->dgram_fd = -1;
    wire->listen_fd = -1;
    for (size_t i = 0; i < TAP_WIRE_PEERS; i++) {
        wire->peer[i].fd = -1;
    }
    if (open_wire(wire, why) == -1) {
        free(wire);
        return NULL;
    }
    return wire;
}

bool tap_wire_is_held(const struct tap_wire *wire)
{
    return wire->listen_fd >= 0;
}

uint64_t tap_wire_lost(const struct tap_wire *wire)
{
    return wire->lost;
}

void tap_wire_close(struct tap_wire *wire)
{
    const int first = wire->is_dgram ? wire->dgram_fd : wire->listen_fd;

    // In this order: who sees the end of its connection finds no path.
    if (first >= 0) {
        unlink(wire->own.sun_path);
        close(first);
    }
    for (size_t i = 0; i < TAP_WIRE_PEERS; i++) {
        if (wire->peer[i].fd >= 0) {
            close(wire->peer[i].fd);
        }
    }
    free(wire);
}
