// SPDX-License-Identifier: MIT
//
// The board's network: up by DHCP, or with the address that it has.

#include "iperf3.h"

// How long the board may go on before it sees that it is to stop.
#define LOOK_US 200000

int iperf3_up(struct nif_board *board, struct iperf3_link *link)
{
    struct nif_connector_cfg cfg = {
        .iface = board->iface,
        .stack = board->stack,
        .wifi = board->wifi,
        .seed = board->seed,
    };
    int err;

    nif_dhcp_init(&link->dhcp,
        &(struct nif_dhcp_cfg){ .stack = board->stack, .seed = board->seed });
    if (board->use_dhcp) {
        cfg.addr = (struct nif_addr_way){ &nif_addr_dhcp, &link->dhcp };
    } else {
        nif_stack_net(board->stack, &cfg.net);
    }
    nif_connector_init(&link->connector, &cfg);
    err = nif_connector_start(&link->connector);
    if (err != 0) {
        return err;
    }
    do {
        err = nif_connector_wait(&link->connector,
            nif_clock_now_us(board->clock) + LOOK_US);
    } while (err == NIF_ETIMEDOUT && !board->stop);
    return err == NIF_ETIMEDOUT ? NIF_ENOTCONN : err;
}

void iperf3_down(struct iperf3_link *link)
{
    nif_connector_stop(&link->connector);
}
