// SPDX-License-Identifier: MIT
//
// A bench for the W5500 model: raw bytes on the bus, a network card at the
// other end of the cable, both pins. No driver, and no register list but the
// one that a test types in.

#ifndef TESTS_W5500_MODEL_BENCH_H
#define TESTS_W5500_MODEL_BENCH_H

#include "sim/chips/w5500.h"

#define SPI_MODEL_CHIP struct sim_w5500
#define SPI_MODEL_CFG  struct sim_w5500_cfg
#include "tests/support/spi_model.h"

/// One frame each. `block`: 0 common, 1 registers of socket 0, 2 its TX memory,
/// 3 its RX memory, 5, 6, 7 those of socket 1, ...
void get(struct bench *b, unsigned block, unsigned at, uint8_t *data,
    size_t len);
void put(struct bench *b, unsigned block, unsigned at, const uint8_t *data,
    size_t len);
unsigned get8(struct bench *b, unsigned block, unsigned at);
unsigned get16(struct bench *b, unsigned block, unsigned at);
uint32_t get32(struct bench *b, unsigned block, unsigned at);
void put8(struct bench *b, unsigned block, unsigned at, unsigned value);
void put16(struct bench *b, unsigned block, unsigned at, unsigned value);
void put32(struct bench *b, unsigned block, unsigned at, uint32_t value);

/// The block of a socket's registers.
#define REGS(n) (4 * (n) + 1)

/// A command, and time for it to be taken.
void command(struct bench *b, unsigned n, unsigned code);

/// TX_FSR and RX_RSR as a host has to read them.
unsigned fsr(struct bench *b, unsigned n);
unsigned rsr(struct bench *b, unsigned n);

/// Own addresses: 02:00:00:00:00:01, 192.0.2.2/24, gateway 192.0.2.1.
void address(struct bench *b);

/// Socket 0 has all memory and is open in MACRAW with these bits of Sn_MR.
void open_macraw(struct bench *b, unsigned bits);

/// Writes at TX_WR, moves it, SEND.
void send_data(struct bench *b, unsigned n, const void *data, size_t len);

/// Takes `len` bytes from RX_RD on, moves it, RECV.
void take_data(struct bench *b, unsigned n, uint8_t *data, size_t len);

#endif
