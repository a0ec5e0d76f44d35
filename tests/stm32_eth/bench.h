// SPDX-License-Identifier: MIT
//
// The STM32's MAC as a file of registers and a DMA that sees memory as it was
// at the last barrier, and follows the rings by their addresses.

#ifndef TESTS_STM32_ETH_BENCH_H
#define TESTS_STM32_ETH_BENCH_H

#include "nif/mac.h"
#include "stm32_eth/stm32_eth.h"
#include "tests/support/check.h"

// Registers, by the manual.
#define MACCR   0x0000u
#define MACFFR  0x0004u
#define MACHTHR 0x0008u
#define MACHTLR 0x000Cu
#define MIIAR   0x0010u
#define MIIDR   0x0014u
#define MACA0HR 0x0040u
#define MACA0LR 0x0044u
#define DMABMR  0x1000u
#define DMATPDR 0x1004u
#define DMARPDR 0x1008u
#define RDLAR   0x100Cu
#define TDLAR   0x1010u
#define DMASR   0x1014u
#define DMAOMR  0x1018u
#define DMAIER  0x101Cu

#define OWN  0x80000000u
#define BASE 0x20000000u
#define RX   4
#define TX   2

struct memory {
    struct stm32_eth_slot rx[RX];
    struct stm32_eth_slot tx[TX];
};

struct bench {
    struct nif_mmio mmio;
    struct nif_clock clock;
    uint64_t now_us;
    unsigned wakes;
    uint32_t reg[0x1060 / 4];
    bool off;                     // the MAC has no clock: all reads as zero
    unsigned reset;               // so many reads until DMABMR.SR is 0
    unsigned mii_busy;            // so many until MIIAR.MB is
    uint16_t phy_value;           // what the PHY answers
    uint64_t mac_us;              // of the last write to MACCR
    uint32_t status;              // DMASR as last read
    unsigned step;                // counts writes
    unsigned written[0x1060 / 4]; // when each was last
    // Memory as the DMA sees it.
    struct memory seen;
    uint32_t rx_now; // addresses of descriptors
    uint32_t tx_now;
    bool stuck; // nothing leaves
    uint32_t tx_error;
    unsigned sent;
    uint8_t frame[1600]; // the last that was sent
    size_t frame_len;
    struct stm32_eth chip;
    struct nif_mac *mac;
};

/// The only one, and the slots.
extern struct bench b;
extern struct memory memory;
extern const struct nif_hwaddr bench_own;

/// The driver, not yet started, and the wish for an interrupt.
void bench_open(bool interrupt, uint32_t hclk_hz);

/// The first, started, with a link of 100 Mbit/s.
void bench_up(bool interrupt);

/// Tells the driver of a link. Returns what it does.
int bench_link(bool up, bool is_100, bool full);

/// poll(), and when it wants to be called again.
int bench_poll(uint64_t *due_us);

/// The device sends what it has been given.
void bench_transmit(void);

/// A frame of `len` bytes with FCS arrives. Returns false if there is no room.
bool bench_arrive(size_t len, uint32_t status, uint8_t fill);

#endif
