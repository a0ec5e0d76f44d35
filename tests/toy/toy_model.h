// SPDX-License-Identifier: MIT
//
// A model of the TOY1: the bus face is `chip`, the wire is `port`.

#ifndef TESTS_TOY_TOY_MODEL_H
#define TESTS_TOY_TOY_MODEL_H

#include "sim/bus/spi.h"
#include "sim/net/cable.h"

struct toy_model {
    struct sim_spi_chip chip; ///< join this to a sim_spi
    struct sim_port port;     ///< join this to a cable
    bool link;
    // The transaction: how many bytes so far, and the command.
    size_t at;
    uint8_t command;
    uint8_t tx[2 + SIM_FRAME_MAX];
    size_t tx_len;
    uint8_t rx[SIM_FRAME_MAX];
    size_t rx_len;
    unsigned lost; ///< frames that came while one was there
};

void toy_model_init(struct toy_model *model, struct sim_world *world);

#endif
