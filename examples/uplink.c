// SPDX-License-Identifier: MIT
//
// A connector over the board's device, and DHCP beside it.

#include "uplink.h"

// How long the board may go on before it sees that it is to stop.
#define LOOK_US 200000u

int uplink_start(struct uplink *up, struct nif_board *board)
{
    struct nif_connector_cfg cfg = {
        .iface = board->iface,
        .stack = board->stack,
        .wifi = board->wifi,
        .seed = board->seed,
    };

    nif_dhcp_init(&up->dhcp,
        &(struct nif_dhcp_cfg){ .stack = board->stack, .seed = board->seed });
    if (board->use_dhcp) {
        cfg.addr = (struct nif_addr_way){ &nif_addr_dhcp, &up->dhcp };
    } else {
        nif_stack_net(board->stack, &cfg.net);
    }
    nif_connector_init(&up->connector, &cfg);
    return nif_connector_start(&up->connector);
}

int uplink_wait(struct uplink *up, struct nif_board *board, uint64_t until_us)
{
    int err = uplink_start(up, board);
    uint64_t now_us;

    if (err != 0) {
        return err;
    }
    do {
        now_us = nif_clock_now_us(board->clock);
        err = nif_connector_wait(&up->connector, now_us + LOOK_US);
    } while (err == NIF_ETIMEDOUT && !board->stop && now_us < until_us);
    return err;
}

static int never(void *arg)
{
    (void)arg;
    return NIF_EAGAIN;
}

void uplink_rest(struct nif_board *board, uint64_t us)
{
    (void)!nif_wait_for(board->stack, never, NULL,
        nif_clock_now_us(board->clock) + us);
}
