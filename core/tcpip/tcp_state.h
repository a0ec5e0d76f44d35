// SPDX-License-Identifier: MIT
//
// What TCP remembers of a connection, and of a segment that it looks at.
//
// Sequence numbers are compared by the sign of their difference. The send
// queue begins at snd_una, once the SYN is acknowledged; FIN counts as one
// behind its last byte. The receive ring ends at rcv_nxt.
//
// Times are ticks of 1024 us in 32 bits, compared by difference as well; a
// timer of 0 is not set.

#ifndef CORE_TCPIP_TCP_STATE_H
#define CORE_TCPIP_TCP_STATE_H

#include "conn.h"

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
    TCP_FIN_QUEUED = 1 << 1, ///< no more data behind what is in the queue
    TCP_FIN_SEEN = 1 << 2,   ///< the peer's, in order
    TCP_APP_CLOSED = 1 << 3, ///< the application is done with it
    TCP_ACCEPTED = 1 << 4,   ///< given to the application by accept()
    TCP_NODELAY = 1 << 5,
    TCP_TIMING = 1 << 6,     ///< rtt_seq and rtt_at are valid
    TCP_RECOVERY = 1 << 7,   ///< RFC 6582: until `recover` is acknowledged
    TCP_PERSIST = 1 << 8,    ///< the peer's window is shut: probing
    TCP_FORCE = 1 << 9,      ///< send even if it is not worth it
    TCP_RECOVERED = 1 << 10, ///< `recover` is valid
    TCP_SCALE = 1 << 11,     ///< both ends scale windows (RFC 7323 2)
    TCP_SACK = 1 << 12,      ///< both ends acknowledge selectively
    TCP_STAMP = 1 << 13,     ///< both ends put timestamps
    TCP_ACK_SOON = 1 << 14,  ///< an ACK is owed in the next poll()
    TCP_LENT = 1 << 15,      ///< the device lends memory to build frames in
};

/// A stretch of data beyond a hole, by its distance from rcv_nxt.
struct nif__range {
    uint16_t from;
    uint16_t to;
};

#define NIF__TCP_AHEADS 4

/// TCP's part of a connection. Small fields come first, where small processors
/// reach them with one instruction.
struct nif__tcp {
    uint8_t state;   ///< enum nif__tcp_state
    uint8_t dupacks; ///< duplicate ACKs; in persist, probes unanswered
    uint8_t backoff; ///< how often the timeout was doubled; when idle,
                     ///< keepalive probes sent
    uint8_t aheads;  ///< valid entries of `ahead`
    struct nif__flow flow;
    uint16_t flags;   ///< enum nif__tcp_flag
    uint16_t mss;     ///< the most data that we put into a segment
    uint16_t rcv_mss; ///< the longest segment that we want to receive
    uint16_t srtt8;   ///< smoothed round trip, ticks times 8; 0: none; 1: none
                      ///< measured, but rttvar4 is one to begin with
    uint16_t rttvar4; ///< its variation, times 4
    uint16_t rtt_at;  ///< when `rtt_seq` was sent, tick
    uint16_t refs;    ///< references in the send queue
    uint16_t keepalive_s;
    uint16_t user_timeout_s; ///< 0: NIF_TCP_R2_S
    uint16_t ack_at;         ///< delayed ACK, tick: of the last half minute,
                             ///< or to come; 0: none

    uint32_t snd_una;
    uint32_t snd_nxt;
    uint32_t snd_max; ///< the highest snd_nxt so far
    uint32_t snd_wnd;
    uint32_t rcv_nxt;
    uint32_t rcv_edge; ///< the end of the window that the peer knows
    struct nif__ring rx;
    struct nif__ring tx; ///< data and references: see tcp_queue.c
    uint32_t queued;     ///< bytes to send or to be acknowledged
    uint32_t cwnd;
    uint32_t rexmit_from; ///< since when the retransmission, or the next
                          ///< window probe, is timed; 0: it is not
    uint32_t since;       ///< the last progress: for giving up, keepalive,
                          ///< FIN-WAIT-2 and TIME-WAIT, one at a time
    uint32_t snd_wl1;
    uint32_t snd_wnd_max;
    uint32_t ref_seq; ///< where the last walk through the references ended
    uint32_t ref_at;  ///< and where in `tx` it is
    uint32_t rtt_seq; ///< the sequence number that is being timed
    uint32_t ssthresh;
    uint32_t cwnd_acked; ///< bytes towards the next growth
    uint32_t recover;    ///< snd_max when recovery began
    uint32_t plain;      ///< if there are references: bytes in `tx` before them
    struct nif_conn *listener; ///< whose backlog it is from, or NULL
    struct nif_tcp_more *more; ///< for the optional parts, or NULL
    struct nif__range ahead[NIF__TCP_AHEADS]; ///< the latest first; they do
                                              ///< not touch each other
};

_Static_assert(sizeof(struct nif__tcp) <= NIF_CONN_IMPL, "does not fit");
_Static_assert(offsetof(struct nif__tcp, flow) == NIF__FLOW_AT, "elsewhere");

/// Beside the flags of a segment: options of a SYN.
enum nif__tcp_option {
    TCP_HAS_SCALE = 1 << 8,
    TCP_HAS_SACK_OK = 1 << 9,
};

/// A received segment. All words: small processors have no short way to what is
/// smaller on the C stack.
struct nif__seg {
    uint32_t seq;
    uint32_t ack;
    uint32_t wnd;
    const uint8_t *data;
    const uint8_t *stamp; ///< the two times of its timestamp, or NULL
    const uint8_t *sack;  ///< the edges of its SACK option
    uint32_t len;         ///< of the data
    uint32_t mss;         ///< from its option, or the default
    uint32_t flags;       ///< and enum nif__tcp_option
    uint32_t shift;       ///< of its windows
    uint32_t sack_len;    ///< bytes
};

static inline struct nif__tcp *nif__tcp_of(struct nif_conn *conn)
{
    return (struct nif__tcp *)(void *)conn->impl.bytes;
}

static inline const struct nif__tcp *nif__tcp_view(const struct nif_conn *conn)
{
    return (const struct nif__tcp *)(const void *)conn->impl.bytes;
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

/// The time, in ticks.
static inline uint32_t nif__tcp_now(const struct nif_tcpip *ip)
{
    return ip->now;
}

/// Tick `at` as a timer, or as its begin.
static inline uint32_t nif__tcp_at(uint32_t at)
{
    return at != 0 ? at : 1;
}

static inline void nif__tcp_set(struct nif__tcp *t, unsigned flags)
{
    t->flags |= (uint16_t)flags;
}

static inline void nif__tcp_clear(struct nif__tcp *t, unsigned flags)
{
    t->flags &= (uint16_t)~flags;
}

/// The peer was told of a `window`, bytes, and of all that came.
static inline void nif__tcp_told(struct nif__tcp *t, uint32_t window)
{
    uint32_t edge = t->rcv_nxt + window;

    if (nif__before(t->rcv_edge, edge)) {
        t->rcv_edge = edge;
    }
    t->ack_at = 0;
}

#endif
