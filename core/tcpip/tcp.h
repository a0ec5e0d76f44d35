// SPDX-License-Identifier: MIT
//
// TCP (RFC 9293) inside. tcp.c: what the application calls; tcp_queue.c: what
// waits to be acknowledged; tcp_in.c: segments that come; tcp_data.c: what is
// in them; tcp_out.c: segments that go; tcp_cc.c: how many may be on the way;
// tcp_timer.c: what happens when nothing comes.
//
// Parts that can be left out (tcp_parts.h): tcp_listen.c: listeners and their
// backlog; tcp_refs.c: data that is sent from where it lies; tcp_early.c: what
// comes too early; tcp_keep.c: times that the application sets;
// icmp_errors.c, tcp_icmp.c: what routers say; tcp_recovery.c: what duplicate
// ACKs tell; tcp_fast.c, tcp_push.c: the segments that come and go most.
// Parts that are linked only when named: tcp_sack.c, tcp_stamp.c, tcp_pool.c.
//
// Sequence numbers are compared by the sign of their difference. The send
// queue begins at snd_una, once the SYN is acknowledged; FIN counts as one
// behind its last byte. The receive ring ends at rcv_nxt.
//
// Times are ticks of 1024 us in 32 bits, compared by difference as well; a
// timer of 0 is not set.

#ifndef CORE_TCPIP_TCP_H
#define CORE_TCPIP_TCP_H

#include "internal.h"
#include "tcp_parts.h"

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
    uint32_t rexmit_at; ///< retransmission or window probe
    uint32_t since;     ///< the last progress: for giving up, keepalive,
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

/// Tick `at` as a timer.
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

// tcp_queue.c

/// The most stretches of memory that a segment is gathered from.
#define NIF__TCP_PIECES 4

/// Bytes that can be added.
static inline size_t nif__queue_room(const struct nif_conn *conn)
{
    return conn->cfg.tx_cap - nif__tcp_view(conn)->tx.used;
}

/// Adds a copy of `len` bytes, for which there is room.
void nif__queue_copy(struct nif_conn *conn, const void *data, size_t len);

/// Where the byte `at` bytes behind the oldest lies in the ring.
static inline size_t nif__queue_place(const struct nif_conn *conn, size_t at)
{
    at += nif__tcp_view(conn)->tx.at;
    return at >= conn->cfg.tx_cap ? at - conn->cfg.tx_cap : at;
}

/// Finds `len` bytes at `offset`, all queued; `*n` is how many pieces they
/// are in.
///
/// Returns how many of them fit into NIF__TCP_PIECES.
uint32_t nif__queue_find(struct nif_conn *conn, uint32_t offset, uint32_t len,
    struct nif_seg *pieces, size_t *n);

/// Takes the oldest `len` bytes away.
void nif__queue_drop(struct nif_conn *conn, uint32_t len);

// tcp_in.c
void nif__tcp_input(struct nif_tcpip *ip, const struct nif__in *in);

/// The connection between these two ends, or the listener on our port, or NULL.
/// `ports` are the peer's, then ours, as in a segment that comes.
struct nif_conn *nif__tcp_find(struct nif_tcpip *ip, uint32_t peer_ip,
    uint32_t ports);

/// Something new of ours, up to `ack`, has arrived.
void nif__tcp_new_ack(struct nif_conn *conn, uint32_t ack);

/// What the SYN of `seg` says about the peer.
void nif__tcp_meet(struct nif_conn *conn, const struct nif__seg *seg);

/// The handshake is done; `seg` acknowledges our SYN.
void nif__tcp_established(struct nif_conn *conn, const struct nif__seg *seg);

// tcp_data.c

/// Takes the text and the FIN of an acceptable segment.
void nif__tcp_take(struct nif_conn *conn, const struct nif__seg *seg);

/// Puts text to its place in the receive ring.
void nif__tcp_put(struct nif_conn *conn, uint32_t seq, const uint8_t *data,
    uint32_t len);

/// Data came in order: its ACK is due now or after a while.
void nif__tcp_owe_ack(struct nif_conn *conn);

/// The window to advertise, bytes: what is free, but never a small step (RFC
/// 9293 3.8.6.2.2) and never back.
uint32_t nif__tcp_window(const struct nif_conn *conn);

// tcp_out.c

/// Sends one segment: up to `len` bytes of the queue from `seq` on.
///
/// Returns the bytes that went; NIF_EAGAIN: nothing went; else it is as good
/// as lost on the wire.
NIF_NODISCARD int nif__tcp_emit(struct nif_conn *conn, uint32_t seq,
    unsigned flags, uint32_t len);

/// Completes nif_tcpip_head in front of `len` bytes of data, but for TCP's sum.
/// The options stand there already; `last` is the fourth word of TCP's header.
///
/// Returns the raw sum of TCP's and the pseudo header.
uint32_t nif__tcp_put_headers(struct nif_tcpip_head *head,
    const struct nif__tcp *t, uint32_t seq, uint32_t last, uint32_t len);

/// `units` of data and FIN have gone, from snd_nxt on.
void nif__tcp_advance(struct nif_conn *conn, uint32_t units);

/// Sends what can be sent.
void nif__tcp_output(struct nif_conn *conn);

/// The same, and the ACK that waited for the next poll().
void nif__tcp_flush(struct nif_conn *conn);

/// Sends a reset to the peer, if there is one and the device has room.
void nif__tcp_send_reset(struct nif_conn *conn);

/// Sends the segment at `seq` again, not beyond `end`.
///
/// Returns as nif__tcp_emit().
int nif__tcp_resend(struct nif_conn *conn, uint32_t seq, uint32_t end);

/// Answers a segment that belongs to no connection.
void nif__tcp_refuse(struct nif_tcpip *ip, const struct nif__in *in,
    const struct nif__seg *seg);

/// Answers with a bare header, made in the received frame.
void nif__tcp_answer(struct nif_tcpip *ip, const struct nif__in *in,
    uint32_t seq, uint32_t ack, uint32_t flags_window);

/// Everything of ours that is not acknowledged, FIN included, sent or not.
uint32_t nif__tcp_pending(const struct nif__tcp *t);

// tcp_cc.c

void nif__cc_init(struct nif__tcp *t);

/// `acked` new bytes were acknowledged up to `ack`.
void nif__cc_ack(struct nif_conn *conn, uint32_t ack, uint32_t acked);

/// Half of what is on the way, two segments at least.
uint32_t nif__cc_half_flight(const struct nif__tcp *t);

void nif__cc_timeout(struct nif__tcp *t);

/// Nothing was sent for longer than the retransmission time: what the network
/// bore then, it may not bear now (RFC 5681 4.1).
void nif__cc_rest(struct nif__tcp *t);

// tcp_timer.c

/// Milliseconds and seconds in ticks.
#define NIF__TCP_MS(ms) ((ms)*125u >> 7)
#define NIF__TCP_S(s)   ((uint32_t)(s)*977u)

/// Does what is due.
void nif__tcp_timer(struct nif_conn *conn);

/// poll() must come at tick `at`, unless that is 0.
void nif__tcp_due(struct nif_conn *conn, uint32_t at);

/// Takes a measured round trip (RFC 6298).
void nif__tcp_measure(struct nif__tcp *t, uint32_t rtt);

/// The retransmission time, back-off included, ticks.
uint32_t nif__tcp_rto(const struct nif__tcp *t);

/// Starts the retransmission timer anew.
void nif__tcp_arm(struct nif_conn *conn);

/// Ends the connection: nobody is there.
void nif__tcp_give_up(struct nif_conn *conn);

/// Something has moved, or the state has changed: the long times begin anew.
void nif__tcp_moved(struct nif_conn *conn);

// tcp.c

/// Memory of a connection as open() makes it.
void nif__tcp_reset(struct nif_conn *conn);

/// The first sequence number of a connection that begins now.
uint32_t nif__tcp_first_seq(const struct nif_conn *conn);

/// Sequence numbers, MSS and windows at the start of a handshake.
void nif__tcp_begin(struct nif_conn *conn, enum nif__tcp_state state);

/// The connection is over, with `err` or 0. Whoever owns the memory gets it.
void nif__tcp_end(struct nif_conn *conn, int err);

/// Resets the peer and ends the connection.
void nif__tcp_kill(struct nif_conn *conn, int err);

NIF_NODISCARD int nif__tcp_connect(struct nif_conn *conn,
    const struct nif_endpoint *peer);

/// As in nif_stack_ops, where the first two are UDP's, too.
NIF_NODISCARD int nif__tcp_send(struct nif_stack *stack, struct nif_conn *conn,
    const void *data, size_t len, const struct nif_endpoint *to);
NIF_NODISCARD int nif__tcp_recv(struct nif_stack *stack, struct nif_conn *conn,
    void *buf, size_t cap, struct nif_endpoint *from);
NIF_NODISCARD int nif__tcp_peek(struct nif_stack *stack, struct nif_conn *conn,
    const uint8_t **data);
void nif__tcp_consume(struct nif_stack *stack, struct nif_conn *conn,
    size_t len);

/// Returns 0 if data can be taken, else what send() is to say.
NIF_NODISCARD int nif__tcp_may_send(const struct nif_conn *conn);

/// Something is to go.
void nif__tcp_to_send(struct nif_conn *conn);

size_t nif__tcp_unacked(struct nif_conn *conn);
int nif__tcp_shutdown(struct nif_conn *conn);
void nif__tcp_close(struct nif_conn *conn);
void nif__tcp_abort(struct nif_conn *conn);
int nif__tcp_option(struct nif_conn *conn, enum nif_option option, int value);
unsigned nif__tcp_ready(struct nif_conn *conn);

#endif
