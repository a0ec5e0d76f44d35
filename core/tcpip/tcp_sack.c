// SPDX-License-Identifier: MIT
//
// Selective acknowledgements (RFC 2018): says what lies beyond holes, and
// keeps a scoreboard of what the peer says, by which holes are filled (RFC
// 6675).

#include "tcp.h"

#include <string.h>

// ----------------------------------------------------------------- saying

// As many blocks as fit, the latest first.
static size_t sack_put(const struct nif_conn *conn, uint8_t *opt)
{
    const struct nif__tcp *t = nif__tcp_view(conn);
    // 40 bytes of options hold four, or three behind a timestamp.
    unsigned n = nif__min(t->aheads, t->flags & TCP_STAMP ? 3 : 4);

    nif_store_be32(opt,
        TCP_OPT_NOP << 24 | TCP_OPT_NOP << 16 | TCP_OPT_SACK << 8 |
            (2 + n * 8));
    for (size_t i = 0; i < n; i++) {
        nif_store_be32(opt + 4 + i * 8, t->rcv_nxt + t->ahead[i].from);
        nif_store_be32(opt + 8 + i * 8, t->rcv_nxt + t->ahead[i].to);
    }
    return 4 + (size_t)n * 8;
}

// --------------------------------------------------------------- scoreboard

static struct nif_tcp_more *more(const struct nif_conn *conn)
{
    return nif__tcp_view(conn)->more;
}

static void remove_at(struct nif_tcp_more *m, unsigned i)
{
    m->count--;
    memmove(&m->sacked[i], &m->sacked[i + 1],
        (m->count - i) * sizeof(m->sacked[0]));
}

// Notes a stretch, joined with those that it touches. One too many is not
// noted: it is only sent once more than need be.
static void note(struct nif_tcp_more *m, uint32_t from, uint32_t to)
{
    unsigned i = 0;

    while (i < m->count && nif__before(m->sacked[i].to, from)) {
        i++;
    }
    while (i < m->count && !nif__before(to, m->sacked[i].from)) {
        if (nif__before(m->sacked[i].from, from)) {
            from = m->sacked[i].from;
        }
        if (nif__before(to, m->sacked[i].to)) {
            to = m->sacked[i].to;
        }
        remove_at(m, i);
    }
    if (m->count == NIF_TCP_SACKED) {
        return;
    }
    memmove(&m->sacked[i + 1], &m->sacked[i],
        (m->count - i) * sizeof(m->sacked[0]));
    m->sacked[i].from = from;
    m->sacked[i].to = to;
    m->count++;
}

// What is acknowledged leaves the scoreboard, be it long ago: whatever does not
// end among the `flight` bytes that are on the way.
static void forget_acked(struct nif_tcp_more *m, uint32_t una, uint32_t flight)
{
    while (m->count > 0 && m->sacked[0].to - una - 1 >= flight) {
        remove_at(m, 0);
    }
    if (m->count > 0 && nif__before(m->sacked[0].from, una)) {
        m->sacked[0].from = una;
    }
    if (nif__before(m->resent, una)) {
        m->resent = una;
    }
}

static void sack_begin(struct nif_conn *conn)
{
    more(conn)->count = 0;
    more(conn)->resent = 0;
    nif__tcp_set(nif__tcp_of(conn), TCP_SACK);
}

static uint32_t arrived(const struct nif_tcp_more *m)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < m->count; i++) {
        sum += m->sacked[i].to - m->sacked[i].from;
    }
    return sum;
}

static bool sack_heard(struct nif_conn *conn, const struct nif__seg *seg)
{
    struct nif_tcp_more *m = more(conn);
    const struct nif__tcp *t = nif__tcp_view(conn);
    uint32_t una = nif__before(t->snd_una, seg->ack) ? seg->ack : t->snd_una;
    uint32_t before;

    if (!(t->flags & TCP_RECOVERY)) {
        m->resent = t->snd_una;
    }
    forget_acked(m, una, t->snd_max - una);
    before = arrived(m);
    for (unsigned i = 0; i + 8 <= seg->sack_len; i += 8) {
        uint32_t from = nif_load_be32(seg->sack + i);
        uint32_t to = nif_load_be32(seg->sack + i + 4);

        // In order, on the way, not duplicate (RFC 2883): the rest is a lie.
        if (nif__before(una, from) && nif__before(from, to) &&
            !nif__before(t->snd_max, to)) {
            note(m, from, to);
        }
    }
    return arrived(m) != before;
}

static void sack_forget(struct nif_conn *conn)
{
    more(conn)->count = 0;
    more(conn)->resent = nif__tcp_view(conn)->snd_una;
}

// ---------------------------------------------------------------- recovery

// The end of what is held to be lost: up to the hole above which more than
// two segments, or three stretches, have arrived (RFC 6675 4, IsLost).
static uint32_t lost_end(const struct nif_tcp_more *m, const struct nif__tcp *t)
{
    uint32_t above = 0;

    for (unsigned i = m->count; i-- > 0;) {
        above += m->sacked[i].to - m->sacked[i].from;
        if (above > 2u * t->mss || m->count - i >= 3) {
            return m->sacked[i].from;
        }
    }
    return t->snd_una;
}

static bool sack_lost(const struct nif_conn *conn)
{
    return lost_end(more(conn), nif__tcp_view(conn)) !=
        nif__tcp_view(conn)->snd_una;
}

// The next hole from `seq` on, `*end` its end. False if there is none.
static bool hole(const struct nif_tcp_more *m, uint32_t *seq, uint32_t *end)
{
    for (unsigned i = 0; i < m->count; i++) {
        if (nif__before(*seq, m->sacked[i].from)) {
            *end = m->sacked[i].from;
            return true;
        }
        if (nif__before(*seq, m->sacked[i].to)) {
            *seq = m->sacked[i].to;
        }
    }
    return false;
}

static uint32_t sack_gone(const struct nif_conn *conn)
{
    const struct nif_tcp_more *m = more(conn);
    const struct nif__tcp *t = nif__tcp_view(conn);
    uint32_t lost = lost_end(m, t);
    uint32_t seq = m->resent;
    uint32_t end;
    uint32_t gone = arrived(m);

    while (hole(m, &seq, &end) && nif__before(seq, lost)) {
        gone += end - seq;
        seq = end;
    }
    return gone;
}

static bool sack_resend(struct nif_conn *conn)
{
    struct nif_tcp_more *m = more(conn);
    const struct nif__tcp *t = nif__tcp_view(conn);
    uint32_t seq = m->resent;
    uint32_t end;
    int sent;

    if (nif__before(seq, t->snd_una)) {
        seq = t->snd_una;
    }
    if (!hole(m, &seq, &end) || !nif__before(seq, t->recover)) {
        return false;
    }
    // The first is mended at once; further ones as the window lets them.
    if (t->snd_max - t->snd_una >= t->cwnd + sack_gone(conn)) {
        return false;
    }
    sent = nif__tcp_resend(conn, seq, end);
    if (sent == NIF_EAGAIN) {
        return false;
    }
    m->resent = seq + (sent > 0 ? (uint32_t)sent : nif__min(end - seq, t->mss));
    return true;
}

const struct nif_tcp_sack nif_tcp_sack = {
    .begin = sack_begin,
    .put = sack_put,
    .heard = sack_heard,
    .resend = sack_resend,
    .gone = sack_gone,
    .lost = sack_lost,
    .forget = sack_forget,
};
