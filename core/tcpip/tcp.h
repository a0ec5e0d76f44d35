// SPDX-License-Identifier: MIT
//
// TCP (RFC 9293) inside. tcp.c: what the application calls; tcp_queue.c: what
// waits to be acknowledged; tcp_in.c: segments that come; tcp_data.c: what is
// in them; tcp_out.c: segments that go; tcp_cc.c: how many may be on the way;
// tcp_timer.c: what happens when nothing comes.
//
// Parts that can be left out (parts.h): tcp_listen.c: listeners and their
// backlog; tcp_refs.c: data that is sent from where it lies; tcp_early.c: what
// comes too early; tcp_keep.c: times that the application sets;
// icmp_errors.c, tcp_icmp.c: what routers say; tcp_recovery.c: what duplicate
// ACKs tell; tcp_fast.c, tcp_push.c: the segments that come and go most.
// Parts that are linked only when named: tcp_sack.c, tcp_stamp.c, tcp_pool.c.

#ifndef CORE_TCPIP_TCP_H
#define CORE_TCPIP_TCP_H

#include "internal.h"
#include "parts.h"
#include "tcp_state.h"

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

/// Where headers are in nif_tcpip_head.word.
enum {
    NIF__WORD_IP = NIF__HEAD_IP,
    NIF__WORD_TCP = NIF__WORD_IP + IPV4_LEN / 4,
};

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

/// Takes a measured round trip (RFC 6298).
void nif__tcp_measure(struct nif__tcp *t, uint32_t rtt);

/// The retransmission time, back-off included, ticks.
uint32_t nif__tcp_rto(const struct nif__tcp *t);

/// Starts the retransmission timer anew.
void nif__tcp_arm(struct nif_conn *conn);

/// The same if it was set, and nif__tcp_rto() is what it was then: poll() comes
/// early enough for both if it comes for the first.
static inline void nif__tcp_arm_again(const struct nif_tcpip *ip,
    struct nif__tcp *t)
{
    t->rexmit_from = nif__tcp_at(nif__tcp_now(ip));
}

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

/// Data can be taken: no FIN is queued yet.
static inline bool nif__tcp_may_send(const struct nif__tcp *t)
{
    return t->state == TCP_ESTABLISHED || t->state == TCP_CLOSE_WAIT;
}

/// Else, what send() is to say.
NIF_NODISCARD int nif__tcp_cannot_send(const struct nif_conn *conn);

/// What is to go is the first after silence.
void nif__tcp_end_silence(struct nif_conn *conn);

/// Something is to go.
static inline void nif__tcp_to_send(struct nif_conn *conn)
{
    if (nif__tcp_of(conn)->queued == 0) {
        nif__tcp_end_silence(conn);
    }
    nif__kick_conn(conn);
}

size_t nif__tcp_unacked(struct nif_conn *conn);
int nif__tcp_shutdown(struct nif_conn *conn);
void nif__tcp_close(struct nif_conn *conn);
void nif__tcp_abort(struct nif_conn *conn);
int nif__tcp_option(struct nif_conn *conn, enum nif_option option, int value);
unsigned nif__tcp_ready(struct nif_conn *conn);

#endif
