// SPDX-License-Identifier: MIT
//
// Sends packets longer than a frame as fragments (RFC 791 2.3). A device has
// no room for all of them, and one poll() not the time: each call goes on
// where the last one stopped.

#include "internal.h"

#include "nif/reassembly.h"

#include <string.h>

// A reply lies in memory that the next packet needs.
#define REPLY NIF__S(1)

// The stretch [at, at + len) of what `out` consists of behind the IPv4
// header, as segments. Returns how many.
static size_t cut(struct nif__out *out, size_t at, size_t len,
    struct nif_seg *segs)
{
    const struct nif_seg whole[3] = {
        { (const uint8_t *)out->body, out->head.body_len },
        out->segs[1],
        out->segs[2],
    };
    size_t n = 0;

    for (size_t i = 0; i < nif_countof(whole) && len > 0; i++) {
        size_t take = whole[i].len > at ? whole[i].len - at : 0;

        take = take < len ? take : len;
        if (take > 0) {
            segs[n++] = (struct nif_seg){ whole[i].data + at, take };
            len -= take;
        }
        at = whole[i].len > at ? 0 : at - whole[i].len;
    }
    return n;
}

static int send_piece(struct nif_tcpip *ip, struct nif__out *out, size_t len)
{
    struct nif__frag *frag = out->frag;
    size_t most = ((size_t)ip->mtu - IPV4_LEN) & ~(size_t)7;
    size_t left = len - frag->at;
    bool last = left <= most;
    size_t now = last ? left : most;
    struct nif_seg segs[4] = { { nif__head_ether(&out->head),
        ETH_LEN + IPV4_LEN } };
    size_t n = cut(out, frag->at, now, segs + 1);
    int err;

    (void)nif__ipv4_head(ip, &out->head, IPV4_LEN + now,
        (uint32_t)frag->id << 16 | (uint32_t)frag->at >> 3 |
            (last ? 0 : IPV4_MORE));
    err = nif__ether_send(ip, segs, n + 1, ETH_LEN + IPV4_LEN + now);
    if (err == 0) {
        ip->stats.ip_frag_tx++;
        frag->at = (uint16_t)(frag->at + now);
    }
    return err;
}

static int fragment_send(struct nif_tcpip *ip, struct nif__out *out, size_t len)
{
    struct nif__frag *frag = out->frag;
    int err = len > NIF_REASSEMBLY_MAX ? NIF_ETOOBIG : 0;

    if (err == 0 && out->hwaddr != NULL) {
        nif__hwaddr_copy(nif__head_ether(&out->head), out->hwaddr);
    } else if (err == 0) {
        err = nif__ipv4_resolve(ip, &out->head);
    }

    if (err == 0 && frag->at == 0) {
        frag->id = ip->ip_id++;
        if (out->head.proto == IPV4_PROTO_UDP) {
            nif__udp_put_sum(out, nif__ipv4_head(ip, &out->head, 0, 0), len);
        }
    }
    while (err == 0 && frag->at < len) {
        err = NIF_EAGAIN;
        if (ip->tx_bytes < NIF_POLL_BYTES) {
            err = send_piece(ip, out, len);
        } else {
            nif__todo_all(ip);
        }
    }
    if (err != NIF_EAGAIN) {
        frag->at = 0;
    }
    return err;
}

// ---------------------------------------------------------------- replies

static void fragment_output(struct nif_tcpip *ip)
{
    struct nif_fragment *f = ip->cfg.fragment;
    struct nif__frag frag = { f->at, f->id };
    struct nif__out out = {
        .head = { .dst = f->dst, .proto = f->proto, .ttl = IPV4_TTL_DEFAULT },
        .hwaddr = f->hwaddr.byte,
        .segs = { [1] = { f->body, f->len } },
        .frag = &frag,
    };

    if (f->body == NULL) {
        return;
    }
    if (fragment_send(ip, &out, f->len) == NIF_EAGAIN &&
        !nif__reached(ip, f->until)) {
        f->at = frag.at;
        f->id = frag.id;
        return;
    }
    *f->lent = NIF__FREE;
    f->body = NULL;
}

static void fragment_reply(struct nif_tcpip *ip, const struct nif__in *in,
    size_t len)
{
    struct nif_fragment *f = ip->cfg.fragment;

    if (f->body != NULL) {
        ip->stats.hold_drop++; // one at a time
        return;
    }
    f->body = in->body;
    f->len = len;
    f->lent = in->lent;
    f->until = ip->now + REPLY;
    f->dst = in->src;
    f->at = 0;
    f->proto = in->ip[IPV4_PROTO];
    nif__hwaddr_copy(f->hwaddr.byte, nif__frame(in) + ETH_SRC);
    *in->lent = NIF__LENT;
    nif__todo_all(ip);
}

static const struct nif_fragment_ops fragment_ops = {
    .send = fragment_send,
    .reply = fragment_reply,
    .output = fragment_output,
};

void nif_fragment_init(struct nif_fragment *f)
{
    *f = (struct nif_fragment){ .ops = &fragment_ops };
}
