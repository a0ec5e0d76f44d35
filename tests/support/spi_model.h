// SPDX-License-Identifier: MIT
//
// A bench for the model of a chip on SPI: raw bytes on the bus, a network card
// at the other end of the cable, both pins. No driver.
//
// It is the same for each chip but for the chip: model_bench.h says in
// SPI_MODEL_CHIP and SPI_MODEL_CFG what its model is, and includes this;
// model_bench.c opens it.
// spi_model.c is compiled for each.

#ifndef TESTS_SUPPORT_SPI_MODEL_H
#define TESTS_SUPPORT_SPI_MODEL_H

#include "sim/bus/pin.h"
#include "sim/bus/spi.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#include <string.h>

#ifndef SPI_MODEL_CHIP
#define SPI_MODEL_CHIP struct sim_spi // any, to be read alone
#define SPI_MODEL_CFG  void
#endif

#define SEEN 32

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_spi bus;
    SPI_MODEL_CHIP chip;
    struct sim_cable cable;
    struct sim_nic nic;
    struct sim_pin irq;
    struct sim_pin reset;
    unsigned edges; // falling ones of the interrupt
    char last[256]; // complaint
    // What the card has heard.
    uint8_t seen[SEEN][1600];
    size_t seen_len[SEEN];
    uint64_t seen_ns[SEEN];
    unsigned seen_count;
    uint32_t hold_ns; // of chip select, behind the last bit
    bool open;
};

// ---- what a chip's model_bench.c gives

/// A powered-up chip that is ready, in place of the one before, if any: link
/// after 1 us; `cfg` may say otherwise; NULL: no wish. Fails if the one before
/// has complained.
struct bench *bench_open(const SPI_MODEL_CFG *cfg);

void bench_done_chip(struct bench *b);

// ---- what all have

/// For bench_open(): a world with pins, then the bus and the cable of the chip
/// that is in it.
struct bench *bench_begin(void);
void bench_join(struct bench *b, struct sim_spi_chip *spi,
    struct sim_port *port, uint64_t bits_per_s);

/// For cmocka; the second fails if somebody complained.
int bench_setup(void **state);
int bench_teardown(void **state);

/// Complaints so far were expected, and were all of this rule.
void bench_forgive(struct bench *b, unsigned rule);

void pass_us(struct bench *b, uint64_t us);

/// One transaction: these bytes out, as many in. Either may be NULL.
void exchange(struct bench *b, const uint8_t *tx, uint8_t *rx, size_t len);

/// A frame of `len` bytes without FCS: to, from peer_mac, type 88B5, counting
/// bytes.
void make_frame(uint8_t *frame, size_t len, const uint8_t to[6]);

/// Lets the network card send it, and time for it.
void arrive(struct bench *b, const uint8_t *frame, size_t len);

extern const uint8_t own_mac[6];
extern const uint8_t peer_mac[6];
extern const uint8_t all_macs[6];

#endif
