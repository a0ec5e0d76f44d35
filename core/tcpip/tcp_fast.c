// SPDX-License-Identifier: MIT
//
// Header prediction: of an open connection that flows, nearly every segment is
// the one that was to be expected. Its text is copied to its place and summed
// in one pass; if the sum is wrong, it was never there. All else goes through
// tcp_in.c, with the same result.

#include "tcp_fast.h"

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

static struct nif_conn *find(const struct nif_tcpip *ip, uint32_t peer_ip,
    uint32_t ports)
{
    struct nif_conn *c = ip->conns;

    while (c != NULL) {
        const struct nif__flow *flow = nif__flow_of(c);

        if (flow->peer_ip == peer_ip && c->proto == NIF_TCP &&
            ((uint32_t)flow->peer_port << 16 | flow->port) == ports) {
            break;
        }
        c = c->next;
    }
    return c;
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
    bool news = acked > 0 || window != t->snd_wnd;

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
    if (news && t->queued > t->snd_nxt - t->snd_una) {
        nif__tcp_output(conn);
    }
}

bool nif__tcp_expected(struct nif_tcpip *ip, const struct nif__in *in)
{
    const uint8_t *tcp = in->body;
    size_t len = in->len - TCP_LEN;
    struct nif_conn *conn;
    struct nif__tcp *t;
    uint32_t offset_window;
    uint32_t acked;
    uint32_t sum;

    if (in->len < TCP_LEN || in->group || ip->ip == 0) {
        return false;
    }
    conn = find(ip, in->src, be32_at(tcp));
    if (conn == NULL) {
        return false;
    }
    t = nif__tcp_of(conn);
    acked = be32_at(tcp + TCP_ACK) - t->snd_una;
    offset_window = be32_at(tcp + TCP_OFFSET);
    // The next in order, ACK and maybe PSH, no options.
    if (((be32_at(tcp + TCP_SEQ) ^ t->rcv_nxt) |
            (((offset_window >> 16) & ~(uint32_t)TCP_FLAG_PSH) ^ 0x5010) |
            (t->flags & UNUSUAL) | t->aheads) != 0 ||
        t->state != TCP_ESTABLISHED || acked > t->snd_max - t->snd_una ||
        (acked | len) == 0 || len > t->rcv_edge - t->rcv_nxt) {
        return false;
    }
    // The addresses lie before it, for there are no options.
    sum = nif__carry_add(nif__word(tcp - 8), nif__word(tcp - 4));
    sum = nif__carry_add(sum,
        nif__be32(IPV4_PROTO_TCP << 16 | (uint32_t)in->len));
    sum = nif__carry_add(sum, nif__sum_five(tcp)); // no options
    if (len > 0) {
        sum = nif__carry_add(sum, put(conn, t, tcp + TCP_LEN, len));
    }
    if (nif__raw_end(sum) != 0) {
        ip->stats.tcp_bad++;
    } else {
        take(conn, (uint32_t)len, acked,
            (offset_window & 0xFFFF) << t->flow.snd_shift);
    }
    return true;
}

const struct nif_tcp_fast nif_tcp_fast = {
    .take = nif__tcp_expected,
    .push = nif__tcp_push,
    .build = nif__tcp_build,
};
