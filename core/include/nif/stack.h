// SPDX-License-Identifier: MIT
//
// A network stack with connections: our own over a frame device
// (nif/tcpip.h), or the one inside a chip that has sockets of its own. An
// application cannot tell which.
//
// The caller owns the connections. A `struct nif_conn` is memory that the
// caller provides together with its buffers; open() makes it one connection
// of a stack, and from then on it belongs to the stack until its state is
// NIF_CONN_CLOSED again. It must not move or be copied in that time.
//
// Everything is polled and nothing waits. connect(), close(), lookup() begin
// something that poll() completes; state() and ready() tell how far it is.
// Data calls answer NIF_EAGAIN when they would have to wait. One context per
// stack.
//
//     nif_conn_open(stack, &c, NIF_TCP, &(struct nif_conn_cfg){
//         .rx = rx, .rx_cap = sizeof(rx), .tx = tx, .tx_cap = sizeof(tx) });
//     nif_conn_connect(&c, &peer);
//     while (nif_conn_state(&c) == NIF_CONN_OPENING) {
//         nif_clock_wait(clock, nif_stack_poll(stack));
//     }
//
// A server opens one connection to listen with and some more to hand to
// listen() as its backlog. accept() gives one of those; when the application
// has closed it and the stack is through with it, it goes back to the
// listener by itself.

#ifndef NIF_STACK_H
#define NIF_STACK_H

#include "nif/iface.h"
#include "nif/ip.h"

NIF_C_BEGIN

struct nif_job; // nif/net.h

enum nif_proto {
    NIF_TCP = 6,
    NIF_UDP = 17,
    NIF_TLS = 256, ///< TCP with TLS inside the chip, where caps say so
};

enum nif_conn_state {
    NIF_CONN_CLOSED,    ///< the memory is the caller's again
    NIF_CONN_IDLE,      ///< open, neither bound to a peer nor listening
    NIF_CONN_LISTENING, ///< waits for peers
    NIF_CONN_OPENING,   ///< connect() has begun, or a peer is coming in
    NIF_CONN_OPEN,      ///< data flows
    NIF_CONN_CLOSING,   ///< closed by us; the stack says good-bye
    NIF_CONN_FAILED,    ///< ended by an error (nif_conn.err); close it
};

/// What can be done without NIF_EAGAIN, or-ed together.
enum nif_ready {
    NIF_READABLE = 1 << 0, ///< recv() gives data, the end, or the error
    NIF_WRITABLE = 1 << 1, ///< send() takes at least one byte, or errors
    NIF_ACCEPTABLE = 1 << 2,
};

enum nif_option {
    NIF_OPT_NODELAY = 1,  ///< 1: small segments are not held back (RFC 9293
                          ///< 3.7.4)
    NIF_OPT_KEEPALIVE,    ///< seconds of silence before a probe; 0: never
    NIF_OPT_TTL,          ///< time to live of what is sent. Not set: 64,
                          ///< and 1 to groups (RFC 1112 6.1)
    NIF_OPT_USER_TIMEOUT, ///< seconds without progress until the end; 0: as
                          ///< the stack likes (RFC 9293 3.8.3)
    NIF_OPT_REUSE,        ///< UDP, before bind(): 1: shares its port with who
                          ///< agrees. What is for many, each of them gets
    NIF_OPT_TOS,          ///< Diffserv code point times 4 (RFC 2474)
};

/// Bytes that a stack may use inside a connection.
#define NIF_CONN_IMPL (144 + 2 * sizeof(void *))

/// How a connection is to be. All zero is a valid choice for a listener.
struct nif_conn_cfg {
    uint8_t *rx;   ///< where received data waits. TCP: its size is the window
    size_t rx_cap; ///< UDP: holds whole datagrams and 8 bytes beside each
    uint8_t *tx;   ///< where data waits until it is acknowledged (TCP) or the
    size_t tx_cap; ///< neighbour is known (UDP; may be 0: then send() says
                   ///< NIF_EAGAIN until it is). UDP datagrams longer than a
                   ///< frame go out from here: 8 bytes more than theirs
};

/// One connection, most used fields first. They are the stack's.
struct nif_conn {
    uint8_t state;  ///< enum nif_conn_state
    uint16_t proto; ///< enum nif_proto
    struct nif_stack *stack;
    struct nif_conn_cfg cfg;
    union {
        uint64_t align;
        uint8_t bytes[NIF_CONN_IMPL];
    } impl; ///< what the stack needs
    struct nif_conn *next;
    int err; ///< may be read: why it is in NIF_CONN_FAILED; before that, what
             ///< the network said of its way (NIF_EUNREACH), still trying; or 0
};

/// What an address setter sets and an address getter gets.
struct nif_net {
    struct nif_ip ip;      ///< family NIF_IP_NONE: no address yet
    uint8_t prefix_len;    ///< 24 for 255.255.255.0
    struct nif_ip gateway; ///< none: only neighbours can be reached
    struct nif_ip dns[2];
    struct nif_hwaddr hwaddr; ///< only read
};

/// What a stack can do.
struct nif_stack_caps {
    size_t datagram_max;  ///< largest UDP payload, bytes
    bool empty_datagrams; ///< UDP payloads of no byte can be sent
    bool tls;             ///< NIF_TLS
    uint16_t conn_max;    ///< connections at a time; 0: as many as opened
};

struct nif_stack;

/// What a stack implements. `conn` is always one that open() has opened.
struct nif_stack_ops {
    /// Makes `conn` a connection of this stack, state NIF_CONN_IDLE.
    /// Whatever it held before is overwritten.
    ///
    /// Returns 0; NIF_ENOTSUP for the protocol; NIF_EINVAL for the buffers;
    /// NIF_ENOBUFS if the chip has no socket left.
    int (*open)(struct nif_stack *stack, struct nif_conn *conn,
        enum nif_proto proto, const struct nif_conn_cfg *cfg);

    /// Chooses the local port (0: any free one) and address (none: all).
    ///
    /// Returns 0; NIF_EADDRINUSE; NIF_EISCONN.
    int (*bind)(struct nif_stack *stack, struct nif_conn *conn,
        const struct nif_endpoint *local);

    /// TCP: begins the handshake; the state goes to NIF_CONN_OPENING, then
    /// NIF_CONN_OPEN or NIF_CONN_FAILED. UDP: sets the one peer; at once.
    ///
    /// Returns 0; NIF_EADDR; NIF_EUNREACH; NIF_EISCONN; NIF_EINVAL.
    int (*connect)(struct nif_stack *stack, struct nif_conn *conn,
        const struct nif_endpoint *peer);

    /// TCP: lets `conn` (bound) wait for peers. `backlog` are `n` connections
    /// in state NIF_CONN_IDLE, each with its buffers.
    ///
    /// Returns 0; NIF_EINVAL if not bound or without backlog; NIF_ENOTSUP.
    int (*listen)(struct nif_stack *stack, struct nif_conn *conn,
        struct nif_conn *backlog, size_t n);

    /// Gives the oldest connection that is ready, `*peer` (may be NULL) says
    /// who it is.
    ///
    /// Returns 0; NIF_EAGAIN; NIF_EINVAL if not listening.
    int (*accept)(struct nif_stack *stack, struct nif_conn *conn,
        struct nif_conn **out, struct nif_endpoint *peer);

    /// TCP: takes as many bytes as fit; `to` is NULL. UDP: one datagram to
    /// `to`, or to the peer of connect() if NULL.
    ///
    /// Returns the count taken; NIF_EAGAIN; NIF_ENOTCONN; NIF_ETOOBIG;
    /// NIF_EADDR; NIF_EUNREACH; the error that ended the connection.
    ///
    /// UDP with a peer: if the network reported an earlier datagram, the next
    /// send() or recv() fails once: NIF_EREFUSED, nobody listens; NIF_EUNREACH,
    /// no way; NIF_EPROTO, a header was not understood. All stays open, and
    /// this datagram is not taken (RFC 1122 4.1.3.3).
    int (*send)(struct nif_stack *stack, struct nif_conn *conn,
        const void *data, size_t len, const struct nif_endpoint *to);

    /// TCP: gives up to `cap` bytes; 0 when the peer has closed and all is
    /// read. UDP: one datagram, whose rest beyond `cap` is lost; 0 is an
    /// empty one; `*from` (may be NULL) says whose.
    ///
    /// Returns the count; NIF_EAGAIN; NIF_ENOTCONN; the error that ended
    /// the connection; UDP: what the network said, as send().
    int (*recv)(struct nif_stack *stack, struct nif_conn *conn, void *buf,
        size_t cap, struct nif_endpoint *from);

    /// TCP: says that we send no more; receiving goes on.
    ///
    /// Returns 0; NIF_ENOTCONN; NIF_ENOTSUP if the chip can end both ways only.
    int (*shutdown)(struct nif_stack *stack, struct nif_conn *conn);

    /// Begins the end: what was sent still goes out, then good-bye. The
    /// memory is the caller's when state() says NIF_CONN_CLOSED (or, of a
    /// backlog, when the listener is closed too). A listener closes at once,
    /// with those of its backlog that were not accepted. Never fails.
    void (*close)(struct nif_stack *stack, struct nif_conn *conn);

    /// Ends it now: a reset to the peer, the memory is the caller's (or the
    /// listener's) on return. Never fails.
    void (*abort)(struct nif_stack *stack, struct nif_conn *conn);

    /// TCP: sends `data` from where it lies. It is lent, not copied, and must
    /// stay as it is until it is acknowledged: until unacked() is no more
    /// than what was given after it. All of it is taken, or nothing. After
    /// abort(), or when the memory of the connection is the caller's again,
    /// so is the data. NULL: the stack copies always.
    ///
    /// Returns `len`; NIF_EAGAIN while there is no room to note it; else as
    /// send().
    int (*send_ref)(struct nif_stack *stack, struct nif_conn *conn,
        const void *data, size_t len);

    /// TCP: bytes taken and not yet acknowledged. NULL: it does not know.
    size_t (*unacked)(struct nif_stack *stack, struct nif_conn *conn);

    /// TCP: where received bytes lie, as many as lie in one piece; they stay
    /// there until consume(). NULL: use recv().
    ///
    /// Returns the count, else as recv().
    int (*peek)(struct nif_stack *stack, struct nif_conn *conn,
        const uint8_t **data);

    /// TCP: takes away the first `len` bytes of what peek() showed. More than
    /// that is an error of the caller (asserted).
    void (*consume)(struct nif_stack *stack, struct nif_conn *conn, size_t len);

    /// UDP: from now on (`join`), or no more, receives what is sent to the
    /// multicast address `group`. Ends by itself when the connection closes.
    /// NULL: the stack has no multicast.
    ///
    /// Returns 0; NIF_EINVAL if it is no such address; NIF_ENOBUFS if there
    /// are too many; NIF_ENOTSUP; NIF_EIO.
    int (*group)(struct nif_stack *stack, struct nif_conn *conn,
        const struct nif_ip *group, bool join);

    /// Returns 0; NIF_ENOTSUP; NIF_EINVAL.
    int (*option)(struct nif_stack *stack, struct nif_conn *conn,
        enum nif_option option, int value);

    /// enum nif_ready, or-ed.
    unsigned (*ready)(struct nif_stack *stack, struct nif_conn *conn);

    /// A chip's own resolver. NULL: use nif/dns.h.
    ///
    /// Returns 0; NIF_EAGAIN while it works: call again; NIF_ENOTFOUND;
    /// NIF_ETIMEDOUT.
    int (*lookup)(struct nif_stack *stack, const char *host,
        struct nif_ip *out);

    /// The addresses in use. Never fails; no address is a value.
    void (*net)(struct nif_stack *stack, struct nif_net *out);

    /// Changes them. `hwaddr` is ignored. Connections from another address
    /// end with NIF_EADDR.
    ///
    /// Returns 0; NIF_ENOTSUP; NIF_EINVAL.
    int (*set_net)(struct nif_stack *stack, const struct nif_net *net);

    /// Moves what can move: device, timers, data. Does a bounded piece of
    /// work (at most 2 ms) and may have more left.
    ///
    /// Returns when to call again, absolute, in microseconds: now or earlier
    /// if work is left, NIF_NEVER if only an event can bring more. An
    /// interrupt of the device wakes the clock (nif/clock.h).
    uint64_t (*poll)(struct nif_stack *stack);
};

/// The part of every stack that others know; its first member.
struct nif_stack {
    const struct nif_stack_ops *ops;
    struct nif_clock *clock;
    struct nif_stack_caps caps; ///< may be read
    struct nif_job *jobs;       ///< what has its turns beside it (nif/net.h)
    struct nif_job *next_job;   ///< while they have them: whose turn is next
    bool polling;               ///< a poll() or a job runs: nothing may wait
};

NIF_NODISCARD static inline int nif_conn_open(struct nif_stack *stack,
    struct nif_conn *conn, enum nif_proto proto, const struct nif_conn_cfg *cfg)
{
    return stack->ops->open(stack, conn, proto, cfg);
}

NIF_NODISCARD static inline int nif_conn_bind(struct nif_conn *conn,
    const struct nif_endpoint *local)
{
    return conn->stack->ops->bind(conn->stack, conn, local);
}

NIF_NODISCARD static inline int nif_conn_connect(struct nif_conn *conn,
    const struct nif_endpoint *peer)
{
    return conn->stack->ops->connect(conn->stack, conn, peer);
}

NIF_NODISCARD static inline int nif_conn_listen(struct nif_conn *conn,
    struct nif_conn *backlog, size_t n)
{
    return conn->stack->ops->listen(conn->stack, conn, backlog, n);
}

NIF_NODISCARD static inline int nif_conn_accept(struct nif_conn *conn,
    struct nif_conn **out, struct nif_endpoint *peer)
{
    return conn->stack->ops->accept(conn->stack, conn, out, peer);
}

NIF_NODISCARD static inline int nif_conn_send(struct nif_conn *conn,
    const void *data, size_t len, const struct nif_endpoint *to)
{
    return conn->stack->ops->send(conn->stack, conn, data, len, to);
}

NIF_NODISCARD static inline int nif_conn_recv(struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from)
{
    return conn->stack->ops->recv(conn->stack, conn, buf, cap, from);
}

static inline int nif_conn_shutdown(struct nif_conn *conn)
{
    return conn->stack->ops->shutdown(conn->stack, conn);
}

static inline void nif_conn_close(struct nif_conn *conn)
{
    conn->stack->ops->close(conn->stack, conn);
}

static inline void nif_conn_abort(struct nif_conn *conn)
{
    conn->stack->ops->abort(conn->stack, conn);
}

NIF_NODISCARD static inline int nif_conn_send_ref(struct nif_conn *conn,
    const void *data, size_t len)
{
    const struct nif_stack_ops *ops = conn->stack->ops;

    return ops->send_ref != NULL ? ops->send_ref(conn->stack, conn, data, len)
                                 : NIF_ENOTSUP;
}

/// SIZE_MAX if the stack does not know.
static inline size_t nif_conn_unacked(struct nif_conn *conn)
{
    const struct nif_stack_ops *ops = conn->stack->ops;

    return ops->unacked != NULL ? ops->unacked(conn->stack, conn) : SIZE_MAX;
}

NIF_NODISCARD static inline int nif_conn_peek(struct nif_conn *conn,
    const uint8_t **data)
{
    const struct nif_stack_ops *ops = conn->stack->ops;

    return ops->peek != NULL ? ops->peek(conn->stack, conn, data) : NIF_ENOTSUP;
}

static inline void nif_conn_consume(struct nif_conn *conn, size_t len)
{
    conn->stack->ops->consume(conn->stack, conn, len);
}

NIF_NODISCARD static inline int nif_conn_group(struct nif_conn *conn,
    const struct nif_ip *group, bool join)
{
    const struct nif_stack_ops *ops = conn->stack->ops;

    return ops->group != NULL ? ops->group(conn->stack, conn, group, join)
                              : NIF_ENOTSUP;
}

static inline int nif_conn_option(struct nif_conn *conn, enum nif_option option,
    int value)
{
    return conn->stack->ops->option(conn->stack, conn, option, value);
}

static inline unsigned nif_conn_ready(struct nif_conn *conn)
{
    return conn->stack->ops->ready(conn->stack, conn);
}

static inline enum nif_conn_state nif_conn_state(const struct nif_conn *conn)
{
    return (enum nif_conn_state)conn->state;
}

static inline void nif_stack_net(struct nif_stack *stack, struct nif_net *out)
{
    stack->ops->net(stack, out);
}

NIF_NODISCARD static inline int nif_stack_set_net(struct nif_stack *stack,
    const struct nif_net *net)
{
    return stack->ops->set_net(stack, net);
}

/// As nif_stack_ops.poll. Not from within itself (asserted).
uint64_t nif_stack_poll(struct nif_stack *stack);

NIF_C_END

#endif
