// SPDX-License-Identifier: MIT
//
// A bench for the ENC28J60 model: raw instructions on the bus, a network card
// at the other end of the cable, both pins. No driver.

#ifndef TESTS_ENC28J60_MODEL_BENCH_H
#define TESTS_ENC28J60_MODEL_BENCH_H

#include "sim/chips/enc28j60.h"

#define SPI_MODEL_CHIP struct sim_enc28j60
#define SPI_MODEL_CFG  struct sim_enc28j60_cfg
#include "tests/support/spi_model.h"

// One instruction each.
void bank(struct bench *b, unsigned id);
uint8_t rcr(struct bench *b, unsigned id);
void wcr(struct bench *b, unsigned id, unsigned value);
void bfs(struct bench *b, unsigned id, unsigned mask);
void bfc(struct bench *b, unsigned id, unsigned mask);
void src(struct bench *b);
void rbm(struct bench *b, uint8_t *data, size_t len);
void wbm(struct bench *b, const uint8_t *data, size_t len);

// Some together. `low` is the register of the low byte.
unsigned rcr16(struct bench *b, unsigned low);
void wcr16(struct bench *b, unsigned low, unsigned value);
unsigned phy_read(struct bench *b, unsigned addr);
void phy_write(struct bench *b, unsigned addr, unsigned value);
void read_at(struct bench *b, unsigned at, uint8_t *data, size_t len);
void write_at(struct bench *b, unsigned at, const uint8_t *data, size_t len);

/// The usual set-up: FIFO 0000 to 0FFF, TX at 1000, promiscuous with CRC
/// check, MAC address 02:00:00:00:00:01, RXEN.
void start(struct bench *b, bool full_duplex);

/// Puts it at 1000 behind a control byte and sets TXRTS.
void transmit(struct bench *b, const uint8_t *frame, size_t len,
    uint8_t control);

/// Reads the status vector of the last transmission.
uint64_t vector(struct bench *b);

#endif
