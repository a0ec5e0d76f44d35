// SPDX-License-Identifier: MIT
//
// A pump, and what goes through it.

#include "tests/core/net_bench.h"

struct pump pump;
uint8_t data[40000];
uint8_t got[40000];

int setup(void **state)
{
    (void)state;
    pump_init(&pump, 3);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7 + i / 253);
    }
    nif_use_stack(NULL);
    return 0;
}

struct nif_stack *stack(void)
{
    return &pump.pair.stack[0].stack;
}

uint64_t in_us(uint64_t us)
{
    return pump_in(&pump, us);
}

bool cut(struct pair *pair, int from, const uint8_t *frame, size_t len)
{
    (void)pair;
    (void)from;
    (void)frame;
    (void)len;
    return false;
}
