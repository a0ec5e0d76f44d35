// SPDX-License-Identifier: MIT
//
// A bench for the W5500 model: raw bytes on the bus, a network card at the
// other end of the cable, both pins. No driver, and no register list but the
// one that a test types in.

#ifndef TESTS_W5500_MODEL_BENCH_H
#define TESTS_W5500_MODEL_BENCH_H

#include "sim/bus/pin.h"
#include "sim/bus/spi.h"
#include "sim/chips/w5500.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"
#include "tests/support/check.h"

#include <string.h>

#define SEEN 32

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_spi bus;
    struct sim_w5500 chip;
    struct sim_cable cable;
    struct sim_nic nic;
    struct sim_pin irq;
    struct sim_pin reset;
    unsigned edges; // falling ones of INTn
    char last[256]; // complaint
    uint8_t seen[SEEN][1600];
    size_t seen_len[SEEN];
    uint64_t seen_ns[SEEN];
    unsigned seen_count;
    bool open;
};

/// A powered-up chip that is ready, in place of the one before, if any: link
/// after 1 us, cable of 100 Mbit/s. `cfg` may say otherwise; NULL: no wish.
/// Fails if the one before has complained.
struct bench *bench_open(const struct sim_w5500_cfg *cfg);

/// Fails if somebody complained.
int bench_setup(void **state);
int bench_teardown(void **state);

/// Complaints so far were expected, and were all of this rule.
void bench_forgive(struct bench *b, enum sim_w5500_rule rule);

void pass_us(struct bench *b, uint64_t us);

/// One transaction: these bytes out, as many in.
void raw(struct bench *b, const uint8_t *tx, uint8_t *rx, size_t len);

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

/// A frame of `len` bytes without FCS: to, from, type 88B5, counting bytes.
void make_frame(uint8_t *frame, size_t len, const uint8_t to[6]);

/// Lets the network card send it, and time for it.
void arrive(struct bench *b, const uint8_t *frame, size_t len);

extern const uint8_t own_mac[6];
extern const uint8_t peer_mac[6];
extern const uint8_t all_macs[6];

#endif
