// SPDX-License-Identifier: MIT
//
// Contexts on a Cortex-M and on an RV32.

#include <ucontext.h>

#include <stdarg.h>
#include <stdint.h>

void target_switch(void **save, void *load);
void target_begin(void);

// What target_switch() leaves on a stack, lowest address first, and how
// target_begin() finds a function and its two words in it.
#if defined(__riscv)

__asm__(".text\n"
        ".globl target_switch\n"
        "target_switch:\n"
        "addi sp, sp, -64\n"
        "sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n"
        "sw s4, 16(sp)\n sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n"
        "sw s8, 32(sp)\n sw s9, 36(sp)\n sw s10, 40(sp)\n sw s11, 44(sp)\n"
        "sw ra, 48(sp)\n"
        "sw sp, 0(a0)\n"
        "mv sp, a1\n"
        "lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n"
        "lw s4, 16(sp)\n lw s5, 20(sp)\n lw s6, 24(sp)\n lw s7, 28(sp)\n"
        "lw s8, 32(sp)\n lw s9, 36(sp)\n lw s10, 40(sp)\n lw s11, 44(sp)\n"
        "lw ra, 48(sp)\n"
        "addi sp, sp, 64\n"
        "ret\n"
        ".globl target_begin\n"
        "target_begin:\n"
        "mv a0, s1\n mv a1, s2\n jalr s0\n ebreak\n");

#define FRAME_WORDS 16
#define FRAME_FN    0
#define FRAME_PC    12

#else

__asm__(".syntax unified\n"
        ".text\n"
        ".thumb\n"
        ".balign 4\n"
        ".globl target_switch\n"
        ".thumb_func\n"
        "target_switch:\n"
        "push {r4-r7, lr}\n"
        "mov r2, r8\n mov r3, r9\n mov r4, r10\n mov r5, r11\n"
        "push {r2-r5}\n"
        "mov r2, sp\n str r2, [r0]\n"
        "mov sp, r1\n"
        "pop {r2-r5}\n"
        "mov r8, r2\n mov r9, r3\n mov r10, r4\n mov r11, r5\n"
        "pop {r4-r7, pc}\n"
        ".globl target_begin\n"
        ".thumb_func\n"
        "target_begin:\n"
        "mov r0, r5\n mov r1, r6\n blx r4\n bkpt 0\n");

#define FRAME_WORDS 9
#define FRAME_FN    4
#define FRAME_PC    8

#endif

#define STACK_ALIGN 16u

int getcontext(ucontext_t *context)
{
    context->sp = NULL;
    return 0;
}

void makecontext(ucontext_t *context, void (*fn)(void), int argc, ...)
{
    uintptr_t end =
        (uintptr_t)context->uc_stack.ss_sp + context->uc_stack.ss_size;
    uintptr_t *frame = (uintptr_t *)(end & ~(STACK_ALIGN - 1)) - FRAME_WORDS;
    va_list args;

    (void)argc; // it is two
    va_start(args, argc);
    frame[FRAME_FN] = (uintptr_t)fn;
    frame[FRAME_FN + 1] = va_arg(args, unsigned);
    frame[FRAME_FN + 2] = va_arg(args, unsigned);
    va_end(args);
    frame[FRAME_PC] = (uintptr_t)target_begin;
    context->sp = frame;
}

int swapcontext(ucontext_t *save, const ucontext_t *load)
{
    target_switch(&save->sp, load->sp);
    return 0;
}
