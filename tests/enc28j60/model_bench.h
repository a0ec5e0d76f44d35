// SPDX-License-Identifier: MIT
//
// A bench for the ENC28J60 model: raw instructions on the bus, a network card
// at the other end of the cable, both pins. No driver.

#ifndef TESTS_ENC28J60_MODEL_BENCH_H
#define TESTS_ENC28J60_MODEL_BENCH_H

#include "sim/bus/pin.h"
#include "sim/bus/spi.h"
#include "sim/chips/enc28j60.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#include <string.h>

#define SEEN 16

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_spi bus;
    struct sim_enc28j60 chip;
    struct sim_cable cable;
    struct sim_nic nic;
    struct sim_pin irq;
    struct sim_pin reset;
    unsigned edges; // falling ones of /INT
    char last[256]; // complaint
    uint8_t seen[SEEN][1600];
    size_t seen_len[SEEN];
    unsigned seen_count;
    uint32_t hold_ns;
    bool open;
};

/// A powered-up chip that is ready, in place of the one before, if any:
/// without errata, link after 1 us. `cfg` may say otherwise; NULL: no wish.
/// Fails if the one before has complained.
struct bench *bench_open(const struct sim_enc28j60_cfg *cfg);

/// Fails if somebody complained.
int bench_setup(void **state);
int bench_teardown(void **state);

/// Complaints so far were expected, and were all of this rule.
void bench_forgive(struct bench *b, enum sim_enc28j60_rule rule);

void pass_us(struct bench *b, uint64_t us);

// One instruction each.
void cmd(struct bench *b, const uint8_t *tx, uint8_t *rx, size_t len);
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

/// A frame of `len` bytes without FCS: to, from, type 88B5, counting bytes.
void make_frame(uint8_t *frame, size_t len, const uint8_t to[6]);

/// Puts it at 1000 behind a control byte and sets TXRTS.
void transmit(struct bench *b, const uint8_t *frame, size_t len,
    uint8_t control);

/// Lets the network card send it, and time for it.
void arrive(struct bench *b, const uint8_t *frame, size_t len);

/// Reads the status vector of the last transmission.
uint64_t vector(struct bench *b);

extern const uint8_t own_mac[6];
extern const uint8_t all_macs[6];

#endif
