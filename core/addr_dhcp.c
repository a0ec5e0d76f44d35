// SPDX-License-Identifier: MIT
//
// DHCP as a connector's way to an address. In a file of its own, so that it
// is linked only when named.

#include "nif/connector.h"
#include "nif/dhcp.h"

static int dhcp_start(void *client)
{
    return nif_dhcp_start(client);
}

static void dhcp_stop(void *client)
{
    nif_dhcp_stop(client);
}

static uint64_t dhcp_poll(void *client)
{
    return nif_dhcp_poll(client);
}

static bool dhcp_has(const void *client)
{
    return ((const struct nif_dhcp *)client)->state >= NIF_DHCP_BOUND;
}

const struct nif_addr_ops nif_addr_dhcp = {
    .start = dhcp_start,
    .stop = dhcp_stop,
    .poll = dhcp_poll,
    .has = dhcp_has,
};
