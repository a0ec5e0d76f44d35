// SPDX-License-Identifier: MIT
//
// MDIO out of edges (IEEE 802.3 clause 22, and clause 45's frames). Data
// counts as it was before the clock rose.

#ifndef SIM_CAPTURE_MDIO_H
#define SIM_CAPTURE_MDIO_H

#include "sim/capture/capture.h"

struct sim_mdio_layer {
    struct sim_item_sink *out;
    const char *bus;
    uint16_t mdc;
    uint16_t mdio;
    uint64_t count; ///< read only: frames
    // Private.
    uint8_t level[2];
    unsigned ones; // of the preamble
    bool synced;   // a frame ended just before: a preamble may be left out
    bool preamble; // this frame had a whole one
    unsigned bit;  // within a frame; 0: none
    uint32_t frame;
    uint64_t from_ns;
};

/// `bus` must outlive the layer.
void sim_mdio_layer_init(struct sim_mdio_layer *mdio, struct sim_item_sink *out,
    const char *bus, uint16_t mdc_channel, uint16_t mdio_channel);

/// Takes all edges of one time stamp.
void sim_mdio_layer_edges(struct sim_mdio_layer *mdio,
    const struct sim_edge *edges, size_t count);

/// The capture ends here.
void sim_mdio_layer_end(struct sim_mdio_layer *mdio, uint64_t at_ns);

#endif
