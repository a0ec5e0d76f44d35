/* SPDX-License-Identifier: MIT
 *
 * The meter of meter.h on a Cortex-M0 in QEMU. With -icount shift=10 every
 * instruction takes 1024 ns of virtual time, the board's SysTick counts down
 * at 12.5 MHz, one step per 80 ns: 12.8 steps per instruction, so that the
 * difference of two readings is a number of instructions without any doubt.
 * 24 bits of it are 1.3 million instructions.
 *
 * What lies between the readings and does not belong to the stack is always
 * the same, because it is all in this file: main.c measures it once and
 * takes it off. A reading is the load itself; it counts as the last
 * instruction before it takes effect.
 */
        .syntax unified
        .cpu    cortex-m0
        .thumb

        .equ    SYST_CVR, 0xE000E018

/* Keeps r0 and r1, in which a function of the device returns its result. */
        .macro  BEGIN name
        .global \name
        .thumb_func
        .type   \name, %function
\name:
        ldr     r2, =meter_began
        ldr     r3, =SYST_CVR
        ldr     r3, [r3]
        str     r3, [r2]
        bx      lr
        .size   \name, . - \name
        .endm

/* Keeps r0 to r3, in which a function of the device has its arguments. */
        .macro  END name, add
        .global \name
        .thumb_func
        .type   \name, %function
\name:
        push    {r0-r3, lr}
        ldr     r0, =SYST_CVR
        ldr     r0, [r0]
        bl      \add
        pop     {r0-r3, pc}
        .size   \name, . - \name
        .endm

/* outside_x: x of the wire, with the meter off in it. */
        .macro  OUTSIDE name
        .global outside_\name
        .thumb_func
        .type   outside_\name, %function
outside_\name:
        push    {r4, lr}
        bl      pause
        bl      wire_\name
        bl      resume
        pop     {r4, pc}
        .size   outside_\name, . - outside_\name
        .endm

        .section .text.meter, "ax", %progbits
        BEGIN   meter_on
        END     meter_off, meter_add
        BEGIN   resume
        END     pause, meter_add_pause
        .ltorg

        OUTSIDE start
        OUTSIDE poll
        OUTSIDE hwaddr
        OUTSIDE flags
        OUTSIDE mtu
        OUTSIDE on_event
        OUTSIDE send
        OUTSIDE recv
        OUTSIDE lend
        OUTSIDE commit
        OUTSIDE now_us
        OUTSIDE wake
        OUTSIDE nothing

/* For the calibration: nothing, and a hundred instructions with the return. */
        .global wire_nothing
        .thumb_func
        .type   wire_nothing, %function
wire_nothing:
        bx      lr

        .global hundred
        .thumb_func
        .type   hundred, %function
hundred:
        .rept   99
        nop
        .endr
        bx      lr
