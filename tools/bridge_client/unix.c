// SPDX-License-Identifier: MIT
//
// A link of the bridge over a unix socket.

#include "tools/bridge_client/unix.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int unix_write(struct bridge_link *link, const uint8_t *data, size_t len)
{
    int fd = nif_container_of(link, struct bridge_unix, link)->fd;

    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            return NIF_EIO;
        }
    }
    return 0;
}

static int unix_read(struct bridge_link *link, uint8_t *buf, size_t len)
{
    int fd = nif_container_of(link, struct bridge_unix, link)->fd;

    while (len > 0) {
        ssize_t n = recv(fd, buf, len, 0);

        if (n > 0) {
            buf += n;
            len -= (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            return NIF_EIO;
        }
    }
    return 0;
}

int bridge_unix_open(struct bridge_unix *link, const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    *link = (struct bridge_unix){
        .link = { .write = unix_write, .read = unix_read },
        .fd = -1,
    };
    if (strlen(path) >= sizeof(addr.sun_path)) {
        return NIF_EINVAL;
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0 ||
        connect(link->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        bridge_unix_close(link);
        return NIF_ENODEV;
    }
    return 0;
}

void bridge_unix_close(struct bridge_unix *link)
{
    if (link->fd >= 0) {
        close(link->fd);
        link->fd = -1;
    }
}
