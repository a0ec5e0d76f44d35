// SPDX-License-Identifier: MIT
//
// Address conflict detection (RFC 5227). Constants have the RFC's names and
// values (1.1).

#include "internal.h"

#include "nif/acd.h"

#define PROBE_NUM       3
#define PROBE_MIN       (NIF__S(1) + 1)
#define ANNOUNCE_WAIT   (NIF__S(2) + 1)
#define MAX_CONFLICTS   10
#define RATE_LIMIT      (NIF__S(60) + 1)
#define DEFEND_INTERVAL (NIF__S(10) + 1)

// Up to 1.05 s: PROBE_WAIT, and what PROBE_MAX is above PROBE_MIN.
static uint32_t draw(struct nif_tcpip *ip)
{
    return nif__random(ip) & 0x3FF;
}

static void watch(struct nif_acd *acd)
{
    struct nif_tcpip *ip = acd->cfg.tcpip;
    struct nif_acd *other = ip->acds;

    while (other != NULL && other != acd) {
        other = other->next;
    }
    if (other == NULL) {
        acd->next = ip->acds;
        ip->acds = acd;
    }
}

static void acd_stop(struct nif_acd *acd)
{
    struct nif_acd **at = &acd->cfg.tcpip->acds;

    while (*at != NULL && *at != acd) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = acd->next;
    }
    acd->state = NIF_ACD_OFF;
}

// ---------------------------------------------------------------- probing

static void begin(struct nif_acd *acd, uint32_t wait)
{
    struct nif_tcpip *ip = acd->cfg.tcpip;

    acd->state = NIF_ACD_PROBING;
    acd->sent = 0;
    acd->at = ip->now + wait;
    if (acd->conflict_count >= MAX_CONFLICTS &&
        acd->at - acd->begun_at < RATE_LIMIT) {
        acd->at = acd->begun_at + RATE_LIMIT;
    }
    acd->begun_at = acd->at;
    acd->link = ip->link;
    nif__due(ip, acd->at);
    nif__kick(ip);
}

static int acd_probe(struct nif_acd *acd, const struct nif_ip *ip)
{
    if (!nif__ipv4_is_host(ip)) {
        return NIF_EINVAL;
    }
    nif__tick(acd->cfg.tcpip);
    acd->ip = nif__ip4(ip);
    acd->claimed = false;
    acd->defended_at = acd->cfg.tcpip->now - DEFEND_INTERVAL; // not lately
    watch(acd);
    begin(acd, draw(acd->cfg.tcpip));
    return 0;
}

static int acd_defend(struct nif_acd *acd)
{
    if (acd->state != NIF_ACD_FREE) {
        return NIF_EINVAL;
    }
    acd->state = NIF_ACD_DEFENDING;
    acd->claimed = true;
    return 0;
}

// A question of nobody (0.0.0.0), so that nobody's memory is spoiled (RFC
// 5227 2.1.1). Without a link there is nobody to ask; the round begins when
// it comes.
static void probe(struct nif_acd *acd)
{
    struct nif_tcpip *ip = acd->cfg.tcpip;
    int err = nif__arp_request(ip, NULL, 0, acd->ip);

    if (err == NIF_EAGAIN) {
        acd->at = ip->now + 1;
    } else if (err == 0) {
        acd->sent++;
        acd->at = ip->now +
            (acd->sent < PROBE_NUM ? PROBE_MIN + draw(ip) : ANNOUNCE_WAIT);
    } else {
        acd->sent = 0;
        acd->at = ip->now + PROBE_MIN;
    }
}

static void settle(struct nif_acd *acd)
{
    acd->state = acd->claimed ? NIF_ACD_DEFENDING : NIF_ACD_FREE;
    nif__kick(acd->cfg.tcpip); // whoever waits for it looks at it
}

static void acd_timer(struct nif_acd *acd)
{
    struct nif_tcpip *ip = acd->cfg.tcpip;

    if (acd->link != ip->link) {
        acd->link = ip->link;
        if (ip->link &&
            (acd->state == NIF_ACD_PROBING || acd->state == NIF_ACD_FREE ||
                acd->state == NIF_ACD_DEFENDING)) {
            begin(acd, 0);
        }
    }
    if (acd->state != NIF_ACD_PROBING) {
        return;
    }
    if (nif__reached(ip, acd->at) && acd->sent < PROBE_NUM) {
        probe(acd);
    } else if (nif__reached(ip, acd->at)) {
        settle(acd);
        return;
    }
    nif__due(ip, acd->at);
}

// --------------------------------------------------------------- conflict

static void give_up(struct nif_acd *acd)
{
    acd->state = NIF_ACD_CONFLICT;
    nif__kick(acd->cfg.tcpip);
}

// RFC 5227 2.4.
static void defend(struct nif_acd *acd)
{
    struct nif_tcpip *ip = acd->cfg.tcpip;
    bool lately = ip->now - acd->defended_at < DEFEND_INTERVAL;

    if (acd->cfg.policy == NIF_ACD_GIVE_UP ||
        (acd->cfg.policy == NIF_ACD_ONCE && lately)) {
        give_up(acd);
    } else if (!lately) {
        acd->defended_at = ip->now;
        // Lost if there is no room: he will be back.
        (void)!nif__arp_request(ip, NULL, acd->ip, acd->ip);
    }
}

// Called for each ARP packet, once it is well-formed.
static void acd_arp(struct nif_acd *acd, const uint8_t *arp)
{
    struct nif_tcpip *ip = acd->cfg.tcpip;
    uint32_t spa = nif_load_be32(arp + ARP_SPA);
    // Another asks for the same address at the same time.
    bool rival = acd->state == NIF_ACD_PROBING && !acd->claimed && spa == 0 &&
        nif_load_be32(arp + ARP_TPA) == acd->ip &&
        arp[ARP_OPER + 1] == ARP_REQUEST;

    if ((spa != acd->ip && !rival) ||
        nif__hwaddr_same(arp + ARP_SHA, ip->own.byte)) {
        return;
    }
    if (acd->state == NIF_ACD_OFF || acd->state == NIF_ACD_CONFLICT) {
        return;
    }
    acd->conflict_count++;
    if (acd->claimed) {
        defend(acd);
    } else {
        give_up(acd);
    }
}

// ------------------------------------------------------------------- init

static const struct nif_acd_ops acd_ops = {
    .probe = acd_probe,
    .defend = acd_defend,
    .stop = acd_stop,
    .arp = acd_arp,
    .timer = acd_timer,
};

void nif_acd_init(struct nif_acd *acd, const struct nif_acd_cfg *cfg)
{
    *acd = (struct nif_acd){ .ops = &acd_ops, .cfg = *cfg };
}
