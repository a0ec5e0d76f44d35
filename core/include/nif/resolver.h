// SPDX-License-Identifier: MIT
//
// From names to addresses, whoever knows them: our DNS client over a stack,
// or the chip that a stack lives in. One lookup at a time per resolver.
//
//     struct nif_dns_resolver dns;
//     nif_dns_resolver_init(&dns, stack, seed);
//     err = nif_lookup(&dns.resolver, "example.net", NIF_IPV4, &ip, until_us);
//
// nif_dial() (nif/net.h) takes a resolver and names.

#ifndef NIF_RESOLVER_H
#define NIF_RESOLVER_H

#include "nif/dns.h"

NIF_C_BEGIN

struct nif_resolver;

/// What a resolver implements.
struct nif_resolver_ops {
    /// Begins to look for an address of `host` in that family (NIF_IP_NONE:
    /// any). Ends an earlier lookup. `host` stays until the lookup ends.
    ///
    /// Returns 0; NIF_EINVAL if it is no host name; NIF_EADDR if there is
    /// nobody to ask; NIF_ENOTSUP for the family.
    int (*start)(struct nif_resolver *r, const char *host,
        enum nif_ip_family family);

    /// Does what is due. Lowers `*again_us` to the time when it wants to be
    /// called again.
    ///
    /// Returns 0 and the address; NIF_EAGAIN while it works; NIF_ENOTFOUND;
    /// NIF_ETIMEDOUT; NIF_EPROTO.
    int (*poll)(struct nif_resolver *r, struct nif_ip *out, uint64_t *again_us);

    /// Ends the lookup, if one runs.
    void (*stop)(struct nif_resolver *r);
};

/// The part of every resolver that others know; its first member.
struct nif_resolver {
    const struct nif_resolver_ops *ops;
    struct nif_stack *stack; ///< what it asks through
    const char *host;        ///< private
};

/// The one that asks DNS servers, and the neighbours for names in .local
/// (nif/dns.h). Must not move during a lookup.
struct nif_dns_resolver {
    struct nif_resolver resolver; ///< give this to others
    struct nif_dns dns; ///< private, but for nif_dns_share(): several resolvers
                        ///< may share a cache
};

/// Fills memory only. Over `stack`, with the servers that it was given;
/// `seed` is secret.
void nif_dns_resolver_init(struct nif_dns_resolver *r, struct nif_stack *stack,
    uint64_t seed);

/// Makes `*r` the one inside the stack's chip. Fills memory only.
///
/// Returns 0; NIF_ENOTSUP if the stack has none.
NIF_NODISCARD int nif_chip_resolver_init(struct nif_resolver *r,
    struct nif_stack *stack);

/// Looks a name up and waits for the answer, at most until `until_us`. An
/// address as text is taken as it is, and nobody asked.
///
/// Returns 0; NIF_EINVAL, NIF_EADDR, NIF_ENOTFOUND, NIF_ENOTSUP, NIF_EPROTO as
/// above; NIF_ETIMEDOUT, also when `until_us` is reached.
NIF_NODISCARD int nif_lookup(struct nif_resolver *r, const char *host,
    enum nif_ip_family family, struct nif_ip *out, uint64_t until_us);

NIF_C_END

#endif
