// SPDX-License-Identifier: MIT
//
// RP2040: the second stage that its boot ROM wants at the start of flash: 252
// bytes and their sum (boot2.py). The ROM copies it to the end of RAM and runs
// it there, wherever it was linked. It lets the processor see flash as memory,
// by the command that each flash has: 03h, one bit at a time, at a quarter of
// the processor's clock. Then it goes on with the image's vectors.
//
// Sources: RP2040 data sheet 2.8.1.3 (boot), 4.10.13 (registers of the SSI).

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define SSI        0x18000000u
#define CTRLR0     REG(SSI + 0x00)
#define CTRLR1     REG(SSI + 0x04)
#define SSIENR     REG(SSI + 0x08)
#define BAUDR      REG(SSI + 0x14)
#define SPI_CTRLR0 REG(SSI + 0xF4)

#define DFS_32_BITS      (31u << 16)
#define TMOD_EEPROM_READ (3u << 8) // command and address, then data
#define XIP_CMD_READ     (0x03u << 24)
#define INST_8_BITS      (2u << 8)
#define ADDR_24_BITS     (6u << 2)
#define DIVIDER          4u

#define VTOR    REG(0xE000ED08)
#define VECTORS 0x10000100u

__attribute__((noreturn, section(".text.boot2"), used)) void boot2(void);

void boot2(void)
{
    uint32_t at = VECTORS;

    SSIENR = 0; // it takes settings only so
    BAUDR = DIVIDER;
    CTRLR0 = DFS_32_BITS | TMOD_EEPROM_READ;
    CTRLR1 = 0; // one word at a time
    SPI_CTRLR0 = XIP_CMD_READ | INST_8_BITS | ADDR_24_BITS;
    SSIENR = 1;
    VTOR = at;
    __asm__ volatile("ldmia %0!, {r1, r2}\n"
                     "msr msp, r1\n"
                     "bx r2\n"
                     : "+l"(at)
                     :
                     : "r1", "r2", "memory");
    __builtin_unreachable();
}
