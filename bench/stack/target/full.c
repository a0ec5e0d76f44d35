// SPDX-License-Identifier: MIT
//
// What other stacks call complete for IPv4: fragments both ways, multicast
// groups, conflict detection.

#include "bench/stack/target/app.h"
#include "nif/acd.h"
#include "nif/igmp.h"
#include "nif/reassembly.h"

static struct nif_reassembly reassembly;
static struct nif_reassembly_slot slot;
static struct nif_fragment fragment;
static struct nif_igmp igmp;
static struct nif_igmp_group group;
static struct nif_acd acd;
static uint8_t packet[NIF_REASSEMBLY_BYTES(1480)];

void app_init(struct nif_tcpip *tcpip, struct nif_tcpip_cfg *cfg)
{
    nif_reassembly_init(&reassembly,
        &(struct nif_reassembly_cfg){ .slots = &slot,
            .count = 1,
            .buf = packet,
            .each = 1480 });
    nif_fragment_init(&fragment);
    nif_igmp_init(&igmp,
        &(struct nif_igmp_cfg){ .groups = &group, .count = 1 });
    cfg->reassembly = &reassembly;
    cfg->fragment = &fragment;
    cfg->igmp = &igmp;
    nif_tcpip_init(tcpip, cfg);
    nif_acd_init(&acd, &(struct nif_acd_cfg){ .tcpip = tcpip });
}
