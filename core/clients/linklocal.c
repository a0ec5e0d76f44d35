// SPDX-License-Identifier: MIT
//
// IPv4 link-local addresses (RFC 3927). Probing, announcing and defending are
// those of nif/acd.h; here is which address, and when.

#include "nif/linklocal.h"

#include <string.h>

#define SECOND_US  ((uint64_t)1000000)
#define PREFIX_LEN 16
#define FIRST      0xA9FE0100u // 169.254.1.0
#define COUNT      0xFE00u     // up to 169.254.254.255

static uint64_t now_us(const struct nif_linklocal *ll)
{
    return nif_clock_now_us(ll->cfg.stack->clock);
}

// Begins with the Ethernet address (RFC 3927 2.1), by FNV-1a.
static uint32_t seed_of(const struct nif_hwaddr *hwaddr)
{
    uint32_t hash = 0x811C9DC5;

    for (size_t i = 0; i < sizeof(hwaddr->byte); i++) {
        hash = (hash ^ hwaddr->byte[i]) * 0x01000193;
    }
    return hash | 1;
}

// The next candidate (xorshift, Marsaglia).
static void draw(struct nif_linklocal *ll)
{
    uint32_t x = ll->random;

    if (x == 0) {
        struct nif_net net;

        nif_stack_net(ll->cfg.stack, &net);
        x = seed_of(&net.hwaddr);
    }
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    ll->random = x;
    // A multiplication in place of a division: 16 bits times COUNT.
    x = FIRST + ((x >> 16) * COUNT >> 16);
    ll->ip = nif_ip4((uint8_t)(x >> 24), (uint8_t)(x >> 16), (uint8_t)(x >> 8),
        (uint8_t)x);
}

static void probe(struct nif_linklocal *ll)
{
    ll->state = NIF_LINKLOCAL_PROBING;
    if (nif_acd_probe(ll->cfg.acd, &ll->ip) != 0) {
        ll->state = NIF_LINKLOCAL_OFF; // cannot be: it is a host's address
    }
}

// Sets or, with family none, takes away the stack's address.
static bool set(struct nif_linklocal *ll, const struct nif_ip *ip)
{
    const struct nif_net net = { .ip = *ip, .prefix_len = PREFIX_LEN };

    return nif_stack_set_net(ll->cfg.stack, &net) == 0;
}

static void take(struct nif_linklocal *ll)
{
    if (set(ll, &ll->ip) && nif_acd_defend(ll->cfg.acd) == 0) {
        ll->state = NIF_LINKLOCAL_BOUND;
    } else {
        nif_linklocal_stop(ll);
    }
}

// Somebody else has it: another one (RFC 3927 2.2.1, 2.5).
static void lose(struct nif_linklocal *ll)
{
    static const struct nif_ip none = { .family = NIF_IP_NONE };

    if (ll->state == NIF_LINKLOCAL_BOUND) {
        (void)set(ll, &none);
    }
    draw(ll);
    probe(ll);
}

static void yield(struct nif_linklocal *ll)
{
    nif_acd_stop(ll->cfg.acd);
    ll->state = NIF_LINKLOCAL_YIELDED;
}

// The stack has no address, and nobody is at work on one of ours.
static void wait(struct nif_linklocal *ll)
{
    if (ll->state != NIF_LINKLOCAL_WAITING) {
        ll->state = NIF_LINKLOCAL_WAITING;
        ll->at_us = now_us(ll) + ll->cfg.wait_s * SECOND_US;
    }
    if (ll->at_us <= now_us(ll)) {
        probe(ll);
    }
}

uint64_t nif_linklocal_poll(struct nif_linklocal *ll)
{
    const struct nif_acd *acd = ll->cfg.acd;
    struct nif_net net;

    if (ll->state == NIF_LINKLOCAL_OFF) {
        return NIF_NEVER;
    }
    nif_stack_net(ll->cfg.stack, &net);
    if (net.ip.family != NIF_IP_NONE &&
        !(ll->state == NIF_LINKLOCAL_BOUND && nif_ip_equal(&net.ip, &ll->ip))) {
        if (ll->state != NIF_LINKLOCAL_YIELDED) {
            yield(ll);
        }
    } else if (ll->state == NIF_LINKLOCAL_PROBING ||
        net.ip.family != NIF_IP_NONE) {
        if (acd->state == NIF_ACD_CONFLICT) {
            lose(ll);
        } else if (acd->state == NIF_ACD_FREE) {
            take(ll);
        }
    } else {
        wait(ll);
    }
    return ll->state == NIF_LINKLOCAL_WAITING ? ll->at_us : NIF_NEVER;
}

void nif_linklocal_start(struct nif_linklocal *ll)
{
    if (ll->random == 0) {
        draw(ll);
    }
    ll->state = NIF_LINKLOCAL_WAITING;
    ll->at_us = now_us(ll) + ll->cfg.wait_s * SECOND_US;
    nif_clock_wake(ll->cfg.stack->clock);
}

void nif_linklocal_stop(struct nif_linklocal *ll)
{
    static const struct nif_ip none = { .family = NIF_IP_NONE };

    if (ll->state == NIF_LINKLOCAL_BOUND) {
        (void)set(ll, &none);
    }
    nif_acd_stop(ll->cfg.acd);
    ll->state = NIF_LINKLOCAL_OFF;
}

void nif_linklocal_init(struct nif_linklocal *ll,
    const struct nif_linklocal_cfg *cfg)
{
    *ll = (struct nif_linklocal){ .cfg = *cfg };
}
