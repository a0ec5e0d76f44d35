// SPDX-License-Identifier: MIT
//
// A PHY of clause 22 as a file of registers, its bus and its clock, for the
// tests of nif/phy.h.

#ifndef TESTS_CORE_PHY_BENCH_H
#define TESTS_CORE_PHY_BENCH_H

#include "nif/phy.h"
#include "tests/support/check.h"

#define OURS   3 // the address
#define ID1    0x0022
#define ID2    0x1561
#define CAN    0x7849 // BMSR: all, negotiates, extended
#define STATUS (CAN | NIF_PHY_BMSR_DONE | NIF_PHY_BMSR_LINK)
#define ALL    0x01E0

// The board has been up for longer than 32 bits of microseconds.
#define START_US 0x123456789u

// The bus, one PHY on it, and the clock.
struct bench {
    struct nif_mdio mdio;
    struct nif_clock clock;
    struct nif_pin pin;
    uint64_t now_us;
    uint16_t reg[32];
    uint8_t addr;
    bool latched;           // the link was down since the last look
    unsigned reset_looks;   // so often BMCR.15 still reads as 1
    int empty;              // what is read where nobody is
    bool level;             // of the interrupt line
    unsigned frames;        // so far
    unsigned fail_at;       // this one fails ...
    int fail_err;           // ... so; 0: none does
    unsigned after_failure; // frames after it
    // Writes, in order.
    uint8_t write_reg[16];
    uint16_t write_value[16];
    unsigned writes;
    struct nif_phy phy;
};

/// The only one.
extern struct bench b;

/// A PHY with a link of 100 Mbit/s, full duplex, not yet set up. `cfg` NULL:
/// all zero.
void bench_open(const struct nif_phy_cfg *cfg);

/// All steps of bring-up. Returns how they end.
int bench_bring_up(void);

/// The two of them; fails if it does not come up.
void bench_up(const struct nif_phy_cfg *cfg);

#endif
