// SPDX-License-Identifier: MIT
//
// What a board with a Cortex-M is given by cortex_m.c: vectors, start-up, a
// clock.

#ifndef BOARDS_TARGET_CORTEX_M_H
#define BOARDS_TARGET_CORTEX_M_H

#include "nif/clock.h"

/// Starts SysTick, which counts milliseconds of a processor clock of `hz`, a
/// multiple of a megahertz or nearly. Returns the clock. Its grain is 1 ms.
struct nif_clock *cortex_m_clock(uint32_t hz);

/// Lets interrupt `number` through; cortex_m_external() is called for it.
void cortex_m_interrupt(unsigned number);

void cortex_m_interrupts_on(void);

/// Holds interrupts off. Returns what cortex_m_unlock() wants to have.
static inline uint32_t cortex_m_lock(void)
{
    uint32_t primask;

    __asm__ volatile("mrs %0, primask\n cpsid i" : "=r"(primask)::"memory");
    return primask;
}

static inline void cortex_m_unlock(uint32_t primask)
{
    __asm__ volatile("msr primask, %0" : : "r"(primask) : "memory");
}

/// Sleeps until an interrupt is pending, also if it is held off.
static inline void cortex_m_sleep(void)
{
    __asm__ volatile("dsb\n wfi" ::: "memory");
}

/// Where the processor begins.
NIF_NORETURN void cortex_m_start(void);

/// The board's interrupts, by number. Context: interrupt. The board has its
/// own in place of this one, which is a fault.
void cortex_m_external(unsigned number);

#endif
