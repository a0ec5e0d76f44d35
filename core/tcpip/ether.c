// SPDX-License-Identifier: MIT
//
// Ethernet II: frames from the device to ARP and IPv4, and back.

#include "internal.h"
#include "parts.h"

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

_Static_assert(offsetof(struct nif_tcpip, own) % 4 == 2,
    "not as in a frame whose IPv4 header is aligned");

// Counts that the device did not take a frame.
NIF_APART static int failed(struct nif_tcpip *ip, int err)
{
    if (err == NIF_EAGAIN) {
        ip->stats.eth_busy++;
        nif__todo(ip, NIF__BUSY);
    } else {
        ip->stats.eth_error++;
    }
    return err;
}

// Counts what the device said to a frame of `len` bytes.
static inline int sent(struct nif_tcpip *ip, int err, size_t len)
{
    if (err != 0) {
        return failed(ip, err);
    }
    ip->stats.eth_tx++;
    ip->tx_bytes += (uint32_t)len;
    return 0;
}

int nif__ether_send(struct nif_tcpip *ip, const struct nif_seg *segs, size_t n,
    size_t len)
{
    // A reply that is held goes first.
    if (ip->held != NULL) {
        nif__todo(ip, NIF__BUSY);
        return NIF_EAGAIN;
    }
    return sent(ip, nif_eth_send(ip->iface, segs, n), len);
}

int nif__ether_send_out(struct nif_tcpip *ip, struct nif__out *out, size_t len)
{
    size_t n = out->segs[2].len > 0 ? 3 : out->segs[1].len > 0 ? 2 : 1;

    out->segs[0] = (struct nif_seg){ nif__head_ether(&out->head),
        ETH_LEN + IPV4_LEN + (size_t)out->head.body_len };
    return nif__ether_send(ip, out->segs, n, ETH_LEN + IPV4_LEN + len);
}

int nif__ether_lend(struct nif_tcpip *ip, size_t len, uint8_t **buf)
{
    int err = NIF_EAGAIN;

    if (ip->held == NULL) {
        err = ip->iface->eth->lend(ip->iface, len, buf);
    }
    return err != 0 ? failed(ip, err) : 0;
}

int nif__ether_commit(struct nif_tcpip *ip, size_t len)
{
    return sent(ip, ip->iface->eth->commit(ip->iface, len), len);
}

void nif__ether_retry(struct nif_tcpip *ip)
{
    const struct nif_seg seg = { ip->held, ip->held_len };

    ip->held = NULL; // or it would have to wait for itself
    if (nif__ether_send(ip, &seg, 1, seg.len) == NIF_EAGAIN) {
        if (!nif__reached(ip, ip->held_until)) {
            ip->held = seg.data;
            return;
        }
        ip->stats.hold_drop++;
    }
    ip->todo &= (uint8_t)~NIF__HELD;
}

void nif__ether_reply(struct nif_tcpip *ip, uint8_t *frame, size_t len)
{
    const struct nif_seg seg = { frame, len };

    if (((uintptr_t)frame & 1) == 0) {
        nif__put_hwaddr(frame + ETH_DST, frame + ETH_SRC);
        nif__put_hwaddr(frame + ETH_SRC, ip->own.byte);
    } else {
        nif__hwaddr_copy(frame + ETH_DST, frame + ETH_SRC);
        nif__hwaddr_copy(frame + ETH_SRC, ip->own.byte);
    }
    if (nif__ether_send(ip, &seg, 1, len) == NIF_EAGAIN) {
        ip->held = frame;
        ip->held_len = (uint16_t)len;
        ip->held_until = ip->now + NIF__MS(NIF_HOLD_MS) + 1;
        nif__due(ip, ip->held_until);
        nif__todo(ip, NIF__HELD);
    }
}

// Tries the short ways with a frame for our card alone that has an IPv4 header,
// which is aligned. True if that was all.
static bool shortcut(struct nif_tcpip *ip, uint8_t *frame, size_t len)
{
    const struct nif_tcpip_parts *parts = ip->cfg.parts;
    uint8_t *h = frame + ETH_LEN;

    len -= ETH_LEN;
    if (h[IPV4_PROTO] == IPV4_PROTO_TCP) {
        return parts->fast != NULL && parts->fast->take(ip, h, len);
    }
    return parts->udp_fast != NULL && parts->udp_fast->take(ip, h, len);
}

// Takes a frame for our card alone, as far as there is a short way for it. True
// if that was all; `*other` if it is for another card.
static bool input_own(struct nif_tcpip *ip, uint8_t *frame, size_t len,
    bool *other)
{
    const uint8_t *own = ip->own.byte;

    if (((uintptr_t)frame & 3) != 2) {
        *other = !nif__hwaddr_same(frame + ETH_DST, own);
        return false;
    }
    *other = nif__word(frame + ETH_DST + 2) != nif__word(own + 2) ||
        nif__half(frame + ETH_DST) != nif__half(own);
    return !*other && nif__half(frame + ETH_TYPE) == nif__be16(ETH_TYPE_IPV4) &&
        len >= ETH_LEN + IPV4_LEN && shortcut(ip, frame, len);
}

static void input(struct nif_tcpip *ip, uint8_t *frame, size_t len)
{
    uint16_t type = 0;
    bool other = false;

    ip->stats.eth_rx++;
    // A sender is never a group (IEEE 802.3 3.2.3).
    if (len >= ETH_LEN && (frame[ETH_SRC] & 1) == 0) {
        if ((frame[ETH_DST] & 1) == 0 && input_own(ip, frame, len, &other)) {
            return;
        }
        if (!other) {
            type = nif_get_be16(frame + ETH_TYPE);
        }
    }
    if (type == ETH_TYPE_IPV4) {
        nif__ipv4_input(ip, frame, len);
    } else if (type == ETH_TYPE_ARP) {
        nif__arp_input(ip, frame, len);
    } else {
        ip->stats.eth_drop++;
    }
}

// Device errors are counted, and its own poll() sees to them.
bool nif__ether_receive(struct nif_tcpip *ip, int seen)
{
    uint32_t bytes = 0;

    do {
        uint8_t *frame;
        int got = nif_eth_recv(ip->iface, ip->cfg.rx, ip->cfg.rx_cap, &frame);

        if (got <= 0) {
            ip->stats.eth_error += got != NIF_EAGAIN;
            return got == NIF_ETOOBIG;
        }
        input(ip, frame, (size_t)got);
        if (ip->held != NULL || (seen & NIF_SEEN_ONE_FRAME)) {
            return false;
        }
        bytes += (uint32_t)got;
    } while (bytes < NIF_POLL_BYTES);
    return true;
}
