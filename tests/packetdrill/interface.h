// SPDX-License-Identifier: MIT
//
// What packetdrill (github.com/google/packetdrill) asks of a stack under test
// that it loads with --so_filename: one exported function fills in a table of
// calls. Each call is the C library's of the same name with `userdata` in
// front, and returns and sets errno like it. Declared here from the facts of
// that interface, so that the plug-in builds without packetdrill; layout.c
// holds the two against each other where packetdrill's own header is there.

#ifndef TESTS_PACKETDRILL_INTERFACE_H
#define TESTS_PACKETDRILL_INTERFACE_H

#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

/// Every member after `userdata` and its place in the table.
#define PD_CALLS(X)       \
    X(free, 1)            \
    X(socket, 2)          \
    X(bind, 3)            \
    X(listen, 4)          \
    X(accept, 5)          \
    X(connect, 6)         \
    X(read, 7)            \
    X(readv, 8)           \
    X(recv, 9)            \
    X(recvfrom, 10)       \
    X(recvmsg, 11)        \
    X(write, 12)          \
    X(writev, 13)         \
    X(send, 14)           \
    X(sendto, 15)         \
    X(sendmsg, 16)        \
    X(fcntl, 17)          \
    X(ioctl, 18)          \
    X(close, 19)          \
    X(shutdown, 20)       \
    X(getsockopt, 21)     \
    X(setsockopt, 22)     \
    X(poll, 23)           \
    X(netdev_send, 24)    \
    X(netdev_receive, 25) \
    X(usleep, 26)         \
    X(gettimeofday, 27)   \
    X(epoll_create, 28)   \
    X(epoll_ctl, 29)      \
    X(epoll_wait, 30)     \
    X(pipe, 31)           \
    X(splice, 32)

struct pd_interface {
    void *userdata;
    void (*free)(void *u);
    int (*socket)(void *u, int domain, int type, int protocol);
    int (*bind)(void *u, int fd, const struct sockaddr *addr, socklen_t len);
    int (*listen)(void *u, int fd, int backlog);
    int (*accept)(void *u, int fd, struct sockaddr *addr, socklen_t *len);
    int (*connect)(void *u, int fd, const struct sockaddr *addr, socklen_t len);
    ssize_t (*read)(void *u, int fd, void *buf, size_t cap);
    ssize_t (*readv)(void *u, int fd, const struct iovec *iov, int n);
    ssize_t (*recv)(void *u, int fd, void *buf, size_t cap, int flags);
    ssize_t (*recvfrom)(void *u, int fd, void *buf, size_t cap, int flags,
        struct sockaddr *from, socklen_t *len);
    ssize_t (*recvmsg)(void *u, int fd, struct msghdr *msg, int flags);
    ssize_t (*write)(void *u, int fd, const void *buf, size_t count);
    ssize_t (*writev)(void *u, int fd, const struct iovec *iov, int n);
    ssize_t (*send)(void *u, int fd, const void *buf, size_t count, int flags);
    ssize_t (*sendto)(void *u, int fd, const void *buf, size_t count, int flags,
        const struct sockaddr *to, socklen_t len);
    ssize_t (*sendmsg)(void *u, int fd, const struct msghdr *msg, int flags);
    int (*fcntl)(void *u, int fd, int cmd, ...);
    int (*ioctl)(void *u, int fd, unsigned long request, ...);
    int (*close)(void *u, int fd);
    int (*shutdown)(void *u, int fd, int how);
    int (*getsockopt)(void *u, int fd, int level, int name, void *value,
        socklen_t *len);
    int (*setsockopt)(void *u, int fd, int level, int name, const void *value,
        socklen_t len);
    int (*poll)(void *u, struct pollfd *fds, nfds_t n, int timeout_ms);
    /// Gives the stack an IP packet. Returns 0, or -1.
    int (*netdev_send)(void *u, const void *packet, size_t len);
    /// Takes the next IP packet that the stack sends and waits for it: `*len`
    /// is the room and then the length, `*us` when it was sent. Returns 0,
    /// with length 0 if none will come; -1: try again.
    int (*netdev_receive)(void *u, void *packet, size_t *len, long long *us);
    int (*usleep)(void *u, useconds_t us);
    int (*gettimeofday)(void *u, struct timeval *tv, struct timezone *tz);
    int (*epoll_create)(void *u, int size);
    int (*epoll_ctl)(void *u, int epfd, int op, int fd, struct epoll_event *ev);
    int (*epoll_wait)(void *u, int epfd, struct epoll_event *ev, int max,
        int timeout_ms);
    int (*pipe)(void *u, int fds[2]);
    int (*splice)(void *u, int in, off_t *in_at, int out, off_t *out_at,
        size_t len, unsigned flags);
};

#define PD_PLACE(name, place)                             \
    _Static_assert(offsetof(struct pd_interface, name) == \
            (place) * sizeof(void *),                     \
        #name " is elsewhere");
PD_CALLS(PD_PLACE)
#undef PD_PLACE

/// The plug-in's one symbol. `flags` is what --so_flags gave, or NULL.
void packetdrill_interface_init(const char *flags, struct pd_interface *out);

#endif
