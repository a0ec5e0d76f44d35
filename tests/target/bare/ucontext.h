// SPDX-License-Identifier: MIT
//
// What the simulator's fibers want of POSIX's contexts, on a processor without
// an operating system: a function of two words on a stack of its own, and a
// switch that keeps the registers a function has to keep. Those of an FPU are
// not among them: these images are compiled for none.

#ifndef TESTS_TARGET_BARE_UCONTEXT_H
#define TESTS_TARGET_BARE_UCONTEXT_H

#include <stddef.h>

typedef struct ucontext {
    struct {
        void *ss_sp; ///< its lowest address
        size_t ss_size;
    } uc_stack;
    struct ucontext *uc_link; ///< not looked at: the function never returns
    void *sp;                 ///< the registers lie there
} ucontext_t;

int getcontext(ucontext_t *context);
void makecontext(ucontext_t *context, void (*fn)(void), int argc, ...);
int swapcontext(ucontext_t *save, const ucontext_t *load);

#endif
