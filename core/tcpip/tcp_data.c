// SPDX-License-Identifier: MIT
//
// What is in a segment: text goes straight to its place in the receive ring,
// also when something before it is still missing. One such stretch is
// remembered; what would make a second one is dropped and comes again.

#include "tcp.h"

uint32_t nif__tcp_window_step(const struct nif_conn *conn)
{
    return nif__min((uint32_t)conn->cfg.rx_cap >> 1, nif__tcp_mss_in(conn));
}

uint32_t nif__tcp_window(const struct nif_conn *conn)
{
    const struct nif__tcp *t =
        (const struct nif__tcp *)(const void *)conn->impl.bytes;
    uint32_t room = nif__min((uint32_t)conn->cfg.rx_cap - t->rx.used, 0xFFFF);
    uint32_t told = t->rcv_edge - t->rcv_nxt;

    if (nif__before(t->rcv_edge, t->rcv_nxt)) {
        told = 0; // a FIN may lie just behind the window
    }
    return room >= told + nif__tcp_window_step(conn) ? room : told;
}

// The second segment in a row is acknowledged now, one alone may wait (RFC
// 9293 3.8.6.3); so is one that leaves no room for another. "Now" is the next
// poll(), so that the application can empty the ring first and one ACK tells
// both.
static void owe_ack(struct nif_conn *conn, struct nif__tcp *t)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);

    if (t->ack_us != NIF_NEVER ||
        t->rcv_edge - t->rcv_nxt < nif__tcp_mss_in(conn)) {
        t->ack_us = ip->now_us;
    } else {
        t->ack_us = ip->now_us + (uint64_t)NIF_TCP_DELACK_MS * 1000;
    }
    nif__due(ip, t->ack_us);
}

static void write_at(struct nif_conn *conn, struct nif__tcp *t, uint32_t seq,
    const uint8_t *data, uint32_t len)
{
    nif__ring_write(&t->rx, conn->cfg.rx, conn->cfg.rx_cap,
        t->rx.used + (seq - t->rcv_nxt), data, len);
}

static void take_next(struct nif_conn *conn, struct nif__tcp *t,
    const uint8_t *data, uint32_t len)
{
    write_at(conn, t, t->rcv_nxt, data, len);
    t->rx.used += len;
    t->rcv_nxt += len;
    if (t->ahead == t->ahead_end) {
        owe_ack(conn, t);
        return;
    }
    // RFC 5681 4.2: at once if it fills a hole, or a part of one.
    t->flags |= TCP_ACK_NOW;
    if (!nif__before(t->rcv_nxt, t->ahead)) {
        if (nif__before(t->rcv_nxt, t->ahead_end)) {
            t->rx.used += t->ahead_end - t->rcv_nxt;
            t->rcv_nxt = t->ahead_end;
        }
        t->ahead = t->ahead_end;
    }
}

// Puts aside what came too early, if it joins what is there already.
static void take_ahead(struct nif_conn *conn, struct nif__tcp *t, uint32_t seq,
    const uint8_t *data, uint32_t len)
{
    uint32_t end = seq + len;

    nif__conn_stack(conn)->stats.tcp_order++;
    t->flags |= TCP_ACK_NOW; // RFC 5681 4.2: the duplicate that tells
    if (len == 0) {
        return;
    }
    if (t->ahead == t->ahead_end) {
        t->ahead = seq;
        t->ahead_end = end;
    } else if (nif__before(t->ahead_end, seq) || nif__before(end, t->ahead)) {
        return;
    }
    write_at(conn, t, seq, data, len);
    if (nif__before(seq, t->ahead)) {
        t->ahead = seq;
    }
    if (nif__before(t->ahead_end, end)) {
        t->ahead_end = end;
    }
}

static void take_fin(struct nif_conn *conn, struct nif__tcp *t)
{
    t->rcv_nxt++;
    t->flags |= TCP_FIN_SEEN | TCP_ACK_NOW;
    if (t->state == TCP_ESTABLISHED) {
        t->state = TCP_CLOSE_WAIT;
    } else if (t->state == TCP_FIN_WAIT_1) {
        t->state = TCP_CLOSING;
    } else {
        t->state = TCP_TIME_WAIT;
        t->rexmit_us = NIF_NEVER;
    }
    nif__tcp_watch(conn, true);
}

void nif__tcp_take(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t seq = seg->seq;
    uint32_t end = seq + seg->len;
    uint32_t skip = 0;
    bool fin = (seg->flags & TCP_FLAG_FIN) != 0;

    if (t->state != TCP_ESTABLISHED && t->state != TCP_FIN_WAIT_1 &&
        t->state != TCP_FIN_WAIT_2) {
        return;
    }
    if (nif__before(seq, t->rcv_nxt)) { // the beginning is known already
        skip = nif__min(t->rcv_nxt - seq, seg->len);
        seq += skip;
        if (skip > 0) {
            t->flags |= TCP_ACK_NOW;
        }
    }
    if (nif__before(t->rcv_edge, end)) { // the end has no room
        end = nif__before(t->rcv_edge, seq) ? seq : t->rcv_edge;
        fin = false;
        t->flags |= TCP_ACK_NOW;
    }
    if (nif__before(t->rcv_nxt, seq)) {
        take_ahead(conn, t, seq, seg->data + skip, end - seq);
        return;
    }
    if (end != seq) {
        take_next(conn, t, seg->data + skip, end - seq);
    }
    // What was ahead may reach beyond this segment: then its FIN is known to
    // be somewhere else, and this one is a lie.
    if (fin && t->rcv_nxt == end) {
        take_fin(conn, t);
    }
}
