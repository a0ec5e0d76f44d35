// SPDX-License-Identifier: MIT
//
// RP2040: an image in RAM is entered at its lowest address, as code, not by its
// vectors. This lies there, and does what the processor does at a reset.

#include <stdint.h>

__attribute__((naked, noreturn, used, section(".boot.ram"))) void
pico_enter(void);

void pico_enter(void)
{
    __asm__ volatile("ldr r0, =image_vectors\n"
                     "ldr r1, =0xE000ED08\n" // VTOR
                     "str r0, [r1]\n"
                     "ldmia r0!, {r1, r2}\n"
                     "msr msp, r1\n"
                     "bx r2\n");
}
