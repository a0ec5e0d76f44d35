// SPDX-License-Identifier: MIT
//
// What the files of the stack share: connections in the chip's sockets. From
// the bottom up: conn.c, udp.c and tcp.c, tcp_calls.c, sockets.c.

#ifndef W5500_SOCKETS_H
#define W5500_SOCKETS_H

#include "internal.h"

/// "Has no socket in the chip": a listener, if others need them all.
#define W5500_NONE W5500_SOCKETS

/// What is the case with a connection.
enum w5500__flag {
    SOCK_LIVE = 1 << 0,     ///< its socket is open in the chip
    SOCK_BUSY = 1 << 1,     ///< SEND was given, SENDOK has not come
    SOCK_LOOK = 1 << 2,     ///< RSR may be more than `rx_left`
    SOCK_STARVED = 1 << 3,  ///< somebody waits for room to send
    SOCK_FIN = 1 << 4,      ///< nothing more will be sent
    SOCK_FIN_SENT = 1 << 5, ///< DISCON was given
    SOCK_ENDED = 1 << 6,    ///< the peer sends nothing more
    SOCK_ACCEPTED = 1 << 7, ///< the application has it
    SOCK_LEFT = 1 << 8,     ///< the application has closed it
    SOCK_BOUND = 1 << 9,    ///< to our address
    SOCK_RESTING = 1 << 10, ///< only TIME-WAIT is left of it
    SOCK_FULL = 1 << 11,    ///< listener: a client waits in its own socket
    SOCK_TCP = 1 << 12,     ///< it is no datagram socket
};

/// The stack's part of a connection, in nif_conn.impl.
struct w5500__sock {
    uint8_t n;   ///< socket of the chip
    uint8_t ttl; ///< 0: 64, and 1 to groups
    uint8_t tos;
    uint8_t keepalive;         ///< in 5 s
    struct nif_conn *listener; ///< whose backlog it belongs to, or NULL
    uint32_t order;            ///< of being established
    uint32_t sent_us;          ///< when SEND was given
    uint32_t since_us;         ///< when it was called, or closed, by us
    int error;                 ///< UDP: what the network said, or 0
    uint16_t flags;            ///< enum w5500__flag
    uint16_t port;             ///< local; 0: none yet
    uint16_t peer_port;        ///< 0: no peer
    uint16_t rx_left;          ///< bytes known to wait
    uint16_t tx_at;            ///< TX_WR, if there is something behind it:
    uint16_t tx_len;           ///< TCP: so many bytes, not given to SEND yet
    uint8_t peer[4];
    uint8_t group[4]; ///< UDP: joined; 0.0.0.0: none
};

static inline struct w5500__sock *w5500__sock(struct nif_conn *conn)
{
    return (struct w5500__sock *)(void *)&conn->impl;
}

static inline struct w5500 *w5500__of(struct nif_stack *stack)
{
    return nif_container_of(stack, struct w5500, stack);
}

/// A register, and the send and receive memory, of a connection's socket.
static inline uint32_t w5500__reg(const struct w5500__sock *s, unsigned offset)
{
    return W5500_SN((uint32_t)s->n, offset);
}

static inline bool w5500__is_ready(const struct w5500 *w)
{
    return w->chip.phase == W5500_READY && w->chip.err == 0;
}

// ---- conn.c

/// Sets flags, and takes others away.
static inline void w5500__set(struct w5500__sock *s, unsigned flags)
{
    s->flags = (uint16_t)(s->flags | flags);
}

static inline void w5500__clear(struct w5500__sock *s, unsigned flags)
{
    s->flags = (uint16_t)(s->flags & ~flags);
}

/// The next poll() looks at all that have something under way, at once.
void w5500__kick(struct w5500 *w);

/// A socket of the chip that is free and has room in both directions, or
/// W5500_NONE. If it is needed (`must`), one that still says good-bye for
/// nobody gives way, or a listener's own.
uint8_t w5500__take_socket(struct w5500 *w, bool must);
void w5500__give_back(struct w5500 *w, struct w5500__sock *s);

/// Ends our direction. False if the connection is not open any more.
bool w5500__disconnect(struct w5500 *w, const struct w5500__sock *s);

/// The connection has no socket any more; what is open there is told good-bye
/// (the chip cannot send a reset) for a while.
void w5500__leave(struct w5500 *w, struct w5500__sock *s);

/// Looks at those that do.
void w5500__serve_leaving(struct w5500 *w);

/// Closes its socket in the chip, if that is open.
void w5500__shut(struct w5500 *w, struct w5500__sock *s);

/// Takes the connection out of the stack: its memory is the caller's.
void w5500__unlink(struct w5500 *w, struct nif_conn *conn);

/// Draws a port, if it has none. Returns 0 or NIF_EADDRINUSE.
int w5500__bind_any(struct w5500 *w, struct nif_conn *conn);
int w5500__bind(struct w5500 *w, struct nif_conn *conn,
    const struct nif_endpoint *local);

/// What an IPv4 address is to us.
bool w5500__is_group(const uint8_t ip[4]);
bool w5500__is_broadcast(const struct w5500 *w, const uint8_t ip[4]);

/// Returns 0 if packets can go there; NIF_EADDR; NIF_EUNREACH.
int w5500__route(const struct w5500 *w, const uint8_t ip[4]);

/// Reads the flags of Sn_IR and clears them; what comes after that sets them
/// again. `*status` is Sn_SR, as it was not before them. If it is not the
/// socket that was opened, that is the error NIF_EPROTO.
uint8_t w5500__take_flags(struct w5500 *w, struct w5500__sock *s,
    uint8_t *status);

/// Bytes that wait in its socket; looks if there may be more than known.
unsigned w5500__waiting(struct w5500 *w, struct w5500__sock *s);

/// Reads `len` bytes from `skip` on and gives the room of `total` back.
void w5500__take(struct w5500 *w, struct w5500__sock *s, void *buf, size_t len,
    size_t skip, size_t total);

/// Free bytes of its send memory in the chip.
unsigned w5500__room(struct w5500 *w, const struct w5500__sock *s);

/// Writes its time to live, type of service and keep-alive.
void w5500__write_options(struct w5500 *w, const struct w5500__sock *s);

// ---- tcp.c and udp.c: each kind of connection

/// Opens what ought to be open in the chip and is not.
void w5500__tcp_open(struct w5500 *w, struct nif_conn *conn);
void w5500__udp_open(struct w5500 *w, struct nif_conn *conn);

/// Says anew that it is in its group, if it is in one.
void w5500__udp_rejoin(struct w5500 *w, struct nif_conn *conn);

/// Looks at its socket, and moves what can move.
void w5500__tcp_serve(struct w5500 *w, struct nif_conn *conn);
void w5500__udp_serve(struct w5500 *w, struct nif_conn *conn);

/// The chip has forgotten it.
void w5500__tcp_lost(struct w5500 *w, struct nif_conn *conn);
void w5500__udp_lost(struct w5500 *w, struct nif_conn *conn);

/// Ends it now. TCP: with an error that the application is told, unless it
/// has closed it already.
void w5500__tcp_kill(struct w5500 *w, struct nif_conn *conn, int err);

/// Back in the backlog, as its listener is.
void w5500__tcp_rejoin(struct w5500 *w, struct nif_conn *conn);

/// Sends what was written behind TX_WR, once the last has gone out.
void w5500__tcp_push(struct w5500 *w, struct w5500__sock *s);

int w5500__tcp_connect(struct w5500 *w, struct nif_conn *conn,
    const struct nif_endpoint *peer);
int w5500__udp_connect(struct w5500 *w, struct nif_conn *conn,
    const struct nif_endpoint *peer);
int w5500__tcp_listen(struct w5500 *w, struct nif_conn *conn,
    struct nif_conn *backlog, size_t n);
int w5500__tcp_accept(struct w5500 *w, struct nif_conn *conn,
    struct nif_conn **out, struct nif_endpoint *peer);
int w5500__tcp_send(struct w5500 *w, struct nif_conn *conn, const void *data,
    size_t len);
int w5500__udp_send(struct w5500 *w, struct nif_conn *conn, const void *data,
    size_t len, const struct nif_endpoint *to);
int w5500__tcp_recv(struct w5500 *w, struct nif_conn *conn, void *buf,
    size_t cap);
int w5500__udp_recv(struct w5500 *w, struct nif_conn *conn, void *buf,
    size_t cap, struct nif_endpoint *from);
int w5500__tcp_shutdown(struct w5500 *w, struct nif_conn *conn);
void w5500__tcp_close(struct w5500 *w, struct nif_conn *conn);
void w5500__tcp_abort(struct w5500 *w, struct nif_conn *conn);
void w5500__udp_close(struct w5500 *w, struct nif_conn *conn);
size_t w5500__tcp_unacked(struct w5500 *w, struct nif_conn *conn);
int w5500__udp_group(struct w5500 *w, struct nif_conn *conn,
    const struct nif_ip *group, bool join);
unsigned w5500__tcp_ready(struct w5500 *w, struct nif_conn *conn);
unsigned w5500__udp_ready(struct w5500 *w, struct nif_conn *conn);

#endif
