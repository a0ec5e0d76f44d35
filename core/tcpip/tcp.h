// SPDX-License-Identifier: MIT
//
// TCP (RFC 9293) inside. tcp.c: what the application calls; tcp_listen.c:
// listeners and their backlog; tcp_in.c: segments that come; tcp_data.c: what
// is in them; tcp_out.c: segments that go; tcp_cc.c: how many may be on the
// way; tcp_timer.c: what happens when nothing comes.
//
// Sequence numbers are compared by the sign of their difference. The send
// ring begins at snd_una, once the SYN is acknowledged; FIN counts as one
// behind its last byte. The receive ring ends at rcv_nxt.

#ifndef CORE_TCPIP_TCP_H
#define CORE_TCPIP_TCP_H

#include "internal.h"

enum nif__tcp_state {
    TCP_CLOSED,
    TCP_LISTEN,
    TCP_SYN_SENT,
    TCP_SYN_RCVD,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT_1,
    TCP_FIN_WAIT_2,
    TCP_CLOSE_WAIT,
    TCP_CLOSING,
    TCP_LAST_ACK,
    TCP_TIME_WAIT,
};

enum nif__tcp_flag {
    TCP_ACK_NOW = 1 << 0,    ///< an ACK is owed
    TCP_FIN_QUEUED = 1 << 1, ///< no more data behind what is in the ring
    TCP_FIN_SEEN = 1 << 2,   ///< the peer's, in order
    TCP_APP_CLOSED = 1 << 3, ///< the application is done with it
    TCP_ACCEPTED = 1 << 4,   ///< given to the application by accept()
    TCP_NODELAY = 1 << 5,
    TCP_TIMING = 1 << 6,     ///< rtt_seq and rtt_us are valid
    TCP_RECOVERY = 1 << 7,   ///< RFC 6582: until `recover` is acknowledged
    TCP_PERSIST = 1 << 8,    ///< the peer's window is shut: probing
    TCP_BUSY = 1 << 9,       ///< something of ours awaits an answer
    TCP_FORCE = 1 << 10,     ///< send even if it is not worth it
    TCP_RECOVERED = 1 << 11, ///< `recover` is valid
};

/// TCP's part of a connection.
struct nif__tcp {
    struct nif__flow flow;
    uint8_t state;   ///< enum nif__tcp_state
    uint8_t dupacks; ///< duplicate ACKs; in persist, probes unanswered
    uint16_t flags;  ///< enum nif__tcp_flag
    uint16_t mss;    ///< the longest segment that we send
    uint16_t keepalive_s;
    uint8_t backoff;           ///< how often the timeout was doubled
    struct nif_conn *listener; ///< whose backlog it is from, or NULL

    uint32_t snd_una;
    uint32_t snd_nxt;
    uint32_t snd_max; ///< the highest snd_nxt so far
    uint32_t snd_wnd;
    uint32_t snd_wnd_max;
    uint32_t snd_wl1;
    uint32_t snd_wl2;
    uint32_t rcv_nxt;
    uint32_t rcv_edge;  ///< the end of the window that the peer knows
    uint32_t ahead;     ///< data beyond a hole in the receive ring: from here
    uint32_t ahead_end; ///< to here; the same: none
    struct nif__ring rx;
    struct nif__ring tx;

    uint32_t cwnd;
    uint32_t cwnd_acked; ///< bytes towards the next growth
    uint32_t ssthresh;
    uint32_t recover; ///< snd_max when recovery began
    uint32_t srtt8;   ///< smoothed round trip, microseconds times 8; 0: none
    uint32_t rttvar4; ///< its variation, times 4
    uint32_t rtt_seq; ///< the sequence number that is being timed
    uint32_t rtt_us;  ///< when it was sent

    uint64_t rexmit_us; ///< retransmission or window probe
    uint64_t ack_us;    ///< delayed ACK
    uint64_t long_us;   ///< giving up, keepalive, FIN-WAIT-2, TIME-WAIT
};

_Static_assert(sizeof(struct nif__tcp) <= NIF_CONN_IMPL, "does not fit");

/// A received segment.
struct nif__seg {
    uint32_t seq;
    uint32_t ack;
    uint32_t wnd;
    const uint8_t *data;
    uint32_t len; ///< of the data
    uint16_t mss; ///< from its option, or the default
    uint8_t flags;
};

static inline struct nif__tcp *nif__tcp_of(struct nif_conn *conn)
{
    return (struct nif__tcp *)(void *)conn->impl.bytes;
}

/// True if sequence number `a` comes before `b`.
static inline bool nif__before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline uint32_t nif__min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t nif__max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

// tcp_in.c
void nif__tcp_input(struct nif_tcpip *ip, const struct nif__in *in);

// tcp_data.c

/// Takes the text and the FIN of an acceptable segment.
void nif__tcp_take(struct nif_conn *conn, const struct nif__seg *seg);

/// The window to advertise: what is free, but never a small step (RFC 9293
/// 3.8.6.2.2) and never back.
uint32_t nif__tcp_window(const struct nif_conn *conn);

/// How much the window must open before it is worth telling.
uint32_t nif__tcp_window_step(const struct nif_conn *conn);

// tcp_out.c

/// Sends one segment: `len` bytes of the ring from `seq` on.
///
/// Returns 0; NIF_EAGAIN: nothing went; else it is as good as lost on the
/// wire.
NIF_NODISCARD int nif__tcp_emit(struct nif_conn *conn, uint32_t seq,
    uint8_t flags, size_t len);

/// Sends what can be sent.
void nif__tcp_output(struct nif_conn *conn);

/// Sends a reset to the peer, if there is one and the device has room.
void nif__tcp_send_reset(struct nif_conn *conn);

/// Sends the first unacknowledged segment again.
void nif__tcp_resend(struct nif_conn *conn);

/// Answers a segment that belongs to no connection.
void nif__tcp_refuse(struct nif_tcpip *ip, const struct nif__in *in,
    const struct nif__seg *seg);

/// Everything of ours that is not acknowledged, FIN included, sent or not.
uint32_t nif__tcp_pending(const struct nif__tcp *t);

// tcp_cc.c

void nif__cc_init(struct nif__tcp *t);

/// `acked` new bytes were acknowledged up to `ack`.
void nif__cc_ack(struct nif_conn *conn, uint32_t ack, uint32_t acked);

/// A duplicate ACK came.
void nif__cc_dupack(struct nif_conn *conn);

void nif__cc_timeout(struct nif__tcp *t);

// tcp_timer.c

/// Does what is due.
void nif__tcp_timer(struct nif_conn *conn);

/// The retransmission time, back-off included, microseconds.
uint32_t nif__tcp_rto_us(const struct nif__tcp *t);

/// Takes a measured round trip (RFC 6298).
void nif__tcp_measure(struct nif__tcp *t, uint32_t rtt_us);

/// Starts the retransmission timer anew.
void nif__tcp_arm(struct nif_conn *conn);

/// Sets the timer that ends a connection, after something was sent or heard;
/// `progress`: the peer has acknowledged something new.
void nif__tcp_watch(struct nif_conn *conn, bool progress);

// tcp_listen.c

/// A SYN came for `listener`: takes a connection of its backlog.
void nif__tcp_welcome(struct nif_conn *listener, const struct nif__in *in,
    const struct nif__seg *seg);

NIF_NODISCARD int nif__tcp_listen(struct nif_conn *conn,
    struct nif_conn *backlog, size_t n);
NIF_NODISCARD int nif__tcp_accept(struct nif_conn *conn, struct nif_conn **out,
    struct nif_endpoint *peer);
void nif__tcp_close_listener(struct nif_conn *listener);
bool nif__tcp_acceptable(const struct nif_conn *listener);

// tcp.c

/// Memory of a connection as open() makes it.
void nif__tcp_reset(struct nif_conn *conn);

/// Sequence numbers, MSS and windows at the start of a handshake.
void nif__tcp_begin(struct nif_conn *conn, enum nif__tcp_state state);

/// The connection is over, with `err` or 0. Whoever owns the memory gets it.
void nif__tcp_end(struct nif_conn *conn, int err);

/// Resets the peer and ends the connection.
void nif__tcp_kill(struct nif_conn *conn, int err);

/// The longest segment that we want to receive.
uint16_t nif__tcp_mss_in(const struct nif_conn *conn);

NIF_NODISCARD int nif__tcp_connect(struct nif_conn *conn,
    const struct nif_endpoint *peer);
NIF_NODISCARD int nif__tcp_send(struct nif_conn *conn, const void *data,
    size_t len);
NIF_NODISCARD int nif__tcp_recv(struct nif_conn *conn, void *buf, size_t cap);
int nif__tcp_shutdown(struct nif_conn *conn);
void nif__tcp_close(struct nif_conn *conn);
void nif__tcp_abort(struct nif_conn *conn);
int nif__tcp_option(struct nif_conn *conn, enum nif_option option, int value);
unsigned nif__tcp_ready(struct nif_conn *conn);

#endif
