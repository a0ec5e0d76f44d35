// SPDX-License-Identifier: MIT
//
// Ethernet II: frames from the device to ARP and IPv4, and back.

#include "internal.h"
#include "tcp.h"

#include "arch/words.h"

void nif__hwaddr_copy(uint8_t *to, const uint8_t *from)
{
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
    to[4] = from[4];
    to[5] = from[5];
}

bool nif__hwaddr_same(const uint8_t *a, const uint8_t *b)
{
    return ((a[5] ^ b[5]) | (a[4] ^ b[4]) | (a[3] ^ b[3]) | (a[2] ^ b[2]) |
               (a[1] ^ b[1]) | (a[0] ^ b[0])) == 0;
}

static bool for_us(const struct nif_tcpip *ip, const uint8_t *frame)
{
    return (frame[ETH_DST] & 1) != 0 ||
        nif__hwaddr_same(frame + ETH_DST, ip->own.byte);
}

// What nearly every frame is, told by all its headers at once: for our card,
// and in it a whole IPv4 packet without options for our address. False: it
// needs the closer look, which finds the same and all the rest. Fills in `in`.
static bool plain(const struct nif_tcpip *ip, uint8_t *frame, size_t len,
    struct nif__in *in)
{
    uint8_t *h = frame + ETH_LEN;
    uint32_t first;

    if (len < ETH_LEN + IPV4_LEN || ((uintptr_t)h & 3) != 0) {
        return false;
    }
    first = nif__be32(nif__word(h));
    in->len = (first & 0xFFFF) - IPV4_LEN;
    if (first >> 24 != 0x45 || in->len > len - ETH_LEN - IPV4_LEN ||
        nif__word(h + IPV4_DST) != nif__be32(ip->ip) || ip->ip == 0 ||
        (nif__word(h + IPV4_ID) & nif__be32(IPV4_MORE_OR_OFFSET)) != 0 ||
        nif__word(frame + ETH_DST + 2) != nif__word(ip->own.byte + 2) ||
        nif__half(frame + ETH_DST) != nif__half(ip->own.byte) ||
        nif__half(frame + ETH_TYPE) != nif__be16(ETH_TYPE_IPV4) ||
        (frame[ETH_SRC] & 1) != 0 || nif__header_sum(h) != 0) {
        return false;
    }
    in->frame = frame;
    in->ip = h;
    in->body = h + IPV4_LEN;
    in->src = nif__be32(nif__word(h + IPV4_SRC));
    in->dst = ip->ip;
    in->group = false;
    in->groups = 0;
    in->lent = NULL;
    return true;
}

_Static_assert(offsetof(struct nif_tcpip, own) % 4 == 2,
    "not as in a frame whose IPv4 header is aligned");

void nif__ether_input(struct nif_tcpip *ip, uint8_t *frame, size_t len)
{
    struct nif__in in;
    uint16_t type = 0;

    ip->stats.eth_rx++;
    if (plain(ip, frame, len, &in)) {
        if (in.ip[IPV4_PROTO] != IPV4_PROTO_TCP || !nif__tcp_fast(ip, &in)) {
            nif__ipv4_take(ip, &in);
        }
        return;
    }
    // A sender is never a group (IEEE 802.3 3.2.3).
    if (len >= ETH_LEN && for_us(ip, frame) && (frame[ETH_SRC] & 1) == 0) {
        type = nif_get_be16(frame + ETH_TYPE);
    }
    switch (type) {
    case ETH_TYPE_IPV4: nif__ipv4_input(ip, frame, len); break;
    case ETH_TYPE_ARP: nif__arp_input(ip, frame, len); break;
    default: ip->stats.eth_drop++; break;
    }
}

// Counts what the device said to a frame of `len` bytes.
static int sent(struct nif_tcpip *ip, int err, size_t len)
{
    if (err == 0) {
        ip->stats.eth_tx++;
        ip->sent = true;
        ip->tx_bytes += (uint32_t)len;
    } else if (err == NIF_EAGAIN) {
        ip->stats.eth_busy++;
        ip->busy = true;
    } else {
        ip->stats.eth_error++;
    }
    return err;
}

int nif__ether_send(struct nif_tcpip *ip, const struct nif_seg *segs, size_t n,
    size_t len)
{
    // A reply that is held goes first.
    if (ip->held != NULL) {
        ip->busy = true;
        return NIF_EAGAIN;
    }
    return sent(ip, nif_eth_send(ip->cfg.iface, segs, n), len);
}

int nif__ether_lend(struct nif_tcpip *ip, size_t len, uint8_t **buf)
{
    int err = NIF_EAGAIN;

    if (ip->held == NULL) {
        err = ip->cfg.iface->eth->lend(ip->cfg.iface, len, buf);
    }
    return err != 0 ? sent(ip, err, 0) : 0;
}

int nif__ether_commit(struct nif_tcpip *ip, size_t len)
{
    return sent(ip, ip->cfg.iface->eth->commit(ip->cfg.iface, len), len);
}

// Sends a reply that was built in the received frame. False: no room.
static bool send_held(struct nif_tcpip *ip, const uint8_t *frame, size_t len)
{
    const struct nif_seg seg = { frame, len };

    return sent(ip, nif_eth_send(ip->cfg.iface, &seg, 1), len) != NIF_EAGAIN;
}

void nif__ether_retry(struct nif_tcpip *ip)
{
    if (!send_held(ip, ip->held, ip->held_len)) {
        if (ip->now_us < ip->held_until_us) {
            nif__due(ip, ip->held_until_us);
            return;
        }
        ip->stats.hold_drop++;
    }
    ip->held = NULL;
}

void nif__ether_reply(struct nif_tcpip *ip, uint8_t *frame, size_t len)
{
    NIF_ASSERT(ip->held == NULL);
    if (((uintptr_t)frame & 1) == 0) {
        nif__put_hwaddr(frame + ETH_DST, frame + ETH_SRC);
        nif__put_hwaddr(frame + ETH_SRC, ip->own.byte);
    } else {
        nif__hwaddr_copy(frame + ETH_DST, frame + ETH_SRC);
        nif__hwaddr_copy(frame + ETH_SRC, ip->own.byte);
    }
    if (!send_held(ip, frame, len)) {
        ip->held = frame;
        ip->held_len = (uint16_t)len;
        ip->held_until_us = ip->now_us + (uint64_t)NIF_HOLD_MS * 1000;
        nif__due(ip, ip->held_until_us);
    }
}
