// SPDX-License-Identifier: MIT
//
// Header prediction: of an open connection that flows, nearly every segment
// is the one that was to be expected. Its text is copied to its place and
// summed in one pass; if the sum is wrong, it was never there. All else goes
// through tcp_in.c, with the same result.

#include "tcp.h"

#include "arch/words.h"

// With any of these a segment needs a closer look.
#define UNUSUAL                                                      \
    (TCP_FIN_QUEUED | TCP_FIN_SEEN | TCP_APP_CLOSED | TCP_RECOVERY | \
        TCP_PERSIST)

static uint32_t be32_at(const uint8_t *p)
{
    return nif__be32(nif__word(p));
}

// The raw sum of pseudo header and header; of the body, what is not text.
static uint32_t head_sum(const struct nif__in *in)
{
    uint32_t sum = nif__carry_add(nif__word(in->ip + IPV4_SRC),
        nif__word(in->ip + IPV4_DST));

    sum = nif__carry_add(sum,
        nif__be32(IPV4_PROTO_TCP << 16 | (uint32_t)in->len));
    for (size_t i = 0; i < TCP_LEN; i += 4) {
        sum = nif__carry_add(sum, nif__word(in->body + i));
    }
    return sum;
}

bool nif__tcp_fast(struct nif_conn *conn, const struct nif__in *in)
{
    struct nif_tcpip *ip = nif__conn_stack(conn);
    struct nif__tcp *t = nif__tcp_of(conn);
    const uint8_t *h = in->body;
    uint32_t len = (uint32_t)in->len - TCP_LEN;
    uint32_t expected = 0x50100000u | t->snd_wnd >> t->snd_shift;
    uint32_t acked;
    uint32_t sum;

    if (((uintptr_t)h & 3) != 0 || t->state != TCP_ESTABLISHED ||
        (t->flags & UNUSUAL) || t->aheads > 0) {
        return false;
    }
    acked = be32_at(h + TCP_ACK) - t->snd_una;
    // One compare: the next in order, ACK and maybe PSH, no options, the
    // window as it was.
    if (((be32_at(h + TCP_SEQ) ^ t->rcv_nxt) |
            ((be32_at(h + TCP_OFFSET) & ~((uint32_t)TCP_FLAG_PSH << 16)) ^
                expected)) != 0 ||
        acked > t->snd_max - t->snd_una || (acked | len) == 0 ||
        len > t->rcv_edge - t->rcv_nxt) {
        return false;
    }
    sum = head_sum(in);
    if (len > 0) {
        sum = nif__raw_add(sum,
            nif__ring_write(&t->rx, conn->cfg.rx, conn->cfg.rx_cap, t->rx.used,
                h + TCP_LEN, len));
    }
    if (nif__raw_end(sum) != 0) {
        ip->stats.tcp_bad++;
        return true;
    }
    ip->stats.tcp_rx++;
    t->snd_wl1 = t->rcv_nxt;
    if (len > 0) {
        t->rx.used += len;
        t->rcv_nxt += len;
        nif__tcp_owe_ack(conn);
    }
    if (acked > 0) {
        nif__tcp_new_ack(conn, t->snd_una + acked);
        nif__tcp_output(conn);
    } else if (t->queued == 0) {
        t->since = nif__tcp_now(ip); // heard of: keepalive begins anew
        t->backoff = 0;
    }
    return true;
}
