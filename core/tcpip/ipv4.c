// SPDX-License-Identifier: MIT
//
// IPv4 (RFC 791, RFC 1122 3): checks what comes, finds the way for what goes.
// Fragments are for reassembly.c and fragment.c.

#include "internal.h"

#include "nif/igmp.h"
#include "nif/reassembly.h"
#include "nif/routes.h"
#include "tcp.h"
#include "udp.h"

#include <string.h>

// ----------------------------------------------------------------- input

// Walks the options as far as to know that none of them is a source route,
// which nobody honest uses (RFC 7126 4.3, 4.4), and that their lengths hold.
// Returns 0, SOURCE_ROUTE, or where in the header the mistake is.
#define SOURCE_ROUTE 1

static size_t bad_option(const uint8_t *h, size_t header)
{
    size_t at = IPV4_LEN;

    while (at < header && h[at] != IPV4_OPT_END) {
        if (h[at] == IPV4_OPT_NOP) {
            at++;
            continue;
        }
        if (h[at] == IPV4_OPT_LSRR || h[at] == IPV4_OPT_SSRR) {
            return SOURCE_ROUTE;
        }
        if (header - at < 2 || h[at + 1] < 2 || h[at + 1] > header - at) {
            return at;
        }
        at += h[at + 1];
    }
    return 0;
}

bool nif__ipv4_is_host(const struct nif_ip *ip)
{
    uint32_t addr = nif__ip4(ip);

    return ip->family == NIF_IPV4 && addr != 0 && addr >> 28 < 0xE &&
        addr >> 24 != 127;
}

// A source that can be answered. 0.0.0.0 is who has no address yet and calls
// to all, or a switch that asks for groups.
static bool source_possible(const struct nif_tcpip *ip,
    const struct nif__in *in)
{
    if (in->src == 0) {
        return in->group &&
            (in->ip[IPV4_PROTO] == IPV4_PROTO_UDP ||
                in->ip[IPV4_PROTO] == IPV4_PROTO_IGMP);
    }
    return in->src != ip->ip && in->src >> 28 < 0xE && in->src >> 24 != 127 &&
        !nif__ipv4_is_broadcast(ip, in->src);
}

// A packet for more than us: for all, or a group that we are in. Before
// there is an address, everything that came to our card: a DHCP server may
// use the address that it is about to give (RFC 2131 4.1).
static bool for_us_too(const struct nif_tcpip *ip, struct nif__in *in)
{
    if (nif__ipv4_is_broadcast(ip, in->dst)) {
        in->group = true;
        return true;
    }
    if (in->dst >> 28 == 0xE) {
        struct nif_igmp *igmp = ip->cfg.igmp;

        in->group = true;
        in->groups = igmp != NULL ? igmp->ops->member(igmp, in->dst) : 0;
        return in->groups != 0;
    }
    return ip->ip == 0 && in->dst >> 28 < 0xE;
}

static bool for_us(const struct nif_tcpip *ip, struct nif__in *in)
{
    // What is ours but went to all cards was not sent by an honest host
    // (RFC 1122 3.3.6).
    return in->dst == ip->ip && in->dst != 0 ? !in->group : for_us_too(ip, in);
}

// True if the sum of the header holds; `a` is its fixed part, aligned, with
// `options` bytes behind that of `in`.
static bool sum_holds(const uint8_t *a, const struct nif__in *in,
    size_t options)
{
    uint32_t sum = nif__sum_five(a);

    if (options > 0) {
        sum = nif__carry_add(sum,
            nif__copy_sum(NULL, in->ip + IPV4_LEN, options));
    }
    return nif__raw_zero(sum);
}

void nif__ipv4_deliver(struct nif_tcpip *ip, const struct nif__in *in)
{
    uint8_t proto = in->ip[IPV4_PROTO];

    if (ip->ip == 0 && proto != IPV4_PROTO_UDP) {
        ip->stats.ip_other++; // no address to answer from
        return;
    }
    switch (proto) {
    case IPV4_PROTO_ICMP: nif__icmp_input(ip, in); return;
    case IPV4_PROTO_UDP: nif__udp_input(ip, in); return;
    case IPV4_PROTO_TCP: nif__tcp_input(ip, in); return;
    case IPV4_PROTO_IGMP:
        if (ip->cfg.igmp != NULL) {
            ip->cfg.igmp->ops->input(ip->cfg.igmp, in);
            return;
        }
        break;
    default: break;
    }
    ip->stats.ip_proto++;
    nif__icmp_error(ip, in, ICMP_UNREACHABLE << 8 | ICMP_CODE_PROTOCOL, 0);
}

// A part of a packet.
static void fragment(struct nif_tcpip *ip, const struct nif__in *in)
{
    struct nif_reassembly *r = ip->cfg.reassembly;

    if (r != NULL && ip->ip != 0) {
        r->ops->input(ip, in);
    } else {
        ip->stats.ip_fragment++;
    }
}

// An option that does not hold together is reported. Whoever routes at the
// source is not told a thing (CVE-2019-12256).
static bool options_hold(struct nif_tcpip *ip, const struct nif__in *in,
    uint16_t field)
{
    size_t bad = bad_option(in->ip, (size_t)(in->body - in->ip));

    if (bad == 0) {
        return true;
    }
    ip->stats.ip_option++;
    if (bad != SOURCE_ROUTE && !(field & IPV4_OFFSET)) {
        nif__icmp_error(ip, in, ICMP_PARAMETER << 8, (uint32_t)bad << 24);
    }
    return false;
}

// A network is full of datagrams for many that a board does not want. They are
// told from others by their port, before anything is made of them: whole, as
// far as one can see, and without options.
static bool unwanted(const struct nif_tcpip *ip, const uint8_t *h, size_t len)
{
    uint16_t port;

    if (len < IPV4_LEN + UDP_LEN || h[IPV4_VERSION_IHL] != 0x45 ||
        h[IPV4_PROTO] != IPV4_PROTO_UDP ||
        (h[IPV4_FRAGMENT] & IPV4_MORE_OR_OFFSET >> 8) != 0 ||
        h[IPV4_FRAGMENT + 1] != 0) {
        return false;
    }
    port = nif_get_be16(h + IPV4_LEN + UDP_DST);
    for (struct nif_conn *c = ip->conns; c != NULL; c = c->next) {
        if (nif__flow_of(c)->port == port && c->proto == NIF_UDP) {
            return false;
        }
    }
    return true;
}

// A packet of at most `len` bytes; `a` is its header's fixed part, aligned.
static void take(struct nif_tcpip *ip, struct nif__in *in, const uint8_t *a,
    size_t len)
{
    uint32_t first = nif__be32(nif__word(a));
    size_t header = first >> 22 & 0x3C;
    size_t total = first & 0xFFFF;
    uint32_t field = nif__word(a + IPV4_ID) & nif__be32(IPV4_MORE_OR_OFFSET);

    // Version 4, and a header of five to fifteen words.
    if ((first >> 24) - 0x45 > 10 || total < header || total > len) {
        ip->stats.ip_bad++;
        return;
    }
    in->body = in->ip + header;
    in->len = total - header;
    in->src = nif__be32(nif__word(a + IPV4_SRC));
    in->dst = nif__be32(nif__word(a + IPV4_DST));
    in->groups = 0;
    in->lent = NULL;
    header -= IPV4_LEN;
    // What is not for us is not worth a look at its sum and its options.
    if (!for_us(ip, in)) {
        ip->stats.ip_other++;
    } else if (!sum_holds(a, in, header)) {
        ip->stats.ip_bad++;
    } else if (!source_possible(ip, in)) {
        ip->stats.ip_source++;
    } else if (header > 0 &&
        !options_hold(ip, in, (uint16_t)nif__be32(field))) {
        return;
    } else if (field != 0) {
        fragment(ip, in);
    } else {
        nif__ipv4_deliver(ip, in);
    }
}

void nif__ipv4_input(struct nif_tcpip *ip, uint8_t *frame, size_t len)
{
    const uint8_t *h = frame + ETH_LEN;
    unsigned group = frame[ETH_DST] & 1u;
    uint32_t copy[IPV4_LEN / 4];
    struct nif__in in; // each field is set: cheaper than zeroes first

    len -= ETH_LEN;
    if (group && unwanted(ip, h, len)) {
        ip->stats.udp_closed++;
        return;
    }
    if (len < IPV4_LEN) {
        ip->stats.ip_bad++;
        return;
    }
    if (((uintptr_t)h & 3) != 0) {
        h = memcpy(copy, h, sizeof(copy));
    }
    in.ip = frame + ETH_LEN;
    in.group = group;
    take(ip, &in, h, len);
}

// ---------------------------------------------------------------- output

uint32_t nif__ipv4_gateway(const struct nif_tcpip *ip, uint32_t addr)
{
    const struct nif_routes *routes = ip->cfg.routes;

    return routes != NULL ? routes->ops->hop(ip, addr) : ip->gateway;
}

int nif__ipv4_route(const struct nif_tcpip *ip, uint32_t addr, uint32_t *hop)
{
    *hop = addr;
    if (addr == UINT32_MAX) {
        return 0;
    }
    if (ip->ip == 0) {
        return NIF_EADDR;
    }
    if (addr == 0 || addr == ip->ip || addr >> 24 == 127 || addr >> 28 == 0xF) {
        return NIF_EUNREACH;
    }
    if (((addr ^ ip->ip) & ip->mask) != 0 && addr >> 28 != 0xE) {
        *hop = nif__ipv4_gateway(ip, addr);
        return *hop != 0 ? 0 : NIF_EUNREACH;
    }
    return 0;
}

int nif__ipv4_resolve(struct nif_tcpip *ip, struct nif__head *head)
{
    uint8_t *hwaddr = nif__head_ether(head) + ETH_DST;
    uint32_t hop;
    int err;

    if (nif__arp_known(ip, head->dst, hwaddr)) {
        return 0;
    }
    err = nif__ipv4_route(ip, head->dst, &hop);
    if (err != 0) {
        return err;
    }
    if (nif__ipv4_is_broadcast(ip, hop)) {
        memset(hwaddr, 0xFF, 6);
        return 0;
    }
    if (hop >> 28 == 0xE) {
        nif__ipv4_group_hwaddr(hop, hwaddr);
        return 0;
    }
    return nif__arp_resolve(ip, hop, hwaddr);
}

// RFC 1112 6.4.
void nif__ipv4_group_hwaddr(uint32_t group, uint8_t hwaddr[6])
{
    nif_put_be16(hwaddr, 0x0100);
    nif_put_be32(hwaddr + 2, 0x5E000000u | (group & 0x7FFFFF));
}

uint32_t nif__ipv4_head(const struct nif_tcpip *ip, struct nif__head *head,
    size_t total, uint32_t id_fragment)
{
    uint8_t *ether = nif__head_ether(head);
    uint32_t *h = head->word + NIF__HEAD_IP;
    uint32_t addresses;
    uint32_t sum;

    nif__put_hwaddr(ether + ETH_SRC, ip->own.byte);
    nif__put_half(ether + ETH_TYPE, nif__be16(ETH_TYPE_IPV4));
    h[3] = nif__be32(ip->ip);
    h[4] = nif__be32(head->dst);
    addresses = nif__carry_add(h[3], h[4]);
    h[0] = nif__be32(0x45000000u | (uint32_t)head->tos << 16 | (uint32_t)total);
    h[1] = nif__be32(id_fragment);
    h[2] = nif__be32((uint32_t)head->ttl << 24 | (uint32_t)head->proto << 16);
    sum = nif__carry_add(addresses, h[0]);
    sum = nif__carry_add(sum, h[1]);
    sum = nif__carry_add(sum, h[2]);
    nif__put_half((uint8_t *)h + IPV4_SUM, nif__raw_end(sum));
    return addresses;
}

int nif__ipv4_send_long(struct nif_tcpip *ip, struct nif__out *out, size_t len)
{
    return ip->cfg.fragment != NULL ? ip->cfg.fragment->ops->send(ip, out, len)
                                    : NIF_ETOOBIG;
}

// Makes the header of a request that of its reply. An echo keeps its
// identification: the sender has not used it for another packet. What is never
// cut needs none (RFC 6864 4.1).
static void turn_header(struct nif_tcpip *ip, uint8_t *h, uint32_t dst)
{
    if (h[IPV4_PROTO] != IPV4_PROTO_ICMP) {
        nif_put_be16(h + IPV4_ID,
            h[IPV4_FRAGMENT] & IPV4_DONT_FRAGMENT >> 8 ? 0 : ip->ip_id++);
    }
    h[IPV4_TTL] = IPV4_TTL_DEFAULT;
    nif_put_be16(h + IPV4_SUM, 0);
    nif_put_be32(h + IPV4_SRC, ip->ip);
    nif_put_be32(h + IPV4_DST, dst);
    nif_put_be16(h + IPV4_SUM, nif__checksum(0, h, IPV4_LEN));
}

// Options are never echoed: the headers move to where they end. Returns
// IPv4's, for `len` bytes.
static uint8_t *strip(const struct nif__in *in, size_t len)
{
    uint8_t *h = in->body - IPV4_LEN;
    uint8_t headers[ETH_LEN + IPV4_LEN];

    memcpy(headers, nif__frame(in), sizeof(headers));
    memcpy(h - ETH_LEN, headers, sizeof(headers));
    h[IPV4_VERSION_IHL] = 0x45;
    nif_put_be16(h + IPV4_TOTAL, (uint16_t)(IPV4_LEN + len));
    return h;
}

void nif__ipv4_reply(struct nif_tcpip *ip, const struct nif__in *in, size_t len)
{
    uint8_t *h = in->ip;
    bool same = in->body == h + IPV4_LEN && in->len == len;

    if (IPV4_LEN + len > ip->mtu) {
        if (ip->cfg.fragment != NULL && in->lent != NULL) {
            ip->cfg.fragment->ops->reply(ip, in, len);
        }
        return;
    }
    if (same && h[IPV4_PROTO] == IPV4_PROTO_ICMP && ((uintptr_t)h & 3) == 0) {
        nif__turn_head(h, ip->ip);
    } else {
        if (!same) {
            h = strip(in, len);
        }
        turn_header(ip, h, in->src);
    }
    nif__ether_reply(ip, h - ETH_LEN, ETH_LEN + IPV4_LEN + len);
}
