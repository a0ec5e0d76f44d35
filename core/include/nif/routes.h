// SPDX-License-Identifier: MIT
//
// More than one way out (RFC 1122 3.3.1): further gateways beside nif_net's,
// and what gateways say by ICMP redirects. A part of nif/tcpip.h that is linked
// only where nif_routes_init() is called; a stack without it has one gateway,
// and passes over redirects.
//
//     static const struct nif_ip others[] = { ... };
//     static struct nif_route table[4];
//
//     nif_routes_init(&routes, &(struct nif_routes_cfg){ .gateways = others,
//         .gateway_count = 1, .table = table, .count = 4 });
//     nif_tcpip_init(&tcpip, &(struct nif_tcpip_cfg){ ... .routes = &routes });
//
// A gateway that no longer answers ARP gives way to the next one; after the
// last comes the first again. ARP asks it because its entry is old or because
// TCP has sent the same three times without an answer (RFC 1122 3.3.1.4,
// 3.3.1.5); it is not pinged. Connections go on over the other way.
//
// A redirect says that another gateway is closer to one host; all four codes
// are taken so (3.2.2.2, 3.3.1.2). It is believed if it comes from the gateway
// that is in use for that host, quotes a packet of ours to it, and names a
// neighbour. Whoever is on the link can write such a message, as he can lie to
// ARP; who does not trust his link gives no table: `count` 0.

#ifndef NIF_ROUTES_H
#define NIF_ROUTES_H

#include "nif/tcpip.h"

NIF_C_BEGIN

/// The way to a host. Private.
struct nif_route {
    uint32_t dst; ///< 0: free
    uint32_t via;
};

struct nif_routes_cfg {
    const struct nif_ip *gateways; ///< `gateway_count` beside nif_net.gateway,
                                   ///< the best first; must outlive the part.
                                   ///< Those outside the subnet are not used
    uint8_t gateway_count;         ///< 254 at most
    uint8_t count;                 ///< of `table`; the oldest way gives way
    struct nif_route *table;       ///< hosts whose way was redirected
};

struct nif__in;

/// What the stack calls. Private.
struct nif_routes_ops {
    uint32_t (*hop)(const struct nif_tcpip *ip, uint32_t dst);
    bool (*redirect)(struct nif_tcpip *ip, const struct nif__in *in);
    void (*failed)(struct nif_tcpip *ip, uint32_t gateway);
    void (*renew)(struct nif_tcpip *ip);
};

/// The part. Of one stack.
struct nif_routes {
    const struct nif_routes_ops *ops;
    struct nif_routes_cfg cfg;
    uint8_t current; ///< default gateway in use; 0: nif_net.gateway
    uint8_t next;    ///< of the table: to be filled next

    uint16_t redirect_count; ///< redirects that were believed; may be read
    uint16_t failed_count;   ///< gateways that gave way; may be read
};

/// Fills memory only, and clears the table.
void nif_routes_init(struct nif_routes *routes,
    const struct nif_routes_cfg *cfg);

NIF_C_END

#endif
