// SPDX-License-Identifier: MIT
//
// ARP (RFC 826, RFC 1122 2.3.2): who has which Ethernet address. The table is
// small and fixed. It learns from what is said to us; what is said to all
// can only change an entry that we have asked for.

#include "internal.h"

#include <string.h>

enum {
    FREE,
    ASKING, // hwaddr not known yet
    KNOWN,  // until at_us, then RENEWING if it is in use
    RENEWING,
    SILENT, // did not answer: not asked again before at_us
};

#define ASK_US   ((uint64_t)NIF__SECOND_US) // RFC 1122 2.3.2.1: not more often
#define ASK_MAX  3                          // questions
#define QUIET_US (3 * (uint64_t)NIF__SECOND_US)
#define AGE_US   (NIF_ARP_AGE_S * (uint64_t)NIF__SECOND_US)

static const uint8_t everybody[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static struct nif_tcpip_neighbour *find(struct nif_tcpip *ip, uint32_t addr)
{
    for (size_t i = 0; i < nif_countof(ip->arp); i++) {
        if (ip->arp[i].state != FREE && ip->arp[i].ip == addr) {
            return &ip->arp[i];
        }
    }
    return NULL;
}

// A free entry or, if there is none, the one that was confirmed longest ago.
// Whoever is being asked right now keeps his.
static struct nif_tcpip_neighbour *take(struct nif_tcpip *ip)
{
    struct nif_tcpip_neighbour *best = NULL;

    for (size_t i = 0; i < nif_countof(ip->arp); i++) {
        struct nif_tcpip_neighbour *n = &ip->arp[i];

        if (n->state == FREE) {
            return n;
        }
        if (n->state != ASKING && (best == NULL || n->at_us < best->at_us)) {
            best = n;
        }
    }
    return best;
}

static void header(const struct nif_tcpip *ip, uint8_t *arp, uint16_t oper)
{
    nif_put_be16(arp + ARP_HTYPE, ARP_HTYPE_ETHERNET);
    nif_put_be16(arp + ARP_PTYPE, ETH_TYPE_IPV4);
    arp[ARP_HLEN] = 6;
    arp[ARP_PLEN] = 4;
    nif_put_be16(arp + ARP_OPER, oper);
    memcpy(arp + ARP_SHA, ip->net.hwaddr.byte, 6);
    nif_put_be32(arp + ARP_SPA, ip->ip);
}

// A renewed question goes to the old address, so that nobody else is woken
// (RFC 1122 2.3.2.1).
static void ask(struct nif_tcpip *ip, struct nif_tcpip_neighbour *n)
{
    uint8_t frame[ETH_LEN + ARP_LEN] = { 0 };
    const struct nif_seg seg = { frame, sizeof(frame) };

    memcpy(frame + ETH_DST, n->state == RENEWING ? n->hwaddr.byte : everybody,
        6);
    memcpy(frame + ETH_SRC, ip->net.hwaddr.byte, 6);
    nif_put_be16(frame + ETH_TYPE, ETH_TYPE_ARP);
    header(ip, frame + ETH_LEN, ARP_REQUEST);
    nif_put_be32(frame + ETH_LEN + ARP_TPA, n->ip);
    if (nif__ether_send(ip, &seg, 1) == NIF_EAGAIN) {
        n->at_us = ip->now_us + 1000; // no room: not a try yet
    } else {
        ip->stats.arp_tx++;
        n->tries++;
        n->at_us = ip->now_us + ASK_US;
    }
    nif__due(ip, n->at_us);
}

int nif__arp_resolve(struct nif_tcpip *ip, uint32_t addr, uint8_t hwaddr[6])
{
    struct nif_tcpip_neighbour *n = find(ip, addr);

    if (n == NULL) {
        n = take(ip);
        if (n == NULL) {
            return NIF_EAGAIN;
        }
        *n = (struct nif_tcpip_neighbour){ .ip = addr, .state = ASKING };
        ask(ip, n);
    }
    if (n->state == SILENT) {
        return NIF_EUNREACH;
    }
    if (n->state == ASKING) {
        return NIF_EAGAIN;
    }
    n->used = true;
    memcpy(hwaddr, n->hwaddr.byte, 6);
    return 0;
}

static void expire(struct nif_tcpip *ip, struct nif_tcpip_neighbour *n)
{
    if (n->state == SILENT || (n->state == KNOWN && !n->used)) {
        n->state = FREE;
    } else if (n->state == KNOWN) {
        n->state = RENEWING;
        n->tries = 0;
        ask(ip, n);
    } else if (n->tries < ASK_MAX) {
        ask(ip, n);
    } else {
        ip->stats.arp_failed++;
        n->state = SILENT;
        n->at_us = ip->now_us + QUIET_US;
        ip->work = true; // whoever waits for it shall hear of it
    }
}

void nif__arp_timer(struct nif_tcpip *ip)
{
    for (size_t i = 0; i < nif_countof(ip->arp); i++) {
        struct nif_tcpip_neighbour *n = &ip->arp[i];

        if (n->state != FREE && n->at_us <= ip->now_us) {
            expire(ip, n);
        }
        if (n->state != FREE) {
            nif__due(ip, n->at_us);
        }
    }
}

void nif__arp_flush(struct nif_tcpip *ip)
{
    memset(ip->arp, 0, sizeof(ip->arp));
}

static void learn(struct nif_tcpip *ip, const uint8_t *arp, bool to_us)
{
    uint32_t addr = nif_get_be32(arp + ARP_SPA);
    struct nif_tcpip_neighbour *n = find(ip, addr);

    if (n == NULL && to_us) {
        n = take(ip);
    }
    if (n == NULL) {
        return;
    }
    *n = (struct nif_tcpip_neighbour){
        .ip = addr,
        .state = KNOWN,
        .at_us = ip->now_us + AGE_US,
    };
    memcpy(n->hwaddr.byte, arp + ARP_SHA, 6);
    nif__due(ip, n->at_us);
    ip->work = true;
}

static bool well_formed(const uint8_t *arp, size_t len)
{
    return len >= ARP_LEN &&
        nif_get_be16(arp + ARP_HTYPE) == ARP_HTYPE_ETHERNET &&
        nif_get_be16(arp + ARP_PTYPE) == ETH_TYPE_IPV4 && arp[ARP_HLEN] == 6 &&
        arp[ARP_PLEN] == 4;
}

// A sender that can be a neighbour: one card, and one address of our subnet
// that is not ours.
static bool plausible(const struct nif_tcpip *ip, const uint8_t *arp)
{
    static const uint8_t nobody[6] = { 0 };
    uint32_t spa = nif_get_be32(arp + ARP_SPA);

    return (arp[ARP_SHA] & 1) == 0 && memcmp(arp + ARP_SHA, nobody, 6) != 0 &&
        spa != ip->ip && ((spa ^ ip->ip) & ip->mask) == 0 &&
        !nif__ipv4_is_broadcast(ip, spa);
}

void nif__arp_input(struct nif_tcpip *ip, uint8_t *frame, size_t len)
{
    uint8_t *arp = frame + ETH_LEN;
    uint16_t oper;
    bool to_us;
    bool probe;

    ip->stats.arp_rx++;
    if (!well_formed(arp, len - ETH_LEN) || ip->ip == 0) {
        ip->stats.arp_drop++;
        return;
    }
    oper = nif_get_be16(arp + ARP_OPER);
    to_us = nif_get_be32(arp + ARP_TPA) == ip->ip;
    // Sender 0.0.0.0 asks whether the address is free (RFC 5227): answered,
    // not learned.
    probe = nif_get_be32(arp + ARP_SPA) == 0 && oper == ARP_REQUEST;
    if (!probe && !plausible(ip, arp)) {
        ip->stats.arp_drop++;
        return;
    }
    if (!probe && (oper == ARP_REQUEST || oper == ARP_REPLY)) {
        learn(ip, arp, to_us);
    }
    if (to_us && oper == ARP_REQUEST) {
        memcpy(arp + ARP_THA, arp + ARP_SHA, 10); // with the address behind
        header(ip, arp, ARP_REPLY);
        ip->stats.arp_tx++;
        nif__ether_reply(ip, frame, ETH_LEN + ARP_LEN);
    }
}
