// SPDX-License-Identifier: MIT
//
// The serial port PL011: sending, and what it takes to begin.

#include "pl011.h"

#define REG(base, offset) (*(volatile uint32_t *)((base) + (offset)))

#define DR    0x00u
#define FR    0x18u
#define IBRD  0x24u
#define FBRD  0x28u
#define LCR_H 0x2Cu
#define CR    0x30u

#define FR_TXFF     (1u << 5)
#define LCR_H_8_FEN 0x70u
#define CR_ON       0x301u // UARTEN, TXE, RXE

void pl011_init(uintptr_t base, uint32_t hz, uint32_t baud)
{
    uint32_t divisor = (hz * 4 + baud / 2) / baud; // in 64ths

    REG(base, CR) = 0;
    REG(base, IBRD) = divisor >> 6;
    REG(base, FBRD) = divisor & 0x3F;
    REG(base, LCR_H) = LCR_H_8_FEN; // takes the divisor over
    REG(base, CR) = CR_ON;
}

void pl011_putc(uintptr_t base, char c)
{
    while (REG(base, FR) & FR_TXFF) {
    }
    REG(base, DR) = (uint8_t)c;
}
