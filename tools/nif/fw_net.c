// SPDX-License-Identifier: MIT
//
// The other end of an image's wire.

#include "tools/nif/fw_net.h"
#include "tools/nif/nif.h"

#include "tap/device.h"
#include "tap/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES_A_TURN 64

static int fail(const char *why)
{
    fprintf(stderr, "nif: %s\n", why);
    return NIF_EXIT_FAILED;
}

// ---- the shared wire

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    // What does not fit is lost, as on a wire.
    (void)send(((struct nif_fw_net *)arg)->link[0], frame, len, MSG_NOSIGNAL);
}

static void on_say(void *arg, const char *text)
{
    (void)arg;
    (void)fail(text);
}

static void pass_on(struct nif_fw_net *net)
{
    uint8_t frame[2048];

    for (int i = 0; i < FRAMES_A_TURN; i++) {
        ssize_t len = recv(net->link[0], frame, sizeof(frame), 0);

        if (len <= 0) {
            return;
        }
        tap_wire_send(net->wire, frame, (size_t)len);
    }
}

static int open_wire(struct nif_fw_net *net, const char *where)
{
    char why[TAP_WHY];

    net->wire = tap_wire_open(&(struct tap_wire_cfg){ .where = where,
                                  .frame = on_frame,
                                  .say = on_say,
                                  .arg = net },
        why);
    if (!net->wire) {
        return fail(why);
    }
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, net->link) != 0) {
        return fail(strerror(errno));
    }
    fcntl(net->link[0], F_SETFL, O_NONBLOCK);
    net->qemu_fd = net->link[1];
    return 0;
}

// ---- a device of the host

static int open_tap(struct nif_fw_net *net, const char *name, const char *host)
{
    char why[TAP_WHY];

    net->end = tap_device_open(name, host, why);
    if (!net->end) {
        return fail(why);
    }
    net->qemu_fd = tap_device_end_fd(net->end);
    return 0;
}

static int open_netns(struct nif_fw_net *net, const char *host)
{
    char why[TAP_WHY];

    net->end =
        tap_netns_open(&(struct tap_netns_cfg){ .host_addr = host }, why);
    if (!net->end) {
        return fail(why);
    }
    if (strcmp(tap_netns_kind(net->end), "tap") != 0) {
        return fail("--netns: QEMU wants a TAP device, and /dev/net/tun does "
                    "not open here; see `nif doctor`, or use --slirp");
    }
    net->qemu_fd = tap_netns_fd(net->end);
    return 0;
}

int nif_fw_net_open(struct nif_fw_net *net, const struct nif_fw_options *o)
{
    struct nif_options like = { .board.net = o->net };
    char host[64];

    nif_options_host(&like, host);
    switch (o->end) {
    case NIF_END_NETNS: return open_netns(net, host);
    case NIF_END_TAP: return open_tap(net, o->end_arg, host);
    case NIF_END_WIRE: return open_wire(net, o->end_arg);
    case NIF_END_SLIRP:
    case NIF_END_LIVE:
    case NIF_END_PCAP:
    case NIF_END_STIMULI: break;
    }
    return 0;
}

size_t nif_fw_net_fds(struct nif_fw_net *net, struct pollfd *fds,
    int64_t *timeout_ns)
{
    if (!net->wire) {
        return 0;
    }
    fds[0] = (struct pollfd){ .fd = net->link[0], .events = POLLIN };
    return 1 + tap_wire_fds(net->wire, fds + 1, NIF_FW_NET_FDS - 1, timeout_ns);
}

void nif_fw_net_ready(struct nif_fw_net *net, const struct pollfd *fds,
    size_t n)
{
    if (net->wire) {
        pass_on(net);
        tap_wire_ready(net->wire, fds + 1, n - 1);
    }
}

void nif_fw_net_close(struct nif_fw_net *net)
{
    if (net->wire) {
        tap_wire_close(net->wire);
    }
    if (net->end) {
        net->end->ops->close(net->end);
    }
    for (size_t i = 0; i < 2; i++) {
        if (net->link[i] >= 0) {
            close(net->link[i]);
        }
    }
}
