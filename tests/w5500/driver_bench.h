// SPDX-License-Identifier: MIT
//
// The bench for the W5500 driver as a network card (spi_bench.h). All zero: a
// strict chip that has its link after 5 ms.

#ifndef TESTS_W5500_DRIVER_BENCH_H
#define TESTS_W5500_DRIVER_BENCH_H

#include "sim/chips/w5500.h"
#include "w5500/w5500.h"

/// From plug to link.
#define BENCH_LINK_NS (5 * SIM_MS)

#define SPI_BENCH_CFG                 \
    uint8_t phy; /* enum w5500_phy */ \
    struct sim_w5500_cfg model;

#define SPI_BENCH_PARTS     \
    struct sim_w5500 model; \
    struct w5500_raw raw;   \
    struct w5500_chip *chip; /* in it */

// How often start() tells of a link that is down for it.
#define SPI_BENCH_RESTART 0

#include "tests/support/spi_bench.h"

#endif
