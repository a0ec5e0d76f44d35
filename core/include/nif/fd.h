// SPDX-License-Identifier: MIT
//
// Sockets by number, for programs that are written that way. A descriptor is
// the place of a connection in the caller's table; each call goes straight to
// nif/net.h or nif/stack.h. Nothing is copied that they do not copy.
//
//     static struct nif_conn conns[4];
//     static struct nif_fd fds[4];
//     static const struct nif_conn_cfg buffers[4] = { { rx0, 2048, tx0, ...
//     struct nif_fd_table table = { .stack = stack, .conns = conns,
//         .buffers = buffers, .fds = fds, .count = 4 };
//
//     int fd = nif_fd_socket(&table, NIF_TCP);
//     err = nif_fd_connect(&table, fd, &peer, until_us);
//
// A listener takes as many more places, in one row, as its backlog is long;
// accept() gives them out. A place whose connection is still in TIME-WAIT
// after an orderly end is taken again when no other is free.
//
// Deadlines as in nif/net.h. A number that is no open descriptor is
// NIF_EINVAL in every call.

#ifndef NIF_FD_H
#define NIF_FD_H

#include "nif/net.h"

NIF_C_BEGIN

/// What a place is used for. Private; zero: nothing.
struct nif_fd {
    uint8_t use;
    uint8_t listener; ///< whose backlog it belongs to
};

/// The table. The caller's, as all that it points to. No init is needed.
struct nif_fd_table {
    struct nif_stack *stack;            ///< NULL: nif_default_stack()
    struct nif_resolver *resolver;      ///< for peers by name, or NULL
    struct nif_conn *conns;             ///< all zero at first
    const struct nif_conn_cfg *buffers; ///< of each
    struct nif_fd *fds;                 ///< all zero at first
    uint8_t count;                      ///< places
};

/// How to send or receive, or-ed together.
enum nif_fd_flag {
    NIF_FD_DONTWAIT = 1 << 0, ///< one look: NIF_EAGAIN in place of waiting
    NIF_FD_ALL = 1 << 1,      ///< all bytes or an error (TCP)
    NIF_FD_PEEK = 1 << 2,     ///< what is received stays to be read (TCP)
};

/// Opens a connection. Returns a descriptor; NIF_ENOBUFS if every place is
/// taken; as nif_open().
NIF_NODISCARD int nif_fd_socket(struct nif_fd_table *t, enum nif_proto proto);

/// Returns 0; as nif_conn_bind().
NIF_NODISCARD int nif_fd_bind(struct nif_fd_table *t, int fd,
    const struct nif_endpoint *local);

/// Returns 0; as nif_connect().
NIF_NODISCARD int nif_fd_connect(struct nif_fd_table *t, int fd,
    const struct nif_endpoint *peer, uint64_t until_us);

/// Lets a bound descriptor wait for peers, `backlog` of them at a time.
///
/// Returns 0; NIF_ENOBUFS if there are not so many free places in a row;
/// NIF_EINVAL if it is not bound, or `backlog` is 0.
NIF_NODISCARD int nif_fd_listen(struct nif_fd_table *t, int fd,
    unsigned backlog);

/// Returns the descriptor of a peer, and says who it is (`peer` may be NULL);
/// as nif_accept().
NIF_NODISCARD int nif_fd_accept(struct nif_fd_table *t, int fd,
    struct nif_endpoint *peer, uint64_t until_us);

/// Returns the count, also with NIF_FD_ALL; NIF_EAGAIN with NIF_FD_DONTWAIT;
/// as nif_send(). With NIF_FD_ALL and an error it is not known how much was
/// sent; with NIF_FD_DONTWAIT both, the rest is simply not taken.
NIF_NODISCARD int nif_fd_send(struct nif_fd_table *t, int fd, const void *data,
    size_t len, unsigned flags, uint64_t until_us);

/// UDP: one datagram to `to`. Returns as nif_send_to().
NIF_NODISCARD int nif_fd_send_to(struct nif_fd_table *t, int fd,
    const void *data, size_t len, const struct nif_endpoint *to,
    uint64_t until_us);

/// Returns the count, 0 at the end; NIF_EAGAIN with NIF_FD_DONTWAIT;
/// NIF_ENOTSUP if the stack cannot peek; as nif_recv() and, with NIF_FD_ALL,
/// nif_recv_all().
NIF_NODISCARD int nif_fd_recv(struct nif_fd_table *t, int fd, void *buf,
    size_t cap, unsigned flags, uint64_t until_us);

/// UDP: one datagram, and whose. Returns as nif_recv_from().
NIF_NODISCARD int nif_fd_recv_from(struct nif_fd_table *t, int fd, void *buf,
    size_t cap, struct nif_endpoint *from, uint64_t until_us);

/// Says that we send no more. Returns 0; NIF_ENOTCONN; NIF_ENOTSUP if the chip
/// can end both ways only.
NIF_NODISCARD int nif_fd_shutdown(struct nif_fd_table *t, int fd);

/// Returns 0; as nif_conn_option().
NIF_NODISCARD int nif_fd_option(struct nif_fd_table *t, int fd,
    enum nif_option option, int value);

/// Closes. The descriptor is gone, whatever is returned. `until_us` 0: only
/// begins it, the stack does the rest; else waits.
///
/// Returns 0; as nif_close().
int nif_fd_close(struct nif_fd_table *t, int fd, uint64_t until_us);

/// The connection, for nif_poll() and nif/stack.h; NULL if `fd` is none.
struct nif_conn *nif_fd_conn(const struct nif_fd_table *t, int fd);

NIF_C_END

#endif
