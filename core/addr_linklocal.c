// SPDX-License-Identifier: MIT
//
// Link-local addresses as a connector's way to an address. In a file of its
// own, so that it is linked only when named.

#include "nif/connector.h"
#include "nif/linklocal.h"

static int linklocal_start(void *client)
{
    nif_linklocal_start(client);
    return 0;
}

static void linklocal_stop(void *client)
{
    nif_linklocal_stop(client);
}

static uint64_t linklocal_poll(void *client)
{
    return nif_linklocal_poll(client);
}

static bool linklocal_has(const void *client)
{
    const struct nif_linklocal *ll = client;

    return ll->state == NIF_LINKLOCAL_BOUND;
}

const struct nif_addr_ops nif_addr_linklocal = {
    .start = linklocal_start,
    .stop = linklocal_stop,
    .poll = linklocal_poll,
    .has = linklocal_has,
};
