// SPDX-License-Identifier: MIT
//
// Sending from where data lies. A reference is noted in the send ring itself,
// where its data would lie had it been copied, so that there can be as many as
// the ring has room for, and who sends none pays nothing.

#include "tcp.h"

// A reference as it lies in the ring, at any place.
struct ref {
    const uint8_t *data;
    uint32_t len;
    uint32_t next; // bytes in the ring between this one and the next
};

// The reference at place `p` of the ring if it is in one piece and at a word's
// border, as it is as a rule; else NULL.
static NIF_WITHIN struct ref *in_place(const struct nif_conn *conn, size_t p)
{
    uint8_t *ref = conn->cfg.tx + p;

    return ((uintptr_t)ref & (_Alignof(struct ref) - 1)) == 0 &&
            p + sizeof(struct ref) <= conn->cfg.tx_cap
        ? (struct ref *)(void *)ref
        : NULL;
}

// The reference `at` bytes behind the oldest, put together in `room` if need
// be.
static const struct ref *read_ref(const struct nif_conn *conn, size_t at,
    struct ref *room)
{
    const struct ref *ref = in_place(conn, nif__queue_place(conn, at));

    if (ref == NULL) {
        nif__ring_read(&nif__tcp_view(conn)->tx, conn->cfg.tx, conn->cfg.tx_cap,
            at, room, sizeof(*room));
        ref = room;
    }
    return ref;
}

static void write_ref(struct nif_conn *conn, size_t at, const struct ref *ref)
{
    struct ref *p = in_place(conn, nif__queue_place(conn, at));

    if (p != NULL) {
        *p = *ref;
    } else {
        nif__ring_put(&nif__tcp_of(conn)->tx, conn->cfg.tx, conn->cfg.tx_cap,
            at, ref, sizeof(*ref));
    }
}

// Nothing is known of where references are but for the first.
static void forget(struct nif__tcp *t)
{
    t->ref_seq = t->snd_una - 1;
}

// `len` more bytes lie behind the last reference.
static void refs_copied(struct nif_conn *conn, uint32_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    size_t at = t->plain;
    struct ref ref;

    for (unsigned i = 1; i < t->refs; i++) {
        at += sizeof(ref) + read_ref(conn, at, &ref)->next;
    }
    ref = *read_ref(conn, at, &ref);
    ref.next += len;
    write_ref(conn, at, &ref);
    forget(t);
}

static int refs_send(struct nif_conn *conn, const void *data, size_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    const struct ref ref = { .data = data, .len = (uint32_t)len };

    if (!nif__tcp_may_send(t)) {
        return nif__tcp_cannot_send(conn);
    }
    if (len == 0) {
        return 0;
    }
    if (len > INT32_MAX) {
        return NIF_ETOOBIG;
    }
    // Sequence numbers are compared by sign: half of them, at the most, may
    // be on the way.
    if (nif__queue_room(conn) < sizeof(ref) || len > (1u << 30) - t->queued ||
        t->refs == UINT16_MAX) {
        return NIF_EAGAIN;
    }
    nif__tcp_to_send(conn);
    if (t->refs == 0) {
        t->plain = t->tx.used;
        forget(t);
    }
    write_ref(conn, t->tx.used, &ref);
    t->tx.used += (uint32_t)sizeof(ref);
    t->queued += ref.len;
    t->refs++;
    return (int)len;
}

// All lies in the reference at which the last walk ended, as a rule.
static bool refs_next(struct nif_conn *conn, uint32_t offset, uint32_t len,
    struct nif_seg *piece)
{
    struct nif__tcp *t = nif__tcp_of(conn);
    const struct ref *ref = in_place(conn, t->ref_at);
    uint32_t known = t->ref_seq - t->snd_una;

    if (known > offset || ref == NULL) {
        return false;
    }
    offset -= known;
    piece->data = ref->data + offset;
    piece->len = len;
    offset += len;
    if (offset < ref->len) {
        return true;
    }
    if (offset > ref->len) {
        return false;
    }
    if (ref->next == 0) {
        size_t at = t->ref_at + sizeof(*ref);

        t->ref_seq += offset;
        t->ref_at = at < conn->cfg.tx_cap ? (uint32_t)at : 0;
    }
    return true;
}

// `len` bytes that were copied, `at` bytes behind the oldest. Returns how many
// pieces they are in.
static size_t find_plain(const struct nif_conn *conn, size_t at, uint32_t len,
    struct nif_seg *pieces)
{
    nif__ring_segs(&nif__tcp_view(conn)->tx, conn->cfg.tx, conn->cfg.tx_cap, at,
        len, pieces);
    return pieces[1].len > 0 ? 2 : 1;
}

// Notes that a walk has ended at stream position `seq`, behind `taken` bytes of
// `ref`, which is `at` bytes behind the oldest: to go on there, or, if it is
// used up, at what follows it.
static void end_walk(struct nif_conn *conn, const struct ref *ref, size_t at,
    uint32_t seq, uint32_t taken)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    if (taken == ref->len && ref->next == 0) {
        taken = 0;
        at += sizeof(*ref);
    }
    t->ref_seq = seq - taken;
    t->ref_at = (uint32_t)nif__queue_place(conn, at);
}

// Walks from reference to reference, beginning where the last walk ended if
// that is before `offset`. Of `len` bytes, all queued, there is some in each,
// so that it comes to an end.
static uint32_t refs_find(struct nif_conn *conn, uint32_t offset, uint32_t len,
    struct nif_seg *pieces, size_t *n)
{
    const struct nif__tcp *t = nif__tcp_view(conn);
    uint32_t end = t->snd_una + offset + len;
    uint32_t known = t->ref_seq - t->snd_una;
    uint32_t plain = t->plain;
    uint32_t left = len;
    size_t at = 0;
    struct ref room;

    *n = 1;
    if (refs_next(conn, offset, len, pieces)) {
        return len;
    }
    if (known <= offset) {
        offset -= known;
        at = t->ref_at < t->tx.at ? t->ref_at + conn->cfg.tx_cap : t->ref_at;
        at -= t->tx.at;
        plain = 0;
    }
    *n = 0;
    // Each round: the bytes before a reference, then what it refers to.
    while (left > 0) {
        const struct ref *ref;

        if (offset < plain) {
            uint32_t take = nif__min(left, plain - offset);

            if (*n + 2 > NIF__TCP_PIECES) {
                break;
            }
            *n += find_plain(conn, at + offset, take, pieces + *n);
            left -= take;
            offset = plain;
        }
        offset -= plain;
        at += plain;
        if (left == 0 || *n == NIF__TCP_PIECES) {
            break;
        }
        ref = read_ref(conn, at, &room);
        plain = ref->next;
        if (offset < ref->len) {
            uint32_t take = nif__min(left, ref->len - offset);

            pieces[(*n)++] = (struct nif_seg){ ref->data + offset, take };
            left -= take;
            offset += take;
            end_walk(conn, ref, at, end - left, offset);
        }
        at += sizeof(*ref);
        offset -= ref->len;
    }
    return len - left;
}

static void refs_drop(struct nif_conn *conn, uint32_t len)
{
    struct nif__tcp *t = nif__tcp_of(conn);

    while (len > 0) {
        uint32_t take = nif__min(len, t->plain);
        const struct ref *ref;
        struct ref room;

        if (take > 0) {
            nif__ring_drop(&t->tx, conn->cfg.tx_cap, take);
            t->plain -= take;
            len -= take;
            continue;
        }
        ref = in_place(conn, t->tx.at);
        if (ref == NULL) {
            ref = read_ref(conn, 0, &room);
        }
        if (len < ref->len) { // a part of it
            room = *ref;
            room.data += len;
            room.len -= len;
            write_ref(conn, 0, &room);
            if (t->ref_at == t->tx.at) {
                t->ref_seq = t->snd_una; // where it begins now
            }
            return;
        }
        len -= ref->len;
        t->plain = ref->next;
        t->refs--;
        nif__ring_drop(&t->tx, conn->cfg.tx_cap, sizeof(*ref));
    }
}

const struct nif_tcp_refs nif_tcp_refs = {
    .send = refs_send,
    .copied = refs_copied,
    .find = refs_find,
    .next = refs_next,
    .drop = refs_drop,
};
