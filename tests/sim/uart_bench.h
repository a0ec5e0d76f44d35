// SPDX-License-Identifier: MIT
//
// A bench for the serial line: a processor's port, a chip that listens, and
// the wrapper of faults.

#ifndef TESTS_SIM_UART_BENCH_H
#define TESTS_SIM_UART_BENCH_H

#include "sim/bus/uart.h"
#include "sim/bus/uart_fault.h"
#include "tests/support/check.h"

#include <string.h>

#define BYTE_NS 86805ull // at 115200

// A chip that notes what it hears and may be busy.
struct listener {
    struct sim_uart_chip chip;
    bool busy;
    uint8_t heard[1024];
    unsigned errors[1024];
    uint64_t at_ns[1024];
    size_t count;
    uint64_t drained_ns;
    unsigned drains;
};

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct listener far;
    struct sim_uart bus;
    struct sim_uart_fault fault;
    struct nif_uart *uart; ///< what put() and get() use: the port itself
};

void begin(struct bench *b, const struct sim_uart_cfg *cfg);
void end(struct bench *b);

/// Fails if somebody complained.
int setup(void **state);
int teardown(void **state);

int put(struct bench *b, const char *text, size_t len);
int get(struct bench *b, uint8_t *buf, size_t cap);
void pass(struct bench *b, uint64_t ns);

#endif
