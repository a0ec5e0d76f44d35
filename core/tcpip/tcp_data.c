// SPDX-License-Identifier: MIT
//
// What is in a segment: text goes straight to its place in the receive ring.

#include "tcp.h"

// The most that the peer may know of the window.
static uint32_t told(const struct nif__tcp *t)
{
    // A FIN may lie just behind the window.
    return nif__before(t->rcv_edge, t->rcv_nxt) ? 0 : t->rcv_edge - t->rcv_nxt;
}

// How far the window can be opened beyond what was `said` of it, if not less.
static int32_t opening(const struct nif_conn *conn, uint32_t said)
{
    const struct nif__tcp *t = nif__tcp_view(conn);

    return (int32_t)(nif__min((uint32_t)conn->cfg.rx_cap - t->rx.used,
                         0xFFFFu << t->flow.rcv_shift) -
        said);
}

// `len` bytes, or half the ring.
static int32_t or_half(const struct nif_conn *conn, uint32_t len)
{
    return (int32_t)nif__min((uint32_t)conn->cfg.rx_cap >> 1, len);
}

uint32_t nif__tcp_window(const struct nif_conn *conn)
{
    uint32_t said = told(nif__tcp_view(conn));
    int32_t step = opening(conn, said);

    return step >= or_half(conn, nif__tcp_view(conn)->rcv_mss)
        ? said + (uint32_t)step
        : said;
}

// Who has no room for a segment waits for it. Else two segments or half the
// ring are soon enough: smaller steps go with the next ACK.
static bool opened(const struct nif_conn *conn, const struct nif__tcp *t)
{
    uint32_t said = t->rcv_edge - t->rcv_nxt; // there was no FIN
    uint32_t mss = t->rcv_mss;

    return opening(conn, said) >= or_half(conn, said < mss ? mss : 2 * mss);
}

void nif__tcp_consume(struct nif_stack *stack, struct nif_conn *conn,
    size_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    size_t at = t->rx.at + len;

    (void)stack;
    NIF_ASSERT(len <= t->rx.used);
    t->rx.at = (uint32_t)(at < conn->cfg.rx_cap ? at : at - conn->cfg.rx_cap);
    t->rx.used -= (uint32_t)len;
    // The next poll() tells of the window anyway, or nobody wants to know.
    if (t->flags & (TCP_ACK_NOW | TCP_ACK_SOON | TCP_FIN_SEEN)) {
        return;
    }
    if (t->state >= TCP_ESTABLISHED && opened(conn, t)) {
        nif__tcp_set(t, TCP_ACK_NOW);
        nif__kick_conn(conn);
    }
}

// The second segment in a row is acknowledged now, one alone may wait (RFC
// 9293 3.8.6.3); so is one that leaves no room for another. "Now" is the next
// poll(), so that the application can empty the ring first and one ACK tells
// both.
void nif__tcp_owe_ack(struct nif_conn *conn)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t at;

    if (t->ack_at != 0 || t->rcv_edge - t->rcv_nxt < t->rcv_mss) {
        nif__tcp_set(t, TCP_ACK_SOON);
        nif__todo_conn(conn);
        return;
    }
    at = nif__tcp_now(ip) + NIF__TCP_MS(NIF_TCP_DELACK_MS) + 1;
    at += (uint16_t)at == 0; // that would mean none
    t->ack_at = (uint16_t)at;
    nif__due(ip, at);
}

void nif__tcp_put(struct nif_conn *conn, uint32_t seq, const uint8_t *data,
    uint32_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    nif__ring_put(&t->rx, conn->cfg.rx, conn->cfg.rx_cap,
        t->rx.used + (seq - t->rcv_nxt), data, len);
}

// The next `len` bytes.
static void take_next(struct nif_conn *conn, const uint8_t *data, uint32_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    nif__tcp_put(conn, t->rcv_nxt, data, len);
    t->rx.used += len;
    t->rcv_nxt += len;
    if (t->aheads > 0) {
        nif__tcp_set(t, TCP_ACK_NOW); // it fills a hole: RFC 5681 4.2
        nif__conn_stack(conn)->cfg.parts->early->joined(conn, len);
    }
    if (!(t->flags & TCP_ACK_NOW)) {
        nif__tcp_owe_ack(conn);
    }
}

// What comes too early is put aside, or else it comes again.
static void take_ahead(struct nif_conn *conn, uint32_t seq, const uint8_t *data,
    uint32_t len)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);

    ip->stats.tcp_order++;
    if (len > 0 && ip->cfg.parts->early != NULL) {
        ip->cfg.parts->early->take(conn, seq, data, len);
    }
}

static void take_fin(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    t->rcv_nxt++;
    nif__tcp_set(t, TCP_FIN_SEEN | TCP_ACK_NOW);
    if (t->state == TCP_ESTABLISHED) {
        t->state = TCP_CLOSE_WAIT;
    } else if (t->state == TCP_FIN_WAIT_1) {
        t->state = TCP_CLOSING;
    } else {
        t->state = TCP_TIME_WAIT;
        t->rexmit_from = 0;
    }
    nif__tcp_moved(conn);
}

void nif__tcp_take(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    const uint8_t *data = seg->data;
    uint32_t next = t->rcv_nxt;
    uint32_t seq = seg->seq;
    uint32_t end = seq + seg->len;
    bool fin = (seg->flags & TCP_FLAG_FIN) != 0;
    unsigned ack = 0;

    if (t->state < TCP_ESTABLISHED || t->state > TCP_FIN_WAIT_2) {
        return;
    }
    if (nif__before(seq, next)) { // the beginning is known already
        uint32_t skip = nif__min(next - seq, seg->len);

        seq += skip;
        data += skip;
        ack = skip > 0 ? TCP_ACK_NOW : 0;
    }
    if (nif__before(t->rcv_edge, end)) { // the end has no room
        end = nif__before(t->rcv_edge, seq) ? seq : t->rcv_edge;
        fin = false;
        ack = TCP_ACK_NOW;
    }
    if (nif__before(next, seq)) {
        // RFC 5681 4.2: the duplicate that tells
        nif__tcp_set(t, TCP_ACK_NOW);
        take_ahead(conn, seq, data, end - seq);
        return;
    }
    nif__tcp_set(t, ack);
    if (end != seq) {
        take_next(conn, data, end - seq);
    }
    // What was ahead may reach beyond this segment: then its FIN is known to
    // be somewhere else, and this one is a lie.
    if (fin && t->rcv_nxt == end) {
        take_fin(conn);
    }
}
