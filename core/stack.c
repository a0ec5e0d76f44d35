// SPDX-License-Identifier: MIT
//
// The one call of a stack that has something to do beside the call itself.

#include "nif/stack.h"

uint64_t nif_stack_poll(struct nif_stack *stack)
{
    uint64_t again_us;

    NIF_ASSERT(!stack->polling);
    stack->polling = true;
    again_us = stack->ops->poll(stack);
    stack->polling = false;
    return again_us;
}
