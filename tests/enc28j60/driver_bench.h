// SPDX-License-Identifier: MIT
//
// The bench for the ENC28J60 driver (spi_bench.h). All zero: half duplex, a B7
// chip.

#ifndef TESTS_ENC28J60_DRIVER_BENCH_H
#define TESTS_ENC28J60_DRIVER_BENCH_H

#include "enc28j60/enc28j60.h"
#include "sim/chips/enc28j60.h"

#define SPI_BENCH_CFG                    \
    bool full_duplex; /* at both ends */ \
    struct sim_enc28j60_cfg model;

// What the board has sent on the cable is watched for its gaps.
#define SPI_BENCH_PARTS        \
    struct sim_enc28j60 model; \
    struct enc28j60 chip;      \
    struct sim_cable_tap tap;  \
    uint64_t sent_end_ns;      \
    uint64_t gap_max_ns;

// How often start() tells of a link that is down for it.
#define SPI_BENCH_RESTART 1

#include "tests/support/spi_bench.h"

#endif
