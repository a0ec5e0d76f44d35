// SPDX-License-Identifier: MIT
//
// A link over two FIFOs of the host, by semihosting.

#include "boards/bridge/fifo.h"

#include "boards/target/semihost.h"

#include <string.h>

// Of SYS_OPEN, as in fopen().
#define MODE_RB 1u
#define MODE_WB 5u

#define NO_HANDLE ((uintptr_t)-1)

// Without progress it is over: at the end of a file nothing is read.
static int move(enum semihost_op op, uintptr_t handle, uintptr_t at, size_t len)
{
    while (len > 0) {
        uintptr_t block[3] = { handle, at, len };
        size_t left = semihost(op, block); // bytes that were not moved

        if (left >= len) {
            return NIF_EIO;
        }
        at += len - left;
        len = left;
    }
    return 0;
}

static int fifo_write(struct bridge_link *link, const uint8_t *data, size_t len)
{
    struct bridge_fifo *fifo = nif_container_of(link, struct bridge_fifo, link);

    return move(SEMIHOST_WRITE, fifo->out, (uintptr_t)data, len);
}

static int fifo_read(struct bridge_link *link, uint8_t *buf, size_t len)
{
    struct bridge_fifo *fifo = nif_container_of(link, struct bridge_fifo, link);

    return move(SEMIHOST_READ, fifo->in, (uintptr_t)buf, len);
}

static uintptr_t open_one(const char *path, const char *end, uintptr_t mode)
{
    char name[BRIDGE_FIFO_PATH + 5];
    size_t len = strlen(path);
    uintptr_t block[3] = { (uintptr_t)name, mode, len + strlen(end) };

    memcpy(name, path, len + 1);
    memcpy(name + len, end, strlen(end) + 1);
    return semihost(SEMIHOST_OPEN, block);
}

int bridge_fifo_open(struct bridge_fifo *fifo, const char *path)
{
    *fifo = (struct bridge_fifo){
        .link = { .write = fifo_write, .read = fifo_read },
        .out = NO_HANDLE,
        .in = NO_HANDLE,
    };
    if (strlen(path) > BRIDGE_FIFO_PATH) {
        return NIF_EINVAL;
    }
    fifo->out = open_one(path, ".out", MODE_WB);
    if (fifo->out != NO_HANDLE) {
        fifo->in = open_one(path, ".in", MODE_RB);
    }
    return fifo->in == NO_HANDLE ? NIF_ENODEV : 0;
}
