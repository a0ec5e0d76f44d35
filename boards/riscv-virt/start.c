// SPDX-License-Identifier: MIT
//
// QEMU's machine riscv32 virt: start-up, console, exit; what needs no network.

#include "boards/target/board.h"
#include "boards/target/semihost.h"

#include <string.h>

#define REG8(address) (*(volatile uint8_t *)(uintptr_t)(address))

#define UART     0x10000000u
#define UART_LSR (UART + 5)
#define LSR_THRE 0x20u // room for a byte

extern uint8_t image_bss[];
extern uint8_t image_bss_len[]; // its address is the number

__attribute__((aligned(4), noreturn)) static void trap(void)
{
    board_fault();
}

__attribute__((used, noreturn)) static void begin(void)
{
    memset(image_bss, 0, (uintptr_t)image_bss_len);
    board_main();
}

__attribute__((naked, used, section(".start"))) void image_start(void);

void image_start(void)
{
    __asm__ volatile("la sp, image_stack\n"
                     "j begin\n");
}

void board_init(void)
{
    // A trap goes to a multiple of four; all handlers here are one.
    __asm__ volatile("csrw mtvec, %0" : : "r"((uintptr_t)trap & ~3u));
}

void board_putc(char c)
{
    while (!(REG8(UART_LSR) & LSR_THRE)) {
    }
    REG8(UART) = (uint8_t)c;
}

void board_exit(int code)
{
    semihost_exit(code);
}
