// SPDX-License-Identifier: MIT
//
// A DHCP client that looks whether the address which the server promised is
// in use, before it takes it and ever after (RFC 2131 3.1 step 5, RFC 5227).
// Joins nif/dhcp.h and nif/acd.h over our own stack.
//
//     nif_acd_init(&acd, &(struct nif_acd_cfg){ .tcpip = &tcpip });
//     nif_dhcp_acd_init(&check, &acd, &dhcp);
//     nif_dhcp_init(&dhcp, &(struct nif_dhcp_cfg){ .stack = &tcpip.stack,
//         .probe = &check.probe, ... });
//     ... in the main loop:
//     again_us = nif_stack_poll(stack);
//     nif_again_by(&again_us, nif_dhcp_poll(&dhcp));
//     nif_dhcp_acd_poll(&check);

#ifndef NIF_DHCP_ACD_H
#define NIF_DHCP_ACD_H

#include "nif/acd.h"
#include "nif/dhcp.h"

NIF_C_BEGIN

/// All private. Must not move while the client is on.
struct nif_dhcp_acd {
    struct nif_dhcp_probe probe; ///< first; for nif_dhcp_cfg
    struct nif_acd *acd;
    struct nif_dhcp *dhcp;
};

/// Fills memory only. `acd` and `dhcp` are borrowed for good; `acd` is for
/// this use alone.
void nif_dhcp_acd_init(struct nif_dhcp_acd *check, struct nif_acd *acd,
    struct nif_dhcp *dhcp);

/// Defends the address of a lease, and declines it if that fails. Call it
/// after each nif_dhcp_poll(). It has no times of its own.
void nif_dhcp_acd_poll(struct nif_dhcp_acd *check);

NIF_C_END

#endif
