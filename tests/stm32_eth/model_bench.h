// SPDX-License-Identifier: MIT
//
// The bench of the model of the STM32's MAC: registers and descriptors by the
// manual's numbers (RM0090 33), a PHY with a link, a card at the other end.

#ifndef TESTS_STM32_ETH_MODEL_BENCH_H
#define TESTS_STM32_ETH_MODEL_BENCH_H

#include "sim/chips/stm32_eth.h"
#include "tests/support/seen.h"

#define MACCR   0x0000u
#define MACFFR  0x0004u
#define MACHTHR 0x0008u
#define MIIAR   0x0010u
#define MIIDR   0x0014u
#define MACA0HR 0x0040u
#define MACA0LR 0x0044u
#define DMABMR  0x1000u
#define TPDR    0x1004u
#define RPDR    0x1008u
#define RDLAR   0x100Cu
#define TDLAR   0x1010u
#define DMASR   0x1014u
#define DMAOMR  0x1018u
#define DMAIER  0x101Cu
#define MFBOCR  0x1020u

#define OWN     0x80000000u
#define TX_ALL  0xF0100000u // OWN, IC, LS, FS, TCH
#define RX_SIZE 0x4000u     // RCH
#define RUN     0x02202002u // RSF, TSF, ST, SR
#define FAST    0xC80Cu     // 100 Mbit/s, full duplex, both ways

#define COUNT 4
#define ROOM  1536u

struct slot {
    volatile uint32_t word[4];
    uint8_t data[ROOM];
};

struct mac_bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_stm32_eth eth;
    struct sim_phy phy;
    struct sim_nic far;
    struct sim_cable cable;
    struct slot rx[COUNT];
    struct slot tx[COUNT];
    struct seen seen;
    unsigned interrupts;
    bool handled; // the handler takes back what it is told of
};

/// The only one.
extern struct mac_bench b;

int mac_set_up(void **state);

/// Fails if a complaint was not asked for.
int mac_tear_down(void **state);

/// A register, and one step of the processor.
uint32_t mac_get(uint32_t reg);
void mac_put(uint32_t reg, uint32_t value);

void mac_run_us(uint64_t us);

/// Asserts that there were so many complaints since the last time.
void mac_complained(unsigned count);

/// Two rings, all of the receive ring the DMA's, with `mode` in DMAOMR and no
/// frame under way.
void mac_begin(uint32_t maccr, uint32_t mode);

/// Fills a slot with `len` bytes to send, and writes its first word last.
void mac_give(unsigned i, size_t len, uint32_t word);

/// The far end sends a frame of `len` bytes to `to`.
void mac_arrive(const char *to, size_t len);

#define US    "\x02\x02\x03\x04\x05\x06"
#define OTHER "\x02\x09\x09\x09\x09\x09"
#define ALL   "\xFF\xFF\xFF\xFF\xFF\xFF"

#endif
