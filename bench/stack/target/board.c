// SPDX-License-Identifier: MIT
//
// Vectors, start-up and semihosting of a Cortex-M0.

#include "bench/stack/target/board.h"

#include <string.h>

#define SYS_WRITE0        0x04
#define SYS_EXIT_EXTENDED 0x20
#define EXIT_APPLICATION  0x20026

#define SYST_CSR (*(volatile uint32_t *)0xE000E010)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018)

extern uint32_t image_data_from[];
extern uint32_t image_data[];
extern uint8_t image_data_len[]; // its address is the number
extern uint32_t image_bss[];
extern uint8_t image_bss_len[];
extern uint32_t image_stack[];

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void board_print(const char *text)
{
    semihost(SYS_WRITE0, text);
}

void board_print_u32(uint32_t value)
{
    char text[11];
    char *p = text + sizeof(text) - 1;

    *p = '\0';
    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    board_print(p);
}

void board_exit(uint32_t code)
{
    const uint32_t block[2] = { EXIT_APPLICATION, code };

    semihost(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

void nif_panic(const char *what)
{
    board_print("panic: ");
    board_print(what);
    board_print("\n");
    board_exit(BOARD_EXIT_PANIC);
}

static void fault(void)
{
    board_print("fault\n");
    board_exit(BOARD_EXIT_FAULT);
}

void reset(void)
{
    memcpy(image_data, image_data_from, (uintptr_t)image_data_len);
    memset(image_bss, 0, (uintptr_t)image_bss_len);
    SYST_RVR = 0xFFFFFF;
    SYST_CVR = 0;
    SYST_CSR = 5; // counts processor clocks, no interrupt
    board_exit((uint32_t)main());
}

struct vectors {
    uint32_t *stack;
    void (*handler[15])(void);
};

__attribute__((section(".vectors"),
    used)) static const struct vectors vectors = { image_stack,
    { reset, fault, fault } };
