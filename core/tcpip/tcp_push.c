// SPDX-License-Identifier: MIT
//
// The shortest way out: what an open connection sends while nothing is lost.
// All else goes through tcp_out.c, with the same result. If the device lends
// its buffer, data is copied there and summed in the same pass.

#include "tcp_fast.h"

#include "arch/words.h"

#include "sums.h"

// With any of these what is to be sent needs a closer look.
#define UNUSUAL (TCP_RECOVERY | TCP_PERSIST | TCP_FORCE | TCP_STAMP)

#define CLOSER INT32_MIN // there is need of a closer look; no error is that

#define HEADERS (ETH_LEN + IPV4_LEN + TCP_LEN)

int nif__tcp_build(struct nif_tcpip *ip, const struct nif_seg *segs, size_t n,
    size_t len, uint32_t sum)
{
    uint8_t *head = (uint8_t *)ip->head.word + NIF__HEAD_AT;
    uint8_t *to;
    size_t at = 0;
    int err = nif__ether_lend(ip, len, &to);

    if (err != 0) {
        return err;
    }
    for (size_t i = 1; i < n; i++) {
        sum = nif__raw_join(sum,
            nif__copy_sum(to + segs[0].len + at, segs[i].data, segs[i].len),
            at);
        at += segs[i].len;
    }
    nif__put_half(head + ETH_LEN + IPV4_LEN + TCP_SUM, nif__raw_end(sum));
    nif__copy(to, head, segs[0].len);
    return nif__ether_commit(ip, len);
}

// The window as it stands in a header. As a rule the peer was told already of
// all that is free: then there is nothing to open.
static uint32_t window(const struct nif_conn *conn, struct nif__tcp *t)
{
    uint32_t wide = t->rcv_edge - t->rcv_nxt;
    unsigned shift = t->flow.rcv_shift;

    if (wide + t->rx.used != conn->cfg.rx_cap) {
        uint32_t edge;

        wide = nif__tcp_window(conn);
        edge = t->rcv_nxt + (wide >> shift << shift);
        // If it is not sent now, it is said again, or as good as lost.
        t->rcv_edge = nif__before(t->rcv_edge, edge) ? edge : t->rcv_edge;
    }
    return wide >> shift;
}

// Completes the headers in front of `len` bytes, as nif__tcp_put_headers();
// IPv4's is that of the segment before if that was as long.
static uint32_t put_headers(struct nif_tcpip_head *head,
    const struct nif__tcp *t, uint32_t last, uint32_t len)
{
    uint8_t *ip = (uint8_t *)(head->word + NIF__WORD_IP);
    uint32_t *tcp = head->word + NIF__WORD_TCP;
    uint32_t sum = head->tcp_sum;

    tcp[1] = nif__be32(t->snd_nxt);
    sum = nif__carry_add(sum, tcp[1]);
    tcp[2] = nif__be32(t->rcv_nxt);
    sum = nif__carry_add(sum, tcp[2]);
    tcp[3] = nif__be32(last);
    sum = nif__carry_add(sum, tcp[3]);
    tcp[4] = 0;
    len += TCP_LEN;
    sum = nif__carry_add(sum, nif__be32(len));
    len += IPV4_LEN;
    if (nif__half(ip + IPV4_TOTAL) != nif__be16((uint16_t)len)) {
        nif__put_half(ip + IPV4_TOTAL, nif__be16((uint16_t)len));
        nif__put_half(ip + IPV4_SUM,
            nif__raw_end(nif__carry_add(head->ip_sum, nif__be32(len))));
    }
    return sum;
}

// Sends the headers in segs[0], whose sum is `sum`, and `len` bytes in segs[1].
// Returns as nif__ether_send().
static int give(struct nif_tcpip *ip, const struct nif_seg *segs, uint32_t len,
    uint32_t sum)
{
    if (len > 0) {
        sum = nif__carry_add(sum, nif__copy_sum(NULL, segs[1].data, len));
    }
    nif__put_half((uint8_t *)(ip->head.word + NIF__WORD_TCP) + TCP_SUM,
        (uint16_t)nif__raw_end_here(sum));
    return nif__ether_send(ip, segs, len > 0 ? 2 : 1, HEADERS + len);
}

// Sends a segment at snd_nxt, whose `len` bytes are segs[1]. Returns as
// nif__ether_send().
static int emit(struct nif_conn *conn, struct nif_seg *segs, uint32_t flags,
    uint32_t len)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);
    struct nif_tcpip_head *head =
        (struct nif_tcpip_head *)(void *)nif__base(&ip->head);
    uint32_t sum = put_headers(head, t,
        (uint32_t)TCP_LEN << 26 | flags << 16 | window(conn, t), len);
    int err;

    segs[0] = (struct nif_seg){ (uint8_t *)head->word + NIF__HEAD_AT, HEADERS };
    if (t->flags & TCP_LENT) {
        err = nif__tcp_build(ip, segs, len > 0 ? 2 : 1, HEADERS + len, sum);
    } else {
        err = give(ip, segs, len, sum);
    }
    if (err == 0) {
        ip->stats.tcp_tx++;
        t->ack_at = 0;
        nif__tcp_clear(t, TCP_ACK_NOW | TCP_ACK_SOON);
    }
    return err;
}

// How much the next segment takes of the `rest`, and whether it is one that
// is worth sending for sure; else 0.
static uint32_t next_len(const struct nif_conn *conn, const struct nif__tcp *t,
    uint32_t offset, uint32_t rest)
{
    uint32_t len = nif__min(rest, t->mss);

    if (len < t->mss && offset > 0 && !(t->flags & TCP_NODELAY) &&
        t->tx.used != conn->cfg.tx_cap) {
        return 0;
    }
    return offset + len <= t->cwnd && offset + len <= t->snd_wnd ? len : 0;
}

// Finds `len` bytes of the queue at `offset`, as a rule in one piece. False if
// they are in more.
static bool find(struct nif_conn *conn, const struct nif__tcp *t,
    uint32_t offset, uint32_t len, struct nif_seg *piece)
{
    if (t->refs > 0) {
        return nif__conn_stack(conn)->cfg.parts->refs->next(conn, offset, len,
            piece);
    }
    offset = (uint32_t)nif__queue_place(conn, offset);
    piece->data = conn->cfg.tx + offset;
    piece->len = len;
    return conn->cfg.tx_cap - offset >= len;
}

// `len` bytes have gone, the first time and in order: nif__tcp_advance().
static void advance(struct nif_conn *conn, struct nif__tcp *t, uint32_t len)
{
    if (!(t->flags & TCP_TIMING)) {
        nif__tcp_set(t, TCP_TIMING);
        t->rtt_seq = t->snd_nxt;
        t->rtt_at = (uint16_t)nif__tcp_now(nif__conn_stack(conn));
    }
    t->snd_nxt += len;
    t->snd_max = t->snd_nxt;
    if (t->rexmit_from == 0) {
        nif__tcp_arm(conn);
    }
}

// Sends the next segment, `rest` being what waits, or else an ACK. Returns how
// much went; as nif__ether_send(); CLOSER.
static int push_one(struct nif_conn *conn, struct nif__tcp *t, uint32_t rest)
{
    struct nif_seg segs[2];
    uint32_t offset = t->snd_nxt - t->snd_una;
    uint32_t flags = TCP_FLAG_ACK;
    uint32_t len = 0;
    int err;

    if (rest > 0) {
        len = next_len(conn, t, offset, rest);
        if (len == 0 || !find(conn, t, offset, len, segs + 1)) {
            return CLOSER;
        }
        flags |= len == rest ? TCP_FLAG_PSH : 0;
    }
    err = emit(conn, segs, flags, len);
    if (err != 0) {
        return err;
    }
    if (len > 0) {
        advance(conn, t, len);
    }
    return (int)len;
}

bool nif__tcp_push(struct nif_conn *conn)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    uint32_t rest = t->queued - (t->snd_nxt - t->snd_una);

    if (((t->flags & UNUSUAL) | t->aheads) != 0 ||
        t->state != TCP_ESTABLISHED || t->snd_nxt != t->snd_max ||
        nif__conn_stack(conn)->aimed != conn) {
        return false;
    }
    if (rest == 0 && !(t->flags & TCP_ACK_NOW)) {
        return true;
    }
    do {
        int sent = nif__ether_room(conn) ? push_one(conn, t, rest) : NIF_EAGAIN;

        if (sent < 0) {
            // Without room, all that is left is the ACK, which needs less.
            return sent == NIF_EAGAIN && !(t->flags & TCP_ACK_NOW);
        }
        rest -= (uint32_t)sent;
    } while (rest > 0); // and no ACK is owed any more
    return true;
}
