// SPDX-License-Identifier: MIT
//
// RP2040 and RP2350: the timer, 64 bits of microseconds, as a nif_clock. Sleep
// is WFI until an interrupt comes; alarm 0 is one of them.

#include "pico.h"

#include "boards/target/cortex_m.h"

#define ALARM0   (PICO_TIMER + 0x10u)
#define TIMERAWH (PICO_TIMER + 0x24u)
#define TIMERAWL (PICO_TIMER + 0x28u)
#define INT_0    (1u << 0)

// An alarm is 32 bits wide: further ones are gone to in steps.
#define STEP_US 0x40000000u

static volatile bool woken;

static uint64_t clock_now_us(struct nif_clock *clock)
{
    uint32_t high;
    uint32_t low;

    (void)clock;
    do {
        high = PICO_REG(TIMERAWH);
        low = PICO_REG(TIMERAWL);
    } while (high != PICO_REG(TIMERAWH));
    return (uint64_t)high << 32 | low;
}

static void clock_delay_us(struct nif_clock *clock, uint32_t us)
{
    uint64_t until_us = clock_now_us(clock) + us + 1;

    while (clock_now_us(clock) < until_us) {
    }
}

// Sets the alarm. False if there is nothing to wait for any more: it rings only
// at the very microsecond.
static bool set_alarm(struct nif_clock *clock, uint64_t until_us)
{
    uint64_t now_us = clock_now_us(clock);

    if (now_us >= until_us) {
        return false;
    }
    PICO_REG(ALARM0) = until_us - now_us < STEP_US ? (uint32_t)until_us
                                                   : (uint32_t)now_us + STEP_US;
    return clock_now_us(clock) < until_us;
}

static void clock_wait(struct nif_clock *clock, uint64_t until_us)
{
    for (;;) {
        uint32_t primask = cortex_m_lock();

        if (woken || !set_alarm(clock, until_us)) {
            woken = false;
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
    woken = true;
}

void pico_clock_interrupt(void)
{
    PICO_REG(PICO_TIMER_INTR) = INT_0;
}

struct nif_clock *pico_clock(void)
{
    static const struct nif_clock_ops ops = {
        .now_us = clock_now_us,
        .delay_us = clock_delay_us,
        .wait = clock_wait,
        .wake = clock_wake,
    };
    static struct nif_clock clock = { .ops = &ops };

    PICO_REG(PICO_TIMER_INTE) = INT_0;
    cortex_m_interrupt(PICO_TIMER_IRQ);
    return &clock;
}
