// SPDX-License-Identifier: MIT
//
// The figures of a TCP/IP stack: the same traffic for every stack and every
// machine.

#ifndef BENCH_STACK_FIGURES_H
#define BENCH_STACK_FIGURES_H

#include "bench/stack/side.h"

/// Measures the stack that `init` makes, over a device that lends memory to
/// build frames in, or only gathers. Each figure goes to meter_report() under
/// its name; a stack that cannot do what a figure is about has none. Panics
/// where a stack does not do its work.
void figures_run(side_init_fn *init, bool lends);

#endif
