// SPDX-License-Identifier: MIT
//
// ARP (RFC 826, RFC 1122 2.3.2): who has which Ethernet address. The table is
// small and fixed. It learns from answers to what we asked, and from who asks
// for us; what else is said can only change an entry that is there. A flood
// of questions from strangers takes no place from a neighbour in use, and our
// own questions not more than half of the table from them.
//
// No packet waits here. What cannot go yet stays where it lies already: a
// datagram and a segment in their connection's ring. Replies go back to the
// card that asked, and need no question.

#include "internal.h"

#include "nif/acd.h"
#include "nif/routes.h"

#include <string.h>

enum {
    FREE,
    ASKING,   // hwaddr not known yet
    KNOWN,    // until `at`, then RENEWING if it is in use
    RENEWING, // usable, and asked: twice to the card itself, then to all
    SILENT,   // did not answer: not asked again before `at`
};

#define ASK       (NIF__S(1) + 1) // RFC 1122 2.3.2.1: not more often
#define ASK_MAX   3               // questions to all
#define RENEW_MAX 2               // before that, to the card alone
#define QUIET     NIF__S(3)
#define AGE       NIF__S(NIF_ARP_AGE_S)

_Static_assert(NIF_ARP_AGE_S <= 3 * 86400, "see NIF__S()");

// The first two words of a packet: kinds of addresses; their lengths, and what
// it is. Packets are looked at by words: they lie at a word's border or are
// brought there.
#define KINDS \
    nif__be32((uint32_t)ARP_HTYPE_ETHERNET << 16 | (uint32_t)ETH_TYPE_IPV4)
#define IS_A(oper) nif__be32(0x06040000u | (uint32_t)(oper))

// RFC 5227 1.1.
#define ANNOUNCE_NUM      2
#define ANNOUNCE_INTERVAL NIF__S(2)

static const uint8_t everybody[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static struct nif_tcpip_neighbour *find(struct nif_tcpip *ip, uint32_t addr)
{
    struct nif_tcpip_neighbour *n = ip->arp;

    for (; n < ip->arp + nif_countof(ip->arp); n++) {
        if (n->ip == addr && n->state != FREE) {
            return n;
        }
    }
    return NULL;
}

// An entry has changed, and something is to be done about it at tick `at`. Who
// sends looks into the table anew.
static void due(struct nif_tcpip *ip, uint32_t at)
{
    ip->aimed = NULL;
    if ((int32_t)(at - ip->arp_due) < 0) {
        ip->arp_due = at;
    }
    nif__due(ip, at);
}

// A free entry or, if there is none, the one that was confirmed longest ago,
// rather one that nobody used since. Whoever is being asked keeps his. Who
// comes by himself (not `ours`) takes no place of one in use.
static struct nif_tcpip_neighbour *take(struct nif_tcpip *ip, bool ours)
{
    struct nif_tcpip_neighbour *best = NULL;
    size_t asking = 0;

    for (size_t i = 0; i < nif_countof(ip->arp); i++) {
        struct nif_tcpip_neighbour *n = &ip->arp[i];

        if (n->state == FREE) {
            return n;
        }
        if (n->state == ASKING) {
            asking++;
        } else if (best == NULL || n->used < best->used ||
            (n->used == best->used && (int32_t)(n->at - best->at) < 0)) {
            best = n;
        }
    }
    if (best != NULL && best->used &&
        (!ours || asking >= nif_countof(ip->arp) / 2)) {
        return NULL;
    }
    return best;
}

// SPA lies between two words' borders.
static uint32_t get_spa(const uint8_t *arp)
{
    return (uint32_t)nif__be16(nif__half(arp + ARP_SPA)) << 16 |
        nif__be16(nif__half(arp + ARP_SPA + 2));
}

static void put_sender(const struct nif_tcpip *ip, uint8_t *arp, uint32_t is,
    uint32_t spa)
{
    nif__put_word(arp + ARP_HLEN, is);
    nif__put_hwaddr(arp + ARP_SHA, ip->own.byte);
    nif__put_half(arp + ARP_SPA, nif__be16((uint16_t)(spa >> 16)));
    nif__put_half(arp + ARP_SPA + 2, nif__be16((uint16_t)spa));
}

// Who has only a link-local address speaks to all, always, so that two with
// the same one hear of each other (RFC 3927 2.5).
static bool link_local(const struct nif_tcpip *ip)
{
    return ip->ip >> 16 == 0xA9FE;
}

int nif__arp_request(struct nif_tcpip *ip, const uint8_t *to, uint32_t spa,
    uint32_t tpa)
{
    uint32_t words[(2 + ETH_LEN + ARP_LEN) / 4] = { 0 };
    uint8_t *arp = (uint8_t *)(words + (2 + ETH_LEN) / 4);
    const struct nif_seg seg = { arp - ETH_LEN, ETH_LEN + ARP_LEN };
    int err;

    if (to == NULL || link_local(ip)) {
        to = everybody;
    }
    nif__hwaddr_copy(arp - ETH_LEN + ETH_DST, to);
    nif__put_hwaddr(arp - ETH_LEN + ETH_SRC, ip->own.byte);
    nif__put_half(arp - ETH_LEN + ETH_TYPE, nif__be16(ETH_TYPE_ARP));
    nif__put_word(arp, KINDS);
    put_sender(ip, arp, IS_A(ARP_REQUEST), spa);
    nif__put_word(arp + ARP_TPA, nif__be32(tpa));
    err = nif__ether_send(ip, &seg, 1, seg.len);
    if (err == 0) {
        ip->stats.arp_tx++;
    }
    return err;
}

// A renewed question goes to the old address first, so that nobody else is
// woken (RFC 1122 2.3.2.1).
static void ask(struct nif_tcpip *ip, struct nif_tcpip_neighbour *n)
{
    const uint8_t *to =
        n->state == RENEWING && n->tries < RENEW_MAX ? n->hwaddr.byte : NULL;

    if (nif__arp_request(ip, to, ip->ip, n->ip) == NIF_EAGAIN) {
        n->at = ip->now + 1; // no room: not a try yet
    } else {
        n->tries++;
        n->at = ip->now + ASK;
    }
    due(ip, n->at);
}

_Static_assert(offsetof(struct nif_tcpip_neighbour, hwaddr) % 2 == 0,
    "not at an even place");

bool nif__arp_known(struct nif_tcpip *ip, uint32_t addr, uint8_t hwaddr[6])
{
    struct nif_tcpip_neighbour *n = find(ip, addr);

    if (n == NULL || (n->state != KNOWN && n->state != RENEWING)) {
        return false;
    }
    n->used = true;
    nif__put_hwaddr(hwaddr, n->hwaddr.byte);
    return true;
}

int nif__arp_resolve(struct nif_tcpip *ip, uint32_t addr, uint8_t hwaddr[6])
{
    struct nif_tcpip_neighbour *n;

    if (nif__arp_known(ip, addr, hwaddr)) {
        return 0;
    }
    n = find(ip, addr);
    if (n == NULL) {
        n = take(ip, true);
        if (n == NULL) {
            return NIF_EAGAIN;
        }
        *n = (struct nif_tcpip_neighbour){ .ip = addr, .state = ASKING };
        ask(ip, n);
    }
    return n->state == SILENT ? NIF_EUNREACH : NIF_EAGAIN;
}

static void expire(struct nif_tcpip *ip, struct nif_tcpip_neighbour *n)
{
    unsigned most = n->state == RENEWING ? RENEW_MAX + ASK_MAX : ASK_MAX;

    if (n->state == SILENT || (n->state == KNOWN && !n->used)) {
        n->state = FREE;
    } else if (n->state == KNOWN) {
        n->state = RENEWING;
        n->tries = 0;
        ask(ip, n);
    } else if (n->tries < most) {
        ask(ip, n);
    } else {
        ip->stats.arp_failed++;
        n->state = SILENT;
        n->used = false;
        n->at = ip->now + QUIET;
        nif__todo_all(ip); // whoever waits for it shall hear of it
        if (ip->cfg.routes != NULL) {
            ip->cfg.routes->ops->failed(ip, n->ip);
        }
    }
}

void nif__arp_announce(struct nif_tcpip *ip)
{
    ip->announces = ip->ip != 0 ? ANNOUNCE_NUM : 0;
    ip->announce = ip->now;
    due(ip, ip->now);
}

// Tells all who we are, that they correct what they know of an earlier owner
// of the address (RFC 5227 2.3).
static void announce(struct nif_tcpip *ip)
{
    if (ip->announces == 0) {
        return;
    }
    if (nif__reached(ip, ip->announce)) {
        if (nif__arp_request(ip, NULL, ip->ip, ip->ip) == NIF_EAGAIN) {
            ip->announce = ip->now + 1;
        } else {
            ip->announces--;
            ip->announce = ip->now + ANNOUNCE_INTERVAL;
        }
    }
    if (ip->announces > 0) {
        due(ip, ip->announce);
    }
}

void nif__arp_timer(struct nif_tcpip *ip)
{
    if (!nif__reached(ip, ip->arp_due)) { // others have more to do with time
        nif__due(ip, ip->arp_due);
        return;
    }
    ip->arp_due = ip->now + 2 * NIF__FAR;
    announce(ip);
    for (size_t i = 0; i < nif_countof(ip->arp); i++) {
        struct nif_tcpip_neighbour *n = &ip->arp[i];

        if (n->state != FREE && nif__reached(ip, n->at)) {
            expire(ip, n);
        }
        if (n->state != FREE) {
            due(ip, n->at);
        }
    }
}

void nif__arp_doubt(struct nif_tcpip *ip, uint32_t addr)
{
    uint32_t hop = 0;
    struct nif_tcpip_neighbour *n =
        nif__ipv4_route(ip, addr, &hop) == 0 ? find(ip, hop) : NULL;

    if (n != NULL && n->state == KNOWN) {
        n->used = true;
        n->at = ip->now;
        due(ip, n->at);
    }
}

void nif__arp_flush(struct nif_tcpip *ip)
{
    ip->aimed = NULL;
    memset(ip->arp, 0, sizeof(ip->arp));
    if (ip->cfg.routes != NULL) {
        ip->cfg.routes->ops->renew(ip);
    }
}

// nif__hwaddr_same(), of two at even places.
static bool same_hwaddr(const uint8_t *a, const uint8_t *b)
{
    return nif__half(a) == nif__half(b) &&
        nif__half(a + 2) == nif__half(b + 2) &&
        nif__half(a + 4) == nif__half(b + 4);
}

// RFC 826's merge, more careful: a stranger is only taken in if he asks for
// us. What is said to nobody who asked makes no entry.
static void learn(struct nif_tcpip *ip, const uint8_t *arp, uint32_t addr,
    bool asks_us)
{
    struct nif_tcpip_neighbour *n = find(ip, addr);

    if (n == NULL) {
        n = asks_us ? take(ip, false) : NULL;
        if (n == NULL) {
            return;
        }
        n->ip = addr;
        n->used = false;
    } else if (n->state != KNOWN) {
        // Who was asked for is in use; who was asked again, if used anew.
        n->used = n->state == ASKING;
        nif__todo_all(ip);
    } else if (same_hwaddr(n->hwaddr.byte, arp + ARP_SHA)) {
        n->at = ip->now + AGE; // later than it was: nothing new to due()
        return;
    }
    n->state = KNOWN;
    n->at = ip->now + AGE;
    nif__put_hwaddr(n->hwaddr.byte, arp + ARP_SHA);
    due(ip, n->at);
}

// A question or an answer of IPv4 over Ethernet, from one card.
static bool well_formed(const uint8_t *arp)
{
    const uint8_t *sha = arp + ARP_SHA;
    uint32_t is = nif__word(arp + ARP_HLEN);

    return nif__word(arp) == KINDS &&
        (is == IS_A(ARP_REQUEST) || is == IS_A(ARP_REPLY)) &&
        (sha[0] & 1) == 0 && (nif__word(sha) | nif__half(sha + 4)) != 0;
}

// A neighbour's address: one of our subnet that is not ours, or the gateway's,
// wherever that is.
static bool plausible(struct nif_tcpip *ip, uint32_t spa)
{
    if (spa == ip->ip) {
        ip->stats.arp_conflict++; // nif/acd.h defends it
        return false;
    }
    return (((spa ^ ip->ip) & ip->mask) == 0 || spa == ip->gateway) &&
        !nif__ipv4_is_broadcast(ip, spa);
}

// The question becomes the answer: who asked is its target, and the kinds of
// addresses are what they were.
static void reply(struct nif_tcpip *ip, uint8_t *frame, uint8_t *arp,
    uint32_t spa)
{
    nif__put_hwaddr(arp + ARP_THA, arp + ARP_SHA);
    nif__put_word(arp + ARP_TPA, nif__be32(spa));
    put_sender(ip, arp, IS_A(ARP_REPLY), ip->ip);
    if (arp != frame + ETH_LEN) {
        memcpy(frame + ETH_LEN, arp, ARP_LEN);
    }
    if (link_local(ip)) {
        nif__hwaddr_copy(frame + ETH_SRC, everybody);
    }
    ip->stats.arp_tx++;
    nif__ether_reply(ip, frame, ETH_LEN + ARP_LEN);
}

void nif__arp_input(struct nif_tcpip *ip, uint8_t *frame, size_t len)
{
    uint8_t *arp = frame + ETH_LEN;
    uint32_t copy[ARP_LEN / 4];
    bool asks_us;
    uint32_t spa;

    ip->stats.arp_rx++;
    if (len >= ETH_LEN + ARP_LEN && ((uintptr_t)arp & 3) != 0) {
        arp = memcpy(copy, arp, sizeof(copy));
    }
    if (len < ETH_LEN + ARP_LEN || !well_formed(arp)) {
        ip->stats.arp_drop++;
        return;
    }
    for (struct nif_acd *acd = ip->acds; acd != NULL; acd = acd->next) {
        acd->ops->arp(acd, arp);
    }
    spa = get_spa(arp);
    asks_us = arp[ARP_OPER + 1] == ARP_REQUEST &&
        nif__word(arp + ARP_TPA) == nif__be32(ip->ip);
    // Sender 0.0.0.0 asks whether the address is free (RFC 5227): answered,
    // not learned.
    if (ip->ip == 0 || (spa == 0 ? !asks_us : !plausible(ip, spa))) {
        ip->stats.arp_drop++;
        return;
    }
    if (spa != 0) {
        learn(ip, arp, spa, asks_us);
    }
    if (asks_us) {
        reply(ip, frame, arp, spa);
    }
}
