// SPDX-License-Identifier: MIT
//
// SPI out of edges: modes 0 to 3, either bit order, both data lines or one,
// or only chip select, which gives transactions with their times and no
// bytes. One item per select period, also for an empty one.
//
// Edges of one time stamp are unordered: data that moves together with the
// sampling edge counts as it is after it, on a half-duplex line as it was
// before.

#ifndef SIM_CAPTURE_SPI_H
#define SIM_CAPTURE_SPI_H

#include "sim/capture/capture.h"

struct sim_spi_lines {
    uint16_t cs;   ///< SIM_CAPTURE_NONE: pauses of the clock end transactions
    uint16_t clk;  ///< SIM_CAPTURE_NONE: timing only
    uint16_t mosi; ///< or the one data line of a half-duplex bus
    uint16_t miso;
    uint8_t mode; ///< 0 to 3
    bool lsb_first;
    bool cs_high;     ///< chip select is active high
    bool half_duplex; ///< the data line is an interrupt line between selects
    uint64_t gap_ns;  ///< without `cs`: the shortest pause that ends one
};

struct sim_spi_layer {
    struct sim_item_sink *out;
    struct sim_spi_lines lines;
    const char *bus; ///< name of the bus
    uint64_t empty;  ///< read only: selects without a clock
    uint64_t count;  ///< read only: transactions
    // Private.
    uint8_t level[4]; // cs, clk, mosi, miso when the clock moves
    bool open;
    bool cut;
    uint64_t from_ns;
    uint64_t bit_ns; // of the last bit that was sampled
    uint8_t *bytes;  // rows of `cap`: MOSI, MISO, which of each are known
    bool known[2];   // all of MOSI, of MISO
    size_t cap;
    size_t len;
    unsigned bit; // of the byte that is being shifted
};

/// `bus` must outlive the layer.
void sim_spi_layer_init(struct sim_spi_layer *spi, struct sim_item_sink *out,
    const char *bus, const struct sim_spi_lines *lines);

/// Takes all edges of one time stamp.
void sim_spi_layer_edges(struct sim_spi_layer *spi,
    const struct sim_edge *edges, size_t count);

/// The capture ends here. Gives memory back.
void sim_spi_layer_end(struct sim_spi_layer *spi, uint64_t at_ns);

#endif
