// SPDX-License-Identifier: MIT
//
// A chip's serial line and a socket.

#include "tools/nif/chip_uart.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define BAUD 115200u // as such modules come

// Between two looks at the socket: a few bytes' time.
#define LOOK_US 250u

// One direction; what is in it has been read and not been written.
struct pipe {
    size_t at;
    size_t len;
    uint8_t data[4096];
};

static void forget(struct pipe *p, int n)
{
    p->at += n > 0 ? (size_t)n : 0;
    if (p->at == p->len) {
        p->at = 0;
        p->len = 0;
    }
}

// From the program to the chip. False: the program is gone.
static bool take_in(struct pipe *p, struct nif_uart *uart, int fd)
{
    if (p->len == 0) {
        ssize_t n = recv(fd, p->data, sizeof(p->data), MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            return false;
        }
        p->len = n > 0 ? (size_t)n : 0;
    }
    if (p->len > 0) {
        forget(p, uart->ops->write(uart, p->data + p->at, p->len - p->at));
    }
    return true;
}

// From the chip to the program, which may not have room: then the chip's port
// runs full, as any port does.
static bool give_out(struct pipe *p, struct nif_uart *uart, int fd)
{
    if (p->len == 0) {
        int n = uart->ops->read(uart, p->data, sizeof(p->data));

        p->len = n > 0 ? (size_t)n : 0;
    }
    if (p->len > 0) {
        ssize_t n = send(fd, p->data + p->at, p->len - p->at,
            MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
        forget(p, (int)n);
    }
    return true;
}

int nif_chip_uart(struct host_board *board, struct nif_listen *door)
{
    struct nif_uart *uart = board->seams.uart;
    struct nif_clock *clock = &board->cpu.clock;
    uint32_t baud = board->cfg.baud ? board->cfg.baud : BAUD;
    struct pipe in = { .len = 0 };
    struct pipe out = { .len = 0 };
    int err = uart ? uart->ops->configure(uart, baud, false) : NIF_ENODEV;

    if (err != 0) {
        return err;
    }
    if (nif_listen_accept(door) != 0) {
        return 0;
    }
    nif_listen_shut(door); // on a serial line nobody can be told to go
    while (take_in(&in, uart, door->in_fd) &&
        give_out(&out, uart, door->in_fd)) {
        nif_clock_wait(clock, nif_clock_now_us(clock) + LOOK_US);
    }
    return 0;
}
