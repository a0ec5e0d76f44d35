// SPDX-License-Identifier: MIT
//
// Several gateways, and redirects (RFC 1122 3.3.1, 3.2.2.2). Whatever a gateway
// says is kept for that one host, as the RFC wants it.

#include "internal.h"

#include "nif/routes.h"

// A neighbour that can be a gateway.
static bool usable(const struct nif_tcpip *ip, uint32_t gateway)
{
    return gateway != 0 && gateway != ip->ip &&
        ((gateway ^ ip->ip) & ip->mask) == 0 &&
        !nif__ipv4_is_broadcast(ip, gateway);
}

// Default gateway `i`, 0 being that of the stack; 0 if it is none.
static uint32_t gateway(const struct nif_tcpip *ip, unsigned i)
{
    const struct nif_routes *r = ip->cfg.routes;
    uint32_t addr = i == 0 ? ip->gateway : nif__ip4(&r->cfg.gateways[i - 1]);

    return usable(ip, addr) ? addr : 0;
}

static struct nif_route *find(const struct nif_routes *r, uint32_t dst)
{
    for (unsigned i = 0; i < r->cfg.count; i++) {
        if (r->cfg.table[i].dst == dst) {
            return &r->cfg.table[i];
        }
    }
    return NULL;
}

// The one in use. The stack's own may lie outside its subnet: that is its
// owner's business.
static uint32_t default_gateway(const struct nif_tcpip *ip)
{
    const struct nif_routes *r = ip->cfg.routes;

    return r->current == 0 ? ip->gateway : gateway(ip, r->current);
}

static uint32_t routes_hop(const struct nif_tcpip *ip, uint32_t dst)
{
    const struct nif_route *known = find(ip->cfg.routes, dst);

    return known != NULL ? known->via : default_gateway(ip);
}

// Takes the next gateway that there is. False if there is no other.
static bool advance(struct nif_tcpip *ip)
{
    struct nif_routes *r = ip->cfg.routes;
    unsigned n = r->current;

    do {
        n = n < r->cfg.gateway_count ? n + 1 : 0;
    } while (n != r->current && gateway(ip, n) == 0);
    if (n == r->current) {
        return false;
    }
    r->current = (uint8_t)n;
    return true;
}

// Ways have changed: headers that were made are not good any more.
static void changed(struct nif_tcpip *ip)
{
    ip->aimed = NULL;
    nif__todo_all(ip);
}

// A gateway of ours says that another is closer to where our packet goes.
static bool routes_redirect(struct nif_tcpip *ip, const struct nif__in *in)
{
    struct nif_routes *r = ip->cfg.routes;
    uint32_t via = nif_load_be32(in->body + ICMP_REST);
    struct nif_route *route;
    uint32_t dst;

    if (r->cfg.count == 0 || in->body[ICMP_CODE] >= ICMP_REDIRECT_CODES ||
        !nif__icmp_quote_sound(ip, in)) {
        return false;
    }
    dst = nif_load_be32(in->body + ICMP_LEN + IPV4_DST);
    if (((dst ^ ip->ip) & ip->mask) == 0 || dst >> 28 >= 0xE ||
        in->src != routes_hop(ip, dst) || via == in->src || !usable(ip, via)) {
        return false;
    }
    route = find(r, dst);
    if (route == NULL) {
        route = &r->cfg.table[r->next];
        r->next = (uint8_t)(r->next + 1 < r->cfg.count ? r->next + 1 : 0);
    }
    *route = (struct nif_route){ dst, via };
    r->redirect_count++;
    changed(ip);
    return true;
}

// ARP has given a neighbour up.
static void routes_failed(struct nif_tcpip *ip, uint32_t addr)
{
    struct nif_routes *r = ip->cfg.routes;

    for (unsigned i = 0; i < r->cfg.count; i++) {
        if (r->cfg.table[i].via == addr) {
            r->cfg.table[i].dst = 0;
        }
    }
    if (addr == default_gateway(ip) && advance(ip)) {
        r->failed_count++;
    }
    changed(ip);
}

// Another cable, or other addresses.
static void routes_renew(struct nif_tcpip *ip)
{
    struct nif_routes *r = ip->cfg.routes;

    r->current = 0;
    r->next = 0;
    for (unsigned i = 0; i < r->cfg.count; i++) {
        r->cfg.table[i].dst = 0;
    }
    if (ip->gateway == 0) {
        (void)advance(ip);
    }
}

static const struct nif_routes_ops routes_ops = {
    .hop = routes_hop,
    .redirect = routes_redirect,
    .failed = routes_failed,
    .renew = routes_renew,
};

void nif_routes_init(struct nif_routes *routes,
    const struct nif_routes_cfg *cfg)
{
    NIF_ASSERT(cfg->gateway_count < UINT8_MAX);
    *routes = (struct nif_routes){ .ops = &routes_ops, .cfg = *cfg };
    for (unsigned i = 0; i < cfg->count; i++) {
        cfg->table[i] = (struct nif_route){ .dst = 0 };
    }
}
