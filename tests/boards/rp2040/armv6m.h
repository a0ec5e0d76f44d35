// SPDX-License-Identifier: MIT
//
// A Cortex-M0+ (ARMv6-M, DDI 0419), as far as compiled C needs it: all of Thumb
// but SVC, one stack, interrupts without priorities. What it cannot do, and
// whatever silicon would answer with a HardFault, stops it and says why.

#ifndef TESTS_BOARDS_RP2040_ARMV6M_H
#define TESTS_BOARDS_RP2040_ARMV6M_H

#include "nif/base.h"

struct armv6m;

/// Memory and registers behind the processor, `size` 1, 2 or 4 bytes, aligned.
/// False: there is nothing.
struct armv6m_bus {
    bool (*load)(struct armv6m *cpu, uint32_t at, unsigned size,
        uint32_t *value);
    bool (*store)(struct armv6m *cpu, uint32_t at, unsigned size,
        uint32_t value);
};

/// Room for what stopped it.
#define ARMV6M_WHY 120

struct armv6m {
    const struct armv6m_bus *bus;
    uint32_t r[16]; ///< r[15] is the instruction that runs
    bool n, z, c, v;
    bool primask;
    bool asleep;     ///< by WFI
    uint32_t number; ///< of the exception that runs; 0: none
    uint32_t vtor;
    uint32_t next;        // private: where r[15] goes
    unsigned cycles;      ///< of the last instruction, without waits
    char why[ARMV6M_WHY]; ///< what stopped it; "": it runs
};

/// Begins at `entry` with the stack at `sp`.
void armv6m_init(struct armv6m *cpu, const struct armv6m_bus *bus,
    uint32_t entry, uint32_t sp);

/// One instruction.
void armv6m_step(struct armv6m *cpu);

/// Takes an exception, by its number, before the next instruction.
void armv6m_take(struct armv6m *cpu, uint32_t number);

#endif
