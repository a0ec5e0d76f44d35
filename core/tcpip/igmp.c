// SPDX-License-Identifier: MIT
//
// IGMPv2, the host's side (RFC 2236), and the groups of connections (RFC
// 1112). A group's bit is its place in the table.

#include "udp.h"

#include "nif/igmp.h"

#include <string.h>

enum {
    IGMP_TYPE = 0,
    IGMP_MAX_RESP = 1, // tenths of a second; 0: version 1
    IGMP_SUM = 2,
    IGMP_GROUP = 4,
    IGMP_LEN = 8,

    IGMP_QUERY = 0x11,
    IGMP_REPORT_V1 = 0x12,
    IGMP_REPORT = 0x16,
    IGMP_LEAVE = 0x17,
};

#define ALL_HOSTS   0xE0000001u // 224.0.0.1: who is in it need not say so
#define ALL_ROUTERS 0xE0000002u
#define ALL_BIT     (1u << NIF_IGMP_GROUPS_MAX)

// RFC 2236 8; intervals in ticks.
#define UNSOLICITED NIF__S(10)
#define V1_ROUTER   NIF__S(400)
#define V1_RESP     100 // tenths of a second
#define ROBUSTNESS  2
#define RETRY       NIF__MS(10)

// IPv4 header with Router Alert (RFC 2113).
#define HEADER_LEN (IPV4_LEN + 4)

// ---------------------------------------------------------------- sending

// One message, to `dst`, about `group`. Returns as nif__ether_send().
static int send(struct nif_igmp *igmp, uint8_t type, uint32_t dst,
    uint32_t group)
{
    struct nif_tcpip *ip = igmp->ip;
    uint32_t words[(2 + ETH_LEN + HEADER_LEN + IGMP_LEN) / 4];
    uint8_t *frame = (uint8_t *)words + 2;
    uint32_t *h = words + (2 + ETH_LEN) / 4;
    uint32_t *body = h + HEADER_LEN / 4;
    const struct nif_seg seg = { frame, sizeof(words) - 2 };
    int err;

    nif__ipv4_group_hwaddr(dst, frame + ETH_DST);
    nif__put_hwaddr(frame + ETH_SRC, ip->own.byte);
    nif__put_half(frame + ETH_TYPE, nif__be16(ETH_TYPE_IPV4));
    h[0] = nif__be32(0x46000000u | (HEADER_LEN + IGMP_LEN));
    h[1] = nif__be32((uint32_t)ip->ip_id++ << 16);
    h[2] = nif__be32(1u << 24 | IPV4_PROTO_IGMP << 16);
    h[3] = nif__be32(ip->ip);
    h[4] = nif__be32(dst);
    h[5] = nif__be32(0x94040000u);
    nif__put_half((uint8_t *)h + IPV4_SUM,
        nif__raw_end(nif__raw_words(0, h, HEADER_LEN / 4)));
    body[0] = nif__be32((uint32_t)type << 24);
    body[1] = nif__be32(group);
    nif__put_half((uint8_t *)body + IGMP_SUM,
        nif__raw_end(nif__raw_words(0, body, IGMP_LEN / 4)));
    err = nif__ether_send(ip, &seg, 1, seg.len);
    if (err == 0) {
        igmp->report_count++;
    }
    return err;
}

// ------------------------------------------------------------------ timers

static void schedule(struct nif_igmp *igmp, struct nif_igmp_group *g,
    uint32_t wait)
{
    g->at = igmp->ip->now + wait;
    g->waits = true;
    nif__due(igmp->ip, g->at);
}

// A random time up to `most` (below 2^16), never quite zero.
static uint32_t some(struct nif_igmp *igmp, uint32_t most)
{
    return (most * (nif__random(igmp->ip) >> 16) >> 16) + 1;
}

static void report(struct nif_igmp *igmp, struct nif_igmp_group *g)
{
    uint8_t type = igmp->v1 ? IGMP_REPORT_V1 : IGMP_REPORT;

    if (send(igmp, type, g->ip, g->ip) == NIF_EAGAIN) {
        schedule(igmp, g, RETRY);
        return;
    }
    g->last = true;
    g->waits = false;
    if (g->reports > 0) {
        g->reports--;
    }
    if (g->reports > 0) {
        schedule(igmp, g, some(igmp, UNSOLICITED));
    }
}

static void igmp_timer(struct nif_igmp *igmp)
{
    struct nif_tcpip *ip = igmp->ip;

    igmp->v1 = igmp->v1 && !nif__reached(ip, igmp->v1_until);
    if (igmp->v1) {
        nif__due(ip, igmp->v1_until);
    }
    for (size_t i = 0; i < igmp->cfg.count; i++) {
        struct nif_igmp_group *g = &igmp->cfg.groups[i];

        if (g->ip == 0 || !g->waits || ip->ip == 0) {
            continue;
        }
        if (nif__reached(ip, g->at)) {
            report(igmp, g);
        } else {
            nif__due(ip, g->at);
        }
    }
}

// Reports a group without being asked, now and some seconds later (RFC 2236
// 3). Without an address that waits until there is one.
static void announce(struct nif_igmp *igmp, struct nif_igmp_group *g)
{
    if (g->ip != ALL_HOSTS) {
        g->reports = ROBUSTNESS;
        schedule(igmp, g, 0);
    }
}

// ------------------------------------------------------------------ filter

// Tells the device which groups are wanted. Without any, none.
static int set_filter(struct nif_igmp *igmp)
{
    struct nif_hwaddr list[NIF_IGMP_GROUPS_MAX + 1];
    struct nif_iface *iface = igmp->ip->iface;
    struct nif_eth_filter filter = { .groups = list };

    for (size_t i = 0; i < igmp->cfg.count; i++) {
        if (igmp->cfg.groups[i].ip != 0) {
            nif__ipv4_group_hwaddr(igmp->cfg.groups[i].ip,
                list[filter.group_count++].byte);
        }
    }
    if (filter.group_count > 0) { // queries come there
        nif__ipv4_group_hwaddr(ALL_HOSTS, list[filter.group_count++].byte);
    }
    return iface->eth->filter != NULL ? iface->eth->filter(iface, &filter) : 0;
}

// Another cable, or another address: everything anew. What the filter says
// is the device's own business to repeat (it counts its errors itself).
static void igmp_renew(struct nif_igmp *igmp)
{
    igmp->v1 = false;
    for (size_t i = 0; i < igmp->cfg.count; i++) {
        if (igmp->cfg.groups[i].ip != 0) {
            announce(igmp, &igmp->cfg.groups[i]);
        }
    }
}

// ------------------------------------------------------------------- input

static struct nif_igmp_group *find(const struct nif_igmp *igmp, uint32_t addr)
{
    for (size_t i = 0; i < igmp->cfg.count; i++) {
        if (igmp->cfg.groups[i].ip == addr) {
            return &igmp->cfg.groups[i];
        }
    }
    return NULL;
}

static uint32_t bit_of(const struct nif_igmp *igmp,
    const struct nif_igmp_group *g)
{
    return 1u << (g - igmp->cfg.groups);
}

static uint32_t igmp_member(const struct nif_igmp *igmp, uint32_t addr)
{
    const struct nif_igmp_group *g = find(igmp, addr);

    return (g != NULL ? bit_of(igmp, g) : 0) |
        (addr == ALL_HOSTS ? ALL_BIT : 0);
}

// RFC 2236 3: answers at a random time, unless an answer is due sooner.
static void take_query(struct nif_igmp *igmp, const struct nif__in *in)
{
    uint32_t about = nif_load_be32(in->body + IGMP_GROUP);
    uint32_t most = in->body[IGMP_MAX_RESP];

    if (about != 0 ? in->dst != about : in->dst != ALL_HOSTS) {
        igmp->drop_count++;
        return;
    }
    igmp->query_count++;
    if (most == 0) {
        most = V1_RESP;
        igmp->v1 = true;
        igmp->v1_until = igmp->ip->now + V1_ROUTER;
        nif__due(igmp->ip, igmp->v1_until);
    }
    most = NIF__MS(most * 100);
    for (size_t i = 0; i < igmp->cfg.count; i++) {
        struct nif_igmp_group *g = &igmp->cfg.groups[i];

        if (g->ip != 0 && g->ip != ALL_HOSTS &&
            (about == 0 || about == g->ip) &&
            (!g->waits || !nif__reached(igmp->ip, g->at - most))) {
            schedule(igmp, g, some(igmp, most));
        }
    }
}

// Somebody else has reported the group: the router knows enough.
static void take_report(struct nif_igmp *igmp, const struct nif__in *in)
{
    struct nif_igmp_group *g = find(igmp, nif_load_be32(in->body + IGMP_GROUP));

    if (g != NULL && g->ip == in->dst) {
        g->last = false;
        g->reports = 0;
        g->waits = false;
    }
}

static void igmp_input(struct nif_igmp *igmp, const struct nif__in *in)
{
    // Routers and neighbours of this link only (RFC 2236 2).
    if (in->len < IGMP_LEN || in->ip[IPV4_TTL] != 1 || in->groups == 0 ||
        nif__checksum(0, in->body, in->len) != 0) {
        igmp->drop_count++;
        return;
    }
    switch (in->body[IGMP_TYPE]) {
    case IGMP_QUERY: take_query(igmp, in); break;
    case IGMP_REPORT_V1:
    case IGMP_REPORT: take_report(igmp, in); break;
    default: igmp->drop_count++; break;
    }
}

// ------------------------------------------------------------- connections

static void drop_user(struct nif_igmp *igmp, struct nif_igmp_group *g)
{
    uint32_t addr = g->ip;

    if (--g->users > 0) {
        return;
    }
    g->ip = 0;
    // Never fails to leave: a filter too wide does no harm.
    (void)!set_filter(igmp);
    if (g->last && addr != ALL_HOSTS && igmp->ip->ip != 0 && !igmp->v1) {
        // Lost if there is no room: the router asks again by itself.
        (void)!send(igmp, IGMP_LEAVE, ALL_ROUTERS, addr);
    }
}

static int add_user(struct nif_igmp *igmp, uint32_t addr,
    struct nif_igmp_group **out)
{
    struct nif_igmp_group *g = find(igmp, addr);

    *out = g;
    if (g != NULL) {
        g->users++;
        return 0;
    }
    g = find(igmp, 0);
    if (g == NULL) {
        return NIF_ENOBUFS;
    }
    *out = g;
    *g = (struct nif_igmp_group){ .ip = addr, .users = 1 };
    if (set_filter(igmp) != 0) {
        g->ip = 0;
        return NIF_EIO;
    }
    announce(igmp, g);
    nif__kick(igmp->ip);
    return 0;
}

static int igmp_group(struct nif_igmp *igmp, struct nif_conn *conn,
    const struct nif_ip *group, bool join)
{
    struct nif__udp *udp = nif__udp_of(conn);
    struct nif_igmp_group *g;
    int err;

    if (group->family != NIF_IPV4 || !nif_ip_is_multicast(group)) {
        return NIF_EINVAL;
    }
    g = find(igmp, nif__ip4(group));
    if ((g != NULL && (udp->groups & bit_of(igmp, g)) != 0) == join) {
        return 0; // as it is
    }
    if (!join) {
        udp->groups &= ~bit_of(igmp, g);
        drop_user(igmp, g);
        return 0;
    }
    err = add_user(igmp, nif__ip4(group), &g);
    if (err == 0) {
        udp->groups |= bit_of(igmp, g);
    }
    return err;
}

static void igmp_leave_all(struct nif_igmp *igmp, struct nif_conn *conn)
{
    struct nif__udp *udp = nif__udp_of(conn);

    for (size_t i = 0; i < igmp->cfg.count; i++) {
        if (udp->groups & 1u << i) {
            drop_user(igmp, &igmp->cfg.groups[i]);
        }
    }
    udp->groups = 0;
}

static const struct nif_igmp_ops igmp_ops = {
    .member = igmp_member,
    .input = igmp_input,
    .timer = igmp_timer,
    .renew = igmp_renew,
    .group = igmp_group,
    .leave_all = igmp_leave_all,
};

void nif_igmp_init(struct nif_igmp *igmp, const struct nif_igmp_cfg *cfg)
{
    NIF_ASSERT(cfg->count > 0 && cfg->count <= NIF_IGMP_GROUPS_MAX);
    *igmp = (struct nif_igmp){ .ops = &igmp_ops, .cfg = *cfg };
    memset(cfg->groups, 0, cfg->count * sizeof(cfg->groups[0]));
}
