// SPDX-License-Identifier: MIT
//
// RP2040 and RP2350: crystal, PLL, clocks, resets, in the order that the data
// sheets ask for (RP2040 2.15 to 2.18). Each wait has an end.

#include "pico.h"

#define XOSC_CTRL      (PICO_XOSC + 0x00u)
#define XOSC_STATUS    (PICO_XOSC + 0x04u)
#define XOSC_STARTUP   (PICO_XOSC + 0x0Cu)
#define XOSC_ON        (0xFABu << 12 | 0xAA0u) // 1 to 15 MHz
#define XOSC_STABLE    (1u << 31)
#define XOSC_STARTUP_1 47u // 1 ms at 12 MHz, in 256 clocks
#define XOSC_STARTUP_X 64u // so many times that: some crystals are slow

#define CLK_REF_CTRL     (PICO_CLOCKS + 0x30u)
#define CLK_REF_SELECTED (PICO_CLOCKS + 0x38u)
#define CLK_SYS_CTRL     (PICO_CLOCKS + 0x3Cu)
#define CLK_SYS_SELECTED (PICO_CLOCKS + 0x44u)
#define CLK_PERI_CTRL    (PICO_CLOCKS + 0x48u)
#define CLK_REF_ROSC     0u
#define CLK_REF_XOSC     2u
#define CLK_SYS_SRC      3u
#define CLK_SYS_REF      0u
#define CLK_SYS_PLL      1u // by the auxiliary source, which is 0: PLL_SYS
#define CLK_PERI_ENABLE  (1u << 11) // of clk_sys
#define SELECTED(source) (1u << (source))

#define PLL_CS              (PICO_PLL_SYS + 0x00u)
#define PLL_PWR             (PICO_PLL_SYS + 0x04u)
#define PLL_FBDIV_INT       (PICO_PLL_SYS + 0x08u)
#define PLL_PRIM            (PICO_PLL_SYS + 0x0Cu)
#define PLL_LOCK            (1u << 31)
#define PLL_PD              (1u << 0)
#define PLL_POSTDIVPD       (1u << 3)
#define PLL_VCOPD           (1u << 5)
#define PLL_REFDIV          1u
#define PLL_FBDIV           125u // 12 MHz times this is 1500 MHz
#define PLL_DIVIDE_BY(a, b) ((a) << 16 | (b) << 12)

#define RESET      (PICO_RESETS + 0x0u)
#define RESET_DONE (PICO_RESETS + 0x8u)

// The tick of the timer, of the reference clock's 12 MHz, and resets.
#if defined(BOARD_PICO2)
#define PLL_POSTDIV      PLL_DIVIDE_BY(5u, 2u) // 150 MHz
#define TICK_CYCLES      0x4010801Cu           // TICKS: TIMER0
#define TICK_CTRL        0x40108018u
#define RESET_IO_BANK0   (1u << 6)
#define RESET_PADS_BANK0 (1u << 9)
#define RESET_PLL_SYS    (1u << 14)
#define RESET_SPI0       (1u << 18)
#define RESET_TIMER      (1u << 23)
#define RESET_UART0      (1u << 26)
#define RESET_UART1      (1u << 27)
#define RESET_DMA_USB    (1u << 2 | 1u << 28)
#else
#define PLL_POSTDIV      PLL_DIVIDE_BY(6u, 2u) // 125 MHz
#define WATCHDOG_TICK    0x4005802Cu
#define TICK_ENABLE      (1u << 9)
#define RESET_IO_BANK0   (1u << 5)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PLL_SYS    (1u << 12)
#define RESET_SPI0       (1u << 16)
#define RESET_TIMER      (1u << 21)
#define RESET_UART0      (1u << 22)
#define RESET_UART1      (1u << 23)
#define RESET_DMA_USB    (1u << 2 | 1u << 24)
#endif
#define CRYSTAL_MHZ 12u
#define RESET_PINS  (RESET_IO_BANK0 | RESET_PADS_BANK0)
#define RESET_PORTS (RESET_SPI0 | RESET_TIMER | RESET_UART0 | RESET_UART1)

// Turns of a wait: more than 100 ms, at any of the clocks.
#define PATIENCE 4000000u

static bool wait_for(uint32_t address, uint32_t bits)
{
    for (uint32_t i = 0; i < PATIENCE; i++) {
        if ((PICO_REG(address) & bits) == bits) {
            return true;
        }
    }
    return false;
}

static bool start_crystal(void)
{
    PICO_REG(XOSC_STARTUP) = XOSC_STARTUP_1 * XOSC_STARTUP_X;
    PICO_REG(XOSC_CTRL) = XOSC_ON;
    return wait_for(XOSC_STATUS, XOSC_STABLE);
}

// A boot loader may have left the processor running by this PLL.
static bool leave_pll(void)
{
    PICO_CLEAR(CLK_SYS_CTRL) = CLK_SYS_SRC;
    if (!wait_for(CLK_SYS_SELECTED, SELECTED(CLK_SYS_REF))) {
        return false;
    }
    PICO_CLEAR(CLK_REF_CTRL) = 3;
    return wait_for(CLK_REF_SELECTED, SELECTED(CLK_REF_ROSC));
}

static bool start_pll(void)
{
    PICO_SET(RESET) = RESET_PLL_SYS;
    PICO_CLEAR(RESET) = RESET_PLL_SYS;
    if (!wait_for(RESET_DONE, RESET_PLL_SYS)) {
        return false;
    }
    PICO_REG(PLL_CS) = PLL_REFDIV;
    PICO_REG(PLL_FBDIV_INT) = PLL_FBDIV;
    PICO_CLEAR(PLL_PWR) = PLL_PD | PLL_VCOPD;
    if (!wait_for(PLL_CS, PLL_LOCK)) {
        return false;
    }
    PICO_REG(PLL_PRIM) = PLL_POSTDIV;
    PICO_CLEAR(PLL_PWR) = PLL_POSTDIVPD;
    return true;
}

static bool use_pll(void)
{
    PICO_REG(CLK_REF_CTRL) = CLK_REF_XOSC;
    if (!wait_for(CLK_REF_SELECTED, SELECTED(CLK_REF_XOSC))) {
        return false;
    }
    PICO_REG(CLK_SYS_CTRL) = 0; // the auxiliary source first, then the switch
    PICO_REG(CLK_SYS_CTRL) = CLK_SYS_PLL;
    if (!wait_for(CLK_SYS_SELECTED, SELECTED(CLK_SYS_PLL))) {
        return false;
    }
    PICO_REG(CLK_PERI_CTRL) = CLK_PERI_ENABLE;
    return true;
}

// One microsecond; without it the timer stands still.
static void start_tick(void)
{
#if defined(BOARD_PICO2)
    PICO_REG(TICK_CYCLES) = CRYSTAL_MHZ;
    PICO_REG(TICK_CTRL) = 1;
#else
    PICO_REG(WATCHDOG_TICK) = CRYSTAL_MHZ | TICK_ENABLE;
#endif
}

bool pico_start_clocks(void)
{
    // What a boot loader has used goes, too: nothing moves in memory. The pins
    // come back at once, for the light.
    PICO_SET(RESET) = RESET_PINS | RESET_PORTS | RESET_DMA_USB;
    PICO_CLEAR(RESET) = RESET_PINS;
    if (!wait_for(RESET_DONE, RESET_PINS) || !start_crystal() || !leave_pll() ||
        !start_pll() || !use_pll()) {
        return false;
    }
    start_tick();
    PICO_CLEAR(RESET) = RESET_PORTS;
    return wait_for(RESET_DONE, RESET_PORTS);
}
