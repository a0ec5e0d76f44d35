// SPDX-License-Identifier: MIT
//
// LM3S6965EVB: console, command line, exit; what needs no network.

#include "boards/target/board.h"
#include "boards/target/pl011.h"
#include "boards/target/semihost.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define CLOCK_HZ 12500000u // QEMU's at reset: 200 MHz by 16
#define BAUD     115200u

#define RCGC1       REG(0x400FE104)
#define RCGC2       REG(0x400FE108)
#define RCGC1_UART0 (1u << 0)
#define RCGC2_GPIOA (1u << 0)

static struct nif_mmio uart0 = { .base = 0x4000C000u };

void board_init(void)
{
    RCGC1 |= RCGC1_UART0;
    RCGC2 |= RCGC2_GPIOA;
    (void)RCGC2; // a few clocks until they run
    pl011_init(&uart0, CLOCK_HZ, BAUD);
}

void board_putc(char c)
{
    pl011_putc(&uart0, c);
}

void board_exit(int code)
{
    semihost_exit(code);
}
