// SPDX-License-Identifier: MIT
//
// TAP devices and packet sockets.

#include "tap/device.h"

#include "sim/world.h"
#include "tap/loop.h"
#include "tap/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// At most so many frames in a turn, so that the world gets its own.
#define FRAMES_A_TURN 64

struct device_end {
    struct tap_end end;
    int fd;
};

static struct device_end *of(struct tap_end *end)
{
    return nif_container_of(end, struct device_end, end);
}

static size_t device_fds(struct tap_end *end, struct pollfd *fds, size_t cap)
{
    if (cap == 0) {
        return 0;
    }
    fds[0] = (struct pollfd){ .fd = of(end)->fd, .events = POLLIN };
    return 1;
}

static void device_ready(struct tap_end *end, const struct pollfd *fds,
    size_t n)
{
    uint8_t frame[4096];

    for (int i = 0; n > 0 && (fds[0].revents & POLLIN) && i < FRAMES_A_TURN;
         i++) {
        ssize_t len = read(of(end)->fd, frame, sizeof(frame));

        if (len <= 0) {
            break;
        }
        tap_loop_in(end->loop, frame, (size_t)len);
    }
}

static void device_send(struct tap_end *end, const uint8_t *frame, size_t len)
{
    if (write(of(end)->fd, frame, len) != (ssize_t)len) {
        end->lost++;
    }
}

static void device_close(struct tap_end *end)
{
    close(of(end)->fd);
    free(of(end));
}

static const struct tap_end_ops device_ops = {
    .fds = device_fds,
    .ready = device_ready,
    .send = device_send,
    .close = device_close,
};

struct tap_end *tap_device_end(int fd, const char *name)
{
    struct device_end *d = calloc(1, sizeof(*d));

    NIF_ASSERT(d != NULL);
    d->end = (struct tap_end){ .ops = &device_ops, .name = name };
    d->fd = fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return &d->end;
}

int tap_device_end_fd(const struct tap_end *end)
{
    return ((const struct device_end *)(const void *)end)->fd;
}

int tap_device_fd(char *name)
{
    struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    if (ioctl(fd, TUNSETIFF, &ifr) != 0) {
        int err = errno;

        close(fd);
        errno = err;
        return -1;
    }
    snprintf(name, IFNAMSIZ, "%s", ifr.ifr_name);
    return fd;
}

int tap_packet_fd(const char *name)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = (int)if_nametoindex(name),
    };
    int on = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    if (to.sll_ifindex == 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) !=
            0 ||
        bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        int err = errno;

        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

void tap_offloads_off(const char *name)
{
    static const uint32_t what[] = { ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM,
        ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    for (size_t i = 0; fd >= 0 && i < nif_countof(what); i++) {
        struct ethtool_value value = { .cmd = what[i], .data = 0 };
        struct ifreq ifr = { .ifr_data = (char *)&value };

        snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        (void)ioctl(fd, SIOCETHTOOL, &ifr);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void explain(const char *name, bool existed, char why[TAP_WHY])
{
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO) {
        snprintf(why, TAP_WHY,
            "--tap %s: this machine has no /dev/net/tun (load the module: "
            "modprobe tun)",
            name);
    } else if (errno == EBUSY) {
        snprintf(why, TAP_WHY, "--tap %s: another program has it open", name);
    } else if (errno == EACCES) {
        snprintf(why, TAP_WHY,
            "--tap %s: this user may not open /dev/net/tun; as root, `chmod "
            "666 /dev/net/tun`, or use --netns, which does without",
            name);
    } else if (errno == EPERM) {
        snprintf(why, TAP_WHY,
            "--tap %s: not permitted. %s `ip tuntap add %s mode tap user "
            "$USER` as root, or use --netns, which needs no root",
            name,
            existed ? "It belongs to another user; make your own with"
                    : "There is none; make it with",
            name);
    } else {
        snprintf(why, TAP_WHY, "--tap %s: %s", name, strerror(errno));
    }
}

struct tap_end *tap_device_open(const char *name, const char *host_addr,
    char why[TAP_WHY])
{
    char real[IFNAMSIZ];
    bool existed = if_nametoindex(name) != 0;
    int fd;

    if (strlen(name) >= sizeof(real) || *name == '\0') {
        snprintf(why, TAP_WHY, "--tap %s: a name has 1 to %zu letters", name,
            sizeof(real) - 1);
        return NULL;
    }
    snprintf(real, sizeof(real), "%s", name);
    fd = tap_device_fd(real);
    if (fd < 0) {
        explain(name, existed, why);
        return NULL;
    }
    if (!existed &&
        (tap_program_ip(why, "address add %s dev %s", host_addr, name) != 0 ||
            tap_program_ip(why, "link set %s up", name) != 0)) {
        close(fd);
        return NULL;
    }
    return tap_device_end(fd, name);
}
