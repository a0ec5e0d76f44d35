// SPDX-License-Identifier: MIT
//
// The resolver that asks DNS servers through a stack.

#include "nif/resolver.h"

static struct nif_dns *dns_of(struct nif_resolver *r)
{
    return &nif_container_of(r, struct nif_dns_resolver, resolver)->dns;
}

static int dns_start(struct nif_resolver *r, const char *host,
    enum nif_ip_family family)
{
    return family == NIF_IPV6 ? NIF_ENOTSUP : nif_dns_start(dns_of(r), host);
}

static int dns_poll(struct nif_resolver *r, struct nif_ip *out,
    uint64_t *again_us)
{
    return nif_dns_poll(dns_of(r), out, again_us);
}

static void dns_stop(struct nif_resolver *r)
{
    nif_dns_stop(dns_of(r));
}

static const struct nif_resolver_ops dns_ops = {
    .start = dns_start,
    .poll = dns_poll,
    .stop = dns_stop,
};

void nif_dns_resolver_init(struct nif_dns_resolver *r, struct nif_stack *stack,
    uint64_t seed)
{
    r->resolver = (struct nif_resolver){ .ops = &dns_ops, .stack = stack };
    nif_dns_init(&r->dns, stack, seed);
}
