// SPDX-License-Identifier: MIT
//
// The fixed end of a cable, or an access point: gives addresses to those who
// join. Its own must be set: it is the first of the pool less one.

#include "nif/board.h"
#include "nif/dhcp_server.h"

#define POOL 8

int nif_app(struct nif_board *board)
{
    static struct nif_dhcp_lease leases[POOL];
    static struct nif_dhcp_server server;
    struct nif_net net;
    int err;

    nif_stack_net(board->stack, &net);
    nif_dhcp_server_init(&server,
        &(struct nif_dhcp_server_cfg){ .stack = board->stack,
            .leases = leases,
            .count = nif_countof(leases),
            .lease_s = 600,
            .router = net.ip,
            .dns = { net.ip } });
    err = nif_iface_start(board->iface);
    if (err == 0) {
        err = nif_dhcp_server_start(&server);
    }
    while (err == 0 && !board->stop) {
        uint64_t again_us = nif_stack_poll(board->stack);

        nif_again_by(&again_us, nif_dhcp_server_poll(&server));
        nif_clock_wait(board->clock, again_us);
    }
    nif_dhcp_server_stop(&server);
    return err;
}
