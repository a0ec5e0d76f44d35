// SPDX-License-Identifier: MIT
//
// DHCP with address conflict detection.

#include "nif/dhcp_acd.h"

static struct nif_dhcp_acd *acd_of(struct nif_dhcp_probe *probe)
{
    return nif_container_of(probe, struct nif_dhcp_acd, probe);
}

static void dhcp_acd_begin(struct nif_dhcp_probe *probe,
    const struct nif_ip *ip)
{
    // An address that no host can have, the client has refused already.
    (void)!nif_acd_probe(acd_of(probe)->acd, ip);
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int dhcp_acd_look(struct nif_dhcp_probe *probe, uint64_t *again_us)
{
    const struct nif_acd *acd = acd_of(probe)->acd;

    if (acd->state == NIF_ACD_CONFLICT) {
        return NIF_EADDRINUSE;
    }
    if (acd->state != NIF_ACD_PROBING) {
        return 0;
    }
    (void)again_us; // the stack knows when, and wakes who waits
    return NIF_EAGAIN;
}

void nif_dhcp_acd_poll(struct nif_dhcp_acd *check)
{
    struct nif_acd *acd = check->acd;
    bool leased = check->dhcp->state >= NIF_DHCP_BOUND;

    if (acd->state == NIF_ACD_FREE && leased) {
        (void)!nif_acd_defend(acd); // cannot fail in this state
    } else if (acd->state == NIF_ACD_CONFLICT && leased) {
        nif_acd_stop(acd);
        nif_dhcp_conflict(check->dhcp);
    } else if (acd->state == NIF_ACD_DEFENDING && !leased) {
        nif_acd_stop(acd); // the lease is over
    }
}

void nif_dhcp_acd_init(struct nif_dhcp_acd *check, struct nif_acd *acd,
    struct nif_dhcp *dhcp)
{
    *check = (struct nif_dhcp_acd){
        .probe = { .begin = dhcp_acd_begin, .poll = dhcp_acd_look },
        .acd = acd,
        .dhcp = dhcp,
    };
}
