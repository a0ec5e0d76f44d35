// SPDX-License-Identifier: MIT
//
// What an application may use in place of a loop of its own: calls that wait.
// Everything here stands on nif/stack.h and works on any stack. Connections
// are still the caller's `struct nif_conn` with their buffers; each call of
// nif/stack.h may be used on them in between.
//
//     const struct nif_open_cfg cfg = {
//         .stack = stack,
//         .resolver = &dns.resolver,
//         .buffers = { rx, sizeof(rx), tx, sizeof(tx) },
//     };
//     const struct nif_endpoint peer = { .host = "example.net", .port = 80 };
//     uint64_t until_us = nif_clock_now_us(stack->clock) + 10000000;
//
//     err = nif_dial(&conn, &cfg, &peer, until_us);
//     err = nif_send_all(&conn, "GET / HTTP/1.0\r\n\r\n", 18, until_us);
//     n = nif_recv(&conn, buf, sizeof(buf), until_us);
//     err = nif_close(&conn, until_us);
//
// Deadlines are absolute, in microseconds of the stack's clock. NIF_NEVER: no
// limit. 0, or any time that has passed: one look, no waiting. A deadline
// that was reached is NIF_ETIMEDOUT and changes nothing: the call can be made
// again.
//
// While a call waits, the stack is polled, and so is whatever was added to it
// as a job: a DHCP client, a connector, another stack. What they call back
// must not wait itself: nothing here may be called from within a poll or a
// job (asserted).

#ifndef NIF_NET_H
#define NIF_NET_H

#include "nif/clock.h"
#include "nif/resolver.h"
#include "nif/stack.h"

NIF_C_BEGIN

// ---- the stack of a program that has only one

/// From now on `stack` is the default; NULL: none.
void nif_use_stack(struct nif_stack *stack);

/// The default stack, or NULL.
struct nif_stack *nif_default_stack(void);

// ---- waiting

/// Something that has its turns beside a stack.
struct nif_job {
    /// Does what is due. Must not wait. Returns when to call again, absolute,
    /// in microseconds; NIF_NEVER: only when something else happens.
    uint64_t (*poll)(struct nif_job *job);
    struct nif_job *next; ///< private
};

/// Adds a job, the last in its order. It stays the caller's memory, and must
/// not be added twice.
void nif_job_add(struct nif_stack *stack, struct nif_job *job);

/// Takes a job away; nothing if it was not added. From within a job, too: it
/// has no turn any more, and its memory is the caller's.
void nif_job_remove(struct nif_stack *stack, struct nif_job *job);

/// One turn of the stack and all its jobs: the body of a main loop.
///
/// Returns when to call again, as nif_stack_poll().
uint64_t nif_poll_all(struct nif_stack *stack);

/// Tries something: NIF_EAGAIN means "not yet", all else is a result.
typedef int nif_try_fn(void *arg);

/// Asks `fn(arg)` after each turn until it has a result. All calls here
/// that wait are made of it.
///
/// Returns the result; NIF_ETIMEDOUT.
NIF_NODISCARD int nif_wait_for(struct nif_stack *stack, nif_try_fn *fn,
    void *arg, uint64_t until_us);

// ---- connections

/// How a connection is made. Zero is the default of each field.
struct nif_open_cfg {
    struct nif_stack *stack; ///< NULL: nif_default_stack()
    enum nif_proto proto;    ///< 0: NIF_TCP
    struct nif_conn_cfg buffers;
    struct nif_endpoint local;     ///< none: any
    struct nif_resolver *resolver; ///< of nif_dial(), for names
};

/// Opens `conn` and binds it where `local` says so: what a UDP server wants.
/// It is all zero before its first use. One that was closed and is still in
/// TIME-WAIT gives way. On an error the memory is the caller's.
///
/// Returns 0; NIF_EISCONN if it is in use; NIF_EINVAL without a stack;
/// NIF_EADDRINUSE; NIF_ENOBUFS; NIF_ENOTSUP.
NIF_NODISCARD int nif_open(struct nif_conn *conn,
    const struct nif_open_cfg *cfg);

/// Connects what nif_open() has opened to `peer`, which may be a name: then
/// `resolver` is asked; NULL: the chip's own.
///
/// Returns 0; as nif_lookup() (NIF_ENOTSUP: a name, and no resolver);
/// NIF_EADDR; NIF_EUNREACH; NIF_EREFUSED; NIF_ERESET; NIF_EISCONN;
/// NIF_ETIMEDOUT. Once it has begun, it can be closed only.
NIF_NODISCARD int nif_connect(struct nif_conn *conn,
    struct nif_resolver *resolver, const struct nif_endpoint *peer,
    uint64_t until_us);

/// Opens `conn` and connects it to `peer`, which may be a name. On an error
/// the memory is the caller's.
///
/// Returns 0; as nif_open() and nif_connect().
NIF_NODISCARD int nif_dial(struct nif_conn *conn,
    const struct nif_open_cfg *cfg, const struct nif_endpoint *peer,
    uint64_t until_us);

/// How a listener is made.
struct nif_listen_cfg {
    struct nif_stack *stack; ///< NULL: nif_default_stack()
    enum nif_proto proto;    ///< 0: NIF_TCP
    struct nif_endpoint local;
    struct nif_conn *backlog;           ///< `n` connections, all zero or used
    const struct nif_conn_cfg *buffers; ///< of each of them
    size_t n;
};

/// Lets `listener` wait for peers. On an error all memory is the caller's.
///
/// Returns 0; as nif_open(); NIF_EINVAL without a port or backlog.
NIF_NODISCARD int nif_listen(struct nif_conn *listener,
    const struct nif_listen_cfg *cfg);

/// Waits for a peer; `*peer` (may be NULL) says who it is.
///
/// Returns 0 and the connection; NIF_EINVAL if not listening; NIF_ETIMEDOUT.
NIF_NODISCARD int nif_accept(struct nif_conn *listener, struct nif_conn **out,
    struct nif_endpoint *peer, uint64_t until_us);

/// Sends what fits, at least one byte; UDP: one datagram to the peer.
///
/// Returns the count; NIF_ETIMEDOUT; else as nif_conn_send().
NIF_NODISCARD int nif_send(struct nif_conn *conn, const void *data, size_t len,
    uint64_t until_us);

/// UDP: one datagram to `to`. Returns as nif_send().
NIF_NODISCARD int nif_send_to(struct nif_conn *conn, const void *data,
    size_t len, const struct nif_endpoint *to, uint64_t until_us);

/// TCP: sends all of it: the stack has taken it, the peer may not have.
///
/// Returns 0, or the error; how much was sent before it is not known then.
NIF_NODISCARD int nif_send_all(struct nif_conn *conn, const void *data,
    size_t len, uint64_t until_us);

/// Receives what there is, at least one byte; UDP: one datagram.
///
/// Returns the count; 0 when the peer has closed and all is read (UDP: an
/// empty datagram); NIF_ETIMEDOUT; else as nif_conn_recv().
NIF_NODISCARD int nif_recv(struct nif_conn *conn, void *buf, size_t cap,
    uint64_t until_us);

/// UDP: one datagram, and `*from` (may be NULL) says whose. Returns as
/// nif_recv().
NIF_NODISCARD int nif_recv_from(struct nif_conn *conn, void *buf, size_t cap,
    struct nif_endpoint *from, uint64_t until_us);

/// TCP: receives exactly `len` bytes.
///
/// Returns `len`, or less if the peer has closed before; NIF_ETIMEDOUT and
/// other errors: what came before them is lost.
NIF_NODISCARD int nif_recv_all(struct nif_conn *conn, void *buf, size_t len,
    uint64_t until_us);

/// Closes, and waits until what was sent is at the peer and the peer has
/// closed too; what it sends meanwhile is thrown away. At the deadline the
/// connection is aborted. UDP: until the last datagram has gone out.
///
/// An orderly end leaves the side that closed first in TIME-WAIT (RFC 9293
/// 3.3.2), and the connection the stack's for that time: nif_open() and
/// nif_dial() may use it at once, any other use of its memory may not, but
/// after nif_conn_abort().
///
/// Returns 0; NIF_ETIMEDOUT, or the error that ended the connection: then not
/// all may be at the peer.
int nif_close(struct nif_conn *conn, uint64_t until_us);

/// A connection of interest to nif_poll().
struct nif_watch {
    struct nif_conn *conn;
    unsigned want;  ///< enum nif_ready, or-ed
    unsigned ready; ///< out: which of those it is
};

/// Waits until one of `n` connections is ready for what is wanted of it. They
/// may belong to several stacks with one clock.
///
/// Returns how many are; 0 if none was by `until_us`; NIF_EINVAL if `n` is 0.
NIF_NODISCARD int nif_poll(struct nif_watch *watch, size_t n,
    uint64_t until_us);

NIF_C_END

#endif
