// SPDX-License-Identifier: MIT
//
// Puts fragments together (RFC 791 3.2, RFC 815, RFC 1122 3.3.2). What is
// still missing of a packet, its holes, is noted in the holes themselves: at
// the start of each, where it ends and where the next one begins. A fragment
// must lie within one hole, so nothing is ever written twice.

#include "internal.h"

#include "nif/reassembly.h"

#include <string.h>

#define TIMEOUT_S 30
#define HOLES_MAX 64     // more is no honest disorder
#define NONE      0xFFFF // no further hole

// A hole, at its start. Places are in units of 8 bytes.
enum { HOLE_END = 0, HOLE_NEXT = 2 };

/// A fragment: where it belongs.
struct piece {
    size_t at;  ///< bytes
    size_t len; ///< bytes
    bool more;
};

static uint8_t *memory_of(const struct nif_reassembly *r, size_t i)
{
    return r->cfg.buf + i * NIF_REASSEMBLY_BYTES(r->cfg.each);
}

static uint8_t *frame_of(const struct nif_reassembly *r,
    const struct nif_reassembly_slot *slot)
{
    return memory_of(r, (size_t)(slot - r->cfg.slots)) + 2;
}

static uint8_t *body_of(const struct nif_reassembly *r,
    const struct nif_reassembly_slot *slot)
{
    return frame_of(r, slot) + ETH_LEN + IPV4_LEN;
}

static uint16_t cap_of(const struct nif_reassembly *r)
{
    return (uint16_t)((r->cfg.each + 7) >> 3);
}

// ------------------------------------------------------------------ holes

static uint8_t *hole_at(uint8_t *body, size_t at)
{
    return body + at * 8;
}

static void put_hole(uint8_t *body, uint16_t at, uint16_t end, uint16_t next)
{
    uint8_t *hole = hole_at(body, at);

    nif_put_be16(hole + HOLE_END, end);
    nif_put_be16(hole + HOLE_NEXT, next);
}

// Takes the piece out of the hole [hole, end), which is followed by `next`.
// Returns what stands in the hole's place.
static uint16_t split(uint8_t *body, uint16_t hole, uint16_t next,
    const struct piece *piece)
{
    uint16_t end = nif_load_be16(hole_at(body, hole) + HOLE_END);
    uint16_t from = (uint16_t)(piece->at >> 3);
    uint16_t to = (uint16_t)((piece->at + piece->len + 7) >> 3);

    // Behind the last fragment there is nothing to wait for.
    if (to < end && piece->more) {
        put_hole(body, to, end, next);
        next = to;
    }
    if (hole < from) {
        put_hole(body, hole, from, next);
        next = hole;
    }
    return next;
}

enum fit { FITS, REPEATED, WRONG };

// Finds the hole that the piece lies in, and takes the piece out of it.
static enum fit fit(const struct nif_reassembly *r,
    struct nif_reassembly_slot *slot, const struct piece *piece)
{
    uint8_t *body = body_of(r, slot);
    size_t from = piece->at >> 3;
    size_t to = (piece->at + piece->len + 7) >> 3;
    uint8_t *link = NULL; // where the hole before says which is next
    uint16_t hole = slot->hole;

    for (unsigned i = 0; i < HOLES_MAX; i++) {
        uint16_t end;
        uint16_t next;

        if (hole == NONE || to <= hole) {
            return piece->more || slot->end != 0 ? REPEATED : WRONG;
        }
        end = nif_load_be16(hole_at(body, hole) + HOLE_END);
        next = nif_load_be16(hole_at(body, hole) + HOLE_NEXT);
        if (from < end) {
            // Only half in the hole, or the last one with more behind it.
            if (from < hole || to > end ||
                (!piece->more && slot->end == 0 && next != NONE) ||
                (!piece->more && slot->end == 0 && end != cap_of(r))) {
                return WRONG;
            }
            next = split(body, hole, next, piece);
            if (link != NULL) {
                nif_put_be16(link, next);
            } else {
                slot->hole = next;
            }
            return FITS;
        }
        link = hole_at(body, hole) + HOLE_NEXT;
        hole = next;
    }
    return WRONG;
}

// ------------------------------------------------------------------ slots

static void give_up(struct nif_tcpip *ip, struct nif_reassembly_slot *slot)
{
    ip->stats.ip_frag_lost++;
    slot->state = NIF__FREE;
}

static struct nif_reassembly_slot *find(const struct nif_reassembly *r,
    const struct nif__in *in)
{
    for (size_t i = 0; i < r->cfg.count; i++) {
        struct nif_reassembly_slot *slot = &r->cfg.slots[i];

        if (slot->state == NIF__FILLING && slot->src == in->src &&
            slot->dst == in->dst && slot->proto == in->ip[IPV4_PROTO] &&
            slot->id == nif_load_be16(in->ip + IPV4_ID)) {
            return slot;
        }
    }
    return NULL;
}

static bool older(const struct nif_reassembly_slot *a,
    const struct nif_reassembly_slot *b)
{
    return (int32_t)(a->at - b->at) < 0;
}

// A place for a packet from `src`: a free one, or of the oldest; of its own
// if it has as many as it may.
static struct nif_reassembly_slot *place(const struct nif_reassembly *r,
    uint32_t src)
{
    size_t most = r->cfg.per_source;
    size_t count = 0;
    struct nif_reassembly_slot *own = NULL;
    struct nif_reassembly_slot *best = NULL; // free, else the oldest

    for (size_t i = 0; i < r->cfg.count; i++) {
        struct nif_reassembly_slot *slot = &r->cfg.slots[i];

        if (slot->state == NIF__LENT) {
            continue;
        }
        if (slot->state == NIF__FILLING && slot->src == src) {
            count++;
            if (own == NULL || older(slot, own)) {
                own = slot;
            }
        }
        if (best == NULL || slot->state < best->state ||
            (slot->state == best->state && older(slot, best))) {
            best = slot;
        }
    }
    if (most == 0) {
        most = (r->cfg.count + 1) / 2;
    }
    return count >= most ? own : best;
}

static struct nif_reassembly_slot *take(struct nif_tcpip *ip,
    const struct nif__in *in)
{
    struct nif_reassembly *r = ip->cfg.reassembly;
    struct nif_reassembly_slot *slot = place(r, in->src);
    uint32_t timeout_s = r->cfg.timeout_s != 0 ? r->cfg.timeout_s : TIMEOUT_S;

    if (slot == NULL) {
        return NULL;
    }
    if (slot->state == NIF__FILLING) {
        give_up(ip, slot);
    }
    *slot = (struct nif_reassembly_slot){
        .at = ip->now + NIF__S(timeout_s) + 1,
        .src = in->src,
        .dst = in->dst,
        .id = nif_load_be16(in->ip + IPV4_ID),
        .proto = in->ip[IPV4_PROTO],
        .state = NIF__FILLING,
        .group = in->group,
        .groups = in->groups,
    };
    put_hole(body_of(r, slot), 0, cap_of(r), NONE);
    nif__due(ip, slot->at);
    return slot;
}

// ----------------------------------------------------------------- pieces

// Keeps the headers: the first fragment's, without its options.
static void keep_headers(const struct nif_reassembly *r,
    const struct nif_reassembly_slot *slot, const struct nif__in *in)
{
    uint8_t *frame = frame_of(r, slot);
    uint8_t *h = frame + ETH_LEN;

    memcpy(frame, nif__frame(in), ETH_LEN);
    memcpy(h, in->ip, IPV4_LEN);
    h[IPV4_VERSION_IHL] = 0x45;
}

static void sum_header(uint8_t *h, size_t len, uint16_t fragment)
{
    nif_put_be16(h + IPV4_TOTAL, (uint16_t)(IPV4_LEN + len));
    nif_put_be16(h + IPV4_FRAGMENT, fragment);
    nif_put_be16(h + IPV4_SUM, 0);
    nif_put_be16(h + IPV4_SUM, nif__checksum(0, h, IPV4_LEN));
}

// What lies in the slot, as if it had come in one frame.
static struct nif__in packet_of(const struct nif_reassembly *r,
    struct nif_reassembly_slot *slot)
{
    return (struct nif__in){
        .ip = frame_of(r, slot) + ETH_LEN,
        .body = body_of(r, slot),
        .len = slot->end,
        .src = slot->src,
        .dst = slot->dst,
        .group = slot->group,
        .groups = slot->groups,
        .lent = &slot->state,
    };
}

static void complete(struct nif_tcpip *ip, struct nif_reassembly_slot *slot)
{
    struct nif__in in = packet_of(ip->cfg.reassembly, slot);

    ip->stats.ip_frag_rx++;
    sum_header(in.ip, in.len, 0);
    nif__ipv4_deliver(ip, &in);
    if (slot->state != NIF__LENT) {
        slot->state = NIF__FREE;
    }
}

// A piece that can belong to a packet: not empty, in units of 8 bytes but for
// the last, and within 65,535 (CVE-1999-0128) and what we have room for.
static bool sound(const struct nif_reassembly *r, const struct piece *piece)
{
    size_t end = piece->at + piece->len;

    return piece->len > 0 && (!piece->more || (piece->len & 7) == 0) &&
        end <= NIF_REASSEMBLY_MAX && end <= r->cfg.each;
}

// It says no other end of the packet than the others.
static bool agrees(const struct nif_reassembly_slot *slot,
    const struct piece *piece)
{
    size_t end = piece->at + piece->len;

    return slot->end == 0 ||
        (piece->more ? end <= slot->end : end == slot->end);
}

static void reassembly_input(struct nif_tcpip *ip, const struct nif__in *in)
{
    struct nif_reassembly *r = ip->cfg.reassembly;
    uint16_t field = nif_load_be16(in->ip + IPV4_FRAGMENT);
    const struct piece piece = {
        .at = (size_t)(field & IPV4_OFFSET) * 8,
        .len = in->len,
        .more = (field & IPV4_MORE) != 0,
    };
    struct nif_reassembly_slot *slot = find(r, in);
    enum fit how;

    if (slot == NULL && sound(r, &piece)) {
        slot = take(ip, in);
    }
    if (slot == NULL) {
        ip->stats.ip_fragment++;
        return;
    }
    how =
        sound(r, &piece) && agrees(slot, &piece) ? fit(r, slot, &piece) : WRONG;
    if (how != FITS) {
        ip->stats.ip_fragment++;
        if (how == WRONG) {
            give_up(ip, slot);
        }
        return;
    }
    memcpy(body_of(r, slot) + piece.at, in->body, piece.len);
    if (piece.at == 0) {
        keep_headers(r, slot, in);
    }
    if (!piece.more) {
        slot->end = (uint16_t)(piece.at + piece.len);
    }
    if (slot->end != 0 && slot->hole == NONE) {
        complete(ip, slot);
    }
}

// The sender is told, if he can tell which packet it was: if its beginning
// is there (RFC 1122 3.3.2).
static void expire(struct nif_tcpip *ip, struct nif_reassembly_slot *slot)
{
    if (slot->hole != 0) {
        struct nif__in in = packet_of(ip->cfg.reassembly, slot);

        in.len = 8; // a fragment with more behind it has as much
        sum_header(in.ip, in.len, IPV4_MORE);
        nif__icmp_error(ip, &in, ICMP_TIME_EXCEEDED << 8 | ICMP_CODE_REASSEMBLY,
            0);
    }
    give_up(ip, slot);
}

static void reassembly_timer(struct nif_tcpip *ip)
{
    struct nif_reassembly *r = ip->cfg.reassembly;

    for (size_t i = 0; i < r->cfg.count; i++) {
        struct nif_reassembly_slot *slot = &r->cfg.slots[i];

        if (slot->state == NIF__FILLING && nif__reached(ip, slot->at)) {
            expire(ip, slot);
        }
        if (slot->state == NIF__FILLING) {
            nif__due(ip, slot->at);
        }
    }
}

static const struct nif_reassembly_ops reassembly_ops = {
    .input = reassembly_input,
    .timer = reassembly_timer,
};

void nif_reassembly_init(struct nif_reassembly *r,
    const struct nif_reassembly_cfg *cfg)
{
    NIF_ASSERT(cfg->count > 0 && cfg->each <= NIF_REASSEMBLY_MAX);
    *r = (struct nif_reassembly){ .ops = &reassembly_ops, .cfg = *cfg };
    memset(cfg->slots, 0, cfg->count * sizeof(cfg->slots[0]));
}
