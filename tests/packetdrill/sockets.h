// SPDX-License-Identifier: MIT
//
// Sockets as the C library has them, over the connections of one world's
// stack. Each call returns what the C library's would, or a negative errno
// where that returns -1. All are called with the world's lock held.

#ifndef TESTS_PACKETDRILL_SOCKETS_H
#define TESTS_PACKETDRILL_SOCKETS_H

#include "tests/packetdrill/world.h"

#include <poll.h>
#include <sys/socket.h>

#define PD_SOCKETS 32
#define PD_BACKLOG 8 // connections behind a listener, whatever it asks
#define PD_RING    65535

struct pd_socket {
    bool used;
    int fd; ///< one of the process: in the end packetdrill closes it itself
    bool nonblocking;
    bool abort_on_close; ///< SO_LINGER with 0 seconds
    bool told;           ///< the result of connect() was told
    uint16_t proto;      ///< enum nif_proto
    bool keepalive;
    int keepalive_s; ///< 0: two hours
    struct nif_conn *conn;
};

struct pd_sockets {
    struct pd_world *world;
    struct pd_socket all[PD_SOCKETS];
};

int pd_socket(struct pd_sockets *s, int domain, int type, int protocol);
int pd_bind(struct pd_sockets *s, int fd, const struct sockaddr *addr,
    socklen_t len);
int pd_listen(struct pd_sockets *s, int fd, int backlog);
int pd_accept(struct pd_sockets *s, int fd, struct sockaddr *addr,
    socklen_t *len);
int pd_connect(struct pd_sockets *s, int fd, const struct sockaddr *addr,
    socklen_t len);
ssize_t pd_recv(struct pd_sockets *s, int fd, struct msghdr *msg, int flags);
ssize_t pd_send(struct pd_sockets *s, int fd, const struct msghdr *msg,
    int flags);
int pd_shutdown(struct pd_sockets *s, int fd, int how);
int pd_close(struct pd_sockets *s, int fd);
int pd_poll(struct pd_sockets *s, struct pollfd *fds, nfds_t n, int timeout_ms);

/// Which option.
struct pd_option {
    int level;
    int name;
};

// options.c
int pd_getsockopt(struct pd_sockets *s, int fd, struct pd_option option,
    void *value, socklen_t *len);
int pd_setsockopt(struct pd_sockets *s, int fd, struct pd_option option,
    const void *value, socklen_t len);
int pd_fcntl(struct pd_sockets *s, int fd, int cmd, int arg);

/// The socket `fd`, or NULL.
struct pd_socket *pd_find(struct pd_sockets *s, int fd);

/// An error of the stack as an errno.
int pd_errno(int err);

#endif
