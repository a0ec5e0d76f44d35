// SPDX-License-Identifier: MIT
//
// Start-up, faults and clock of every Cortex-M: vectors, SysTick each
// millisecond, sleep by WFI. Nothing here differs from core to core, but that
// a Cortex-M4F, M7 or M33 gets its FPU switched on where code uses it. A board
// with a better timer has its own clock, and SysTick stands still.

#include "cortex_m.h"

#include "board.h"

#include <string.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define SYST_CSR  REG(0xE000E010)
#define SYST_RVR  REG(0xE000E014)
#define SYST_CVR  REG(0xE000E018)
#define NVIC_ISER REG(0xE000E100)
#define ICSR      REG(0xE000ED04)
#define CPACR     REG(0xE000ED88)

#define SYST_RUN      7u // processor clock, interrupt, enable
#define ICSR_PENDST   (1u << 26)
#define CPACR_FPU     (0xFu << 20)
#define NVIC_PER_WORD 32u

extern uint32_t image_data_from[];
extern uint32_t image_data[];
extern uint8_t image_data_len[]; // its address is the number
extern uint32_t image_bss[];
extern uint8_t image_bss_len[];
extern uint32_t image_stack[];

static struct {
    struct nif_clock clock;
    volatile uint32_t ms_low;
    volatile uint32_t ms_high;
    volatile bool woken;
    uint32_t per_us; // processor clocks
} state;

// ---- clock

static uint64_t clock_now_us(struct nif_clock *clock)
{
    uint32_t primask = cortex_m_lock();
    uint32_t left = SYST_CVR;
    uint64_t ms = (uint64_t)state.ms_high << 32 | state.ms_low;

    (void)clock;
    if (ICSR & ICSR_PENDST) {
        left = SYST_CVR; // it has begun anew, and nobody has counted yet
        ms++;
    }
    cortex_m_unlock(primask);
    return ms * 1000 + (1000 - 1 - left / state.per_us);
}

static void clock_delay_us(struct nif_clock *clock, uint32_t us)
{
    uint64_t until_us = clock_now_us(clock) + us + 1;

    while (clock_now_us(clock) < until_us) {
    }
}

static void clock_wait(struct nif_clock *clock, uint64_t until_us)
{
    for (;;) {
        uint32_t primask = cortex_m_lock();

        if (state.woken || clock_now_us(clock) + 1000 > until_us) {
            state.woken = false;
            cortex_m_unlock(primask);
            return;
        }
        // What is pending ends it although it is masked; its handler runs
        // behind the unlock.
        cortex_m_sleep();
        cortex_m_unlock(primask);
    }
}

static void clock_wake(struct nif_clock *clock)
{
    (void)clock;
    state.woken = true;
}

struct nif_clock *cortex_m_clock(uint32_t hz)
{
    static const struct nif_clock_ops ops = {
        .now_us = clock_now_us,
        .delay_us = clock_delay_us,
        .wait = clock_wait,
        .wake = clock_wake,
    };

    state.clock.ops = &ops;
    state.per_us = hz / 1000000;
    SYST_RVR = state.per_us * 1000 - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_RUN;
    return &state.clock;
}

void cortex_m_interrupt(unsigned number)
{
    (&NVIC_ISER)[number / NVIC_PER_WORD] = 1u << number % NVIC_PER_WORD;
}

void cortex_m_interrupts_on(void)
{
    __asm__ volatile("cpsie i" ::: "memory");
}

static void systick(void)
{
    if (++state.ms_low == 0) {
        state.ms_high++;
    }
}

// ---- start

NIF_WEAK void cortex_m_external(unsigned number)
{
    (void)number;
    board_fault();
}

static void external(void)
{
    uint32_t ipsr;

    __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
    cortex_m_external((ipsr & 0x1FF) - 16);
}

NIF_NORETURN void cortex_m_start(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
#if defined(__ARM_FP)
    CPACR |= CPACR_FPU;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    memcpy(image_data, image_data_from, (uintptr_t)image_data_len);
    memset(image_bss, 0, (uintptr_t)image_bss_len);
    board_main();
}

#define EIGHT(x) x, x, x, x, x, x, x, x

struct vectors {
    uint32_t *stack;
    void (*handler[15 + 64])(void);
};

__attribute__((section(".vectors"), used)) //
static const struct vectors vectors = {
    image_stack,
    {
        cortex_m_start, board_fault, board_fault, // reset, NMI, HardFault
        board_fault, board_fault, board_fault, board_fault, 0, 0, 0,
        board_fault, board_fault, 0, board_fault, // SVCall ... PendSV
        systick, EIGHT(external), EIGHT(external), EIGHT(external),
        EIGHT(external), EIGHT(external), EIGHT(external), EIGHT(external),
        EIGHT(external), //
    },
};
