// SPDX-License-Identifier: MIT
//
// IPv4 multicast groups (RFC 1112, IGMPv2: RFC 2236): lets UDP connections
// join them (nif_conn_group() in nif/stack.h), tells routers and switches
// which ones, and sets the device's filter. A part of nif/tcpip.h that is
// linked only where nif_igmp_init() is called; a stack without it has no
// groups: nif_conn_group() says NIF_ENOTSUP. Sending to a group needs none of
// this.
//
//     static struct nif_igmp_group groups[2];
//
//     nif_igmp_init(&igmp, &(struct nif_igmp_cfg){ .groups = groups,
//         .count = 2 });
//     nif_tcpip_init(&tcpip, &(struct nif_tcpip_cfg){ ... .igmp = &igmp });
//     ...
//     nif_conn_group(&conn, &group, true);
//
// A connection gets what is sent to the groups that it joined and to its
// port. Several can share group and port (NIF_OPT_REUSE); each gets its copy.
// What we send to a group does not come back to our own connections.
//
// Where a router speaks only version 1, we do too for 400 s (RFC 2236 4); a
// query of version 3 is answered by version 2 (RFC 3376 7.2.1).

#ifndef NIF_IGMP_H
#define NIF_IGMP_H

#include "nif/tcpip.h"

NIF_C_BEGIN

/// The most groups that can be told apart.
#define NIF_IGMP_GROUPS_MAX 31

/// A group that somebody joined. Private.
struct nif_igmp_group {
    uint32_t ip;     ///< 0: free
    uint32_t at;     ///< tick when to report it
    uint16_t users;  ///< connections in it
    uint8_t reports; ///< still to send without being asked
    bool waits;      ///< it is to be reported
    bool last;       ///< we were the last who reported it
};

struct nif_igmp_cfg {
    struct nif_igmp_group *groups; ///< `count` of them; must outlive the part
    size_t count;                  ///< 1 to NIF_IGMP_GROUPS_MAX
};

struct nif__in;
struct nif_igmp;

/// What the stack calls. Private.
struct nif_igmp_ops {
    uint32_t (*member)(const struct nif_igmp *igmp, uint32_t addr);
    void (*input)(struct nif_igmp *igmp, const struct nif__in *in);
    void (*timer)(struct nif_igmp *igmp);
    void (*renew)(struct nif_igmp *igmp);
    int (*group)(struct nif_igmp *igmp, struct nif_conn *conn,
        const struct nif_ip *group, bool join);
    void (*leave_all)(struct nif_igmp *igmp, struct nif_conn *conn);
};

/// The part. Of one stack.
struct nif_igmp {
    const struct nif_igmp_ops *ops;
    uint32_t report_count; ///< reports and leaves sent; may be read
    uint32_t query_count;  ///< queries taken; may be read
    uint32_t drop_count;   ///< messages malformed or not of this link

    // Private from here on.
    struct nif_igmp_cfg cfg;
    struct nif_tcpip *ip;
    uint32_t v1_until; ///< tick until which a router of version 1 is about
    bool v1;           ///< one is
};

/// Fills memory only.
void nif_igmp_init(struct nif_igmp *igmp, const struct nif_igmp_cfg *cfg);

NIF_C_END

#endif
