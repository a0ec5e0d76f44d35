// SPDX-License-Identifier: MIT
//
// What the tests of calls that wait have in common: a pump, a text to send,
// and room for what comes back.

#ifndef TESTS_CORE_NET_BENCH_H
#define TESTS_CORE_NET_BENCH_H

#include "tests/core/pump.h"
#include "tests/support/check.h"

#include <string.h>

#define S ((uint64_t)1000000)

extern struct pump pump;
extern uint8_t data[40000];
extern uint8_t got[40000];

/// For cmocka.
int setup(void **state);

/// The stack that waits.
struct nif_stack *stack(void);

/// The time when `us` will have passed.
uint64_t in_us(uint64_t us);

/// As a tap of the pair: nothing passes.
bool cut(struct pair *pair, int from, const uint8_t *frame, size_t len);

#endif
