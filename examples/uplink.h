// SPDX-License-Identifier: MIT
//
// The board's network, as the examples have it: the device is brought up and
// kept up, and has an address by DHCP, or the one that the board was given.

#ifndef EXAMPLES_UPLINK_H
#define EXAMPLES_UPLINK_H

#include "nif/board.h"
#include "nif/connector.h"
#include "nif/dhcp.h"

/// Ends by nif_connector_stop().
struct uplink {
    struct nif_connector connector;
    struct nif_dhcp dhcp;
};

/// Begins. Goes on as a job of the board's stack, or by nif_connector_poll().
/// Returns as nif_connector_start().
int uplink_start(struct uplink *up, struct nif_board *board);

/// Begins, and waits until the board is up; goes on while calls wait. Returns
/// 0; an error; NIF_ETIMEDOUT if the board is not up, or is to stop.
int uplink_wait(struct uplink *up, struct nif_board *board, uint64_t until_us);

/// Does nothing for `us` microseconds, while the board goes on.
void uplink_rest(struct nif_board *board, uint64_t us);

#endif
