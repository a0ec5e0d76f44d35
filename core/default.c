// SPDX-License-Identifier: MIT
//
// The one global of the library: the stack of a program that has only one.

#include "nif/net.h"

static struct nif_stack *used;

void nif_use_stack(struct nif_stack *stack)
{
    used = stack;
}

struct nif_stack *nif_default_stack(void)
{
    return used;
}
