// SPDX-License-Identifier: MIT
//
// Header prediction: of an open connection that flows, nearly every segment is
// the one that was to be expected. Its text is copied to its place and summed
// in one pass; if the sum is wrong, it was never there. All else goes through
// tcp_in.c, with the same result.

#include "tcp_fast.h"
#include "udp.h"

#include "arch/words.h"

// With any of these a segment needs a closer look. Where timestamps were agreed
// upon, one that bears none must be dropped (RFC 7323 3.2).
#define UNUSUAL                                                      \
    (TCP_FIN_QUEUED | TCP_FIN_SEEN | TCP_APP_CLOSED | TCP_RECOVERY | \
        TCP_PERSIST | TCP_STAMP)

static uint32_t be32_at(const uint8_t *p)
{
    return nif__be32(nif__word(p));
}

// As nif__sum_five(), which would leave no register for what else is known.
static NIF_WITHIN uint32_t five(const uint8_t *p)
{
    uint32_t sum = nif__carry_add(nif__word(p), nif__word(p + 4));

    sum = nif__carry_add(sum, nif__word(p + 8));
    sum = nif__carry_add(sum, nif__word(p + 12));
    return nif__carry_add(sum, nif__word(p + 16));
}

// Puts text behind what is in the receive ring, as a rule in one piece. Returns
// its raw sum.
static uint32_t put(const struct nif_conn *conn, const struct nif__tcp *t,
    const uint8_t *text, size_t len)
{
    size_t cap = conn->cfg.rx_cap;
    size_t at = t->rx.at + t->rx.used;

    at = at >= cap ? at - cap : at;
    return cap - at >= len
        ? nif__copy_sum(conn->cfg.rx + at, text, len)
        : nif__ring_write(&t->rx, conn->cfg.rx, cap, t->rx.used, text, len);
}

// The text is at its place, if there is any, and the segment is sound.
static void take(struct nif_conn *conn, uint32_t len, uint32_t acked,
    uint32_t window)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);

    ip->stats.tcp_rx++;
    t->snd_wl1 = t->rcv_nxt;
    t->snd_wnd = window;
    t->snd_wnd_max = nif__max(t->snd_wnd_max, window);
    if (len > 0) {
        t->rx.used += len;
        t->rcv_nxt += len;
        nif__tcp_owe_ack(conn);
    }
    if (acked > 0) {
        nif__tcp_new_ack(conn, t->snd_una + acked);
    } else if (t->queued == 0) {
        t->since = nif__tcp_now(ip); // heard of: keepalive begins anew
        t->backoff = 0;
    }
    if (t->queued > t->snd_nxt - t->snd_una) {
        nif__tcp_output(conn);
    }
}

// The fourth word of a header: no options, ACK and maybe PSH, any window.
#define PLAIN      nif__be32(0x50100000)
#define PLAIN_MASK nif__be32(0xFFF70000)

// The segment behind the addresses at `h`, with `len` bytes of text.
static bool expected(struct nif_conn *conn, const uint8_t *h, uint32_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    const uint8_t *tcp = h + 8;
    uint32_t acked = be32_at(tcp + TCP_ACK) - t->snd_una;
    uint32_t sum;

    if (((be32_at(tcp + TCP_SEQ) ^ t->rcv_nxt) | (t->flags & UNUSUAL) |
            t->aheads) != 0 ||
        t->state != TCP_ESTABLISHED || acked > t->snd_max - t->snd_una ||
        (acked | len) == 0 || len > t->rcv_edge - t->rcv_nxt) {
        return false;
    }
    sum = nif__be32((IPV4_PROTO_TCP << 16) + TCP_LEN + len);
    sum = nif__carry_add(sum, five(h));
    sum = nif__carry_add(sum, nif__word(tcp + TCP_OFFSET));
    sum = nif__carry_add(sum, nif__word(tcp + TCP_SUM));
    if (len > 0) {
        sum = nif__carry_add(sum, put(conn, t, tcp + TCP_LEN, len));
    }
    if (nif__raw_zero(sum)) {
        take(conn, len, acked,
            (uint32_t)nif__be16(nif__half(tcp + TCP_WINDOW))
                << t->flow.snd_shift);
    } else {
        nif__conn_stack(conn)->stats.tcp_bad++;
    }
    return true;
}

_Static_assert(offsetof(struct nif__udp, reuse) ==
            offsetof(struct nif__tcp, state) &&
        TCP_ESTABLISHED > 1,
    "a datagram's connection may seem to be open");

bool nif__tcp_expected(struct nif_tcpip *ip, const uint8_t *h, size_t len)
{
    uint32_t first = be32_at(h);
    uint32_t text = (first & 0xFFFF) - (IPV4_LEN + TCP_LEN);
    struct nif_conn *conn = ip->aimed;
    uint32_t src;
    uint32_t ports;

    len -= IPV4_LEN + TCP_LEN;
    if ((int32_t)len < 0 || text > len || first >> 24 != 0x45 ||
        ((nif__word(h + IPV4_ID) & nif__be32(IPV4_MORE_OR_OFFSET)) |
            ((nif__word(h + IPV4_LEN + TCP_OFFSET) ^ PLAIN) & PLAIN_MASK)) !=
            0 ||
        be32_at(h + IPV4_DST) != ip->ip || !nif__raw_zero(five(h))) {
        return false;
    }
    src = be32_at(h + IPV4_SRC);
    ports = be32_at(h + IPV4_LEN);
    // As a rule, it is the one that has spoken last. One of datagrams between
    // the same ends seems to be closed, or to listen.
    if (conn == NULL || nif__tcp_of(conn)->flow.peer_ip != src ||
        nif__flow_ports(&nif__tcp_of(conn)->flow) != ports) {
        conn = nif__tcp_find(ip, src, ports);
    }
    return conn != NULL && expected(conn, h + IPV4_SRC, text);
}

const struct nif_tcp_fast nif_tcp_fast = {
    .take = nif__tcp_expected,
    .push = nif__tcp_push,
    .build = nif__tcp_build,
};
