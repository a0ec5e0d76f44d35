// SPDX-License-Identifier: MIT
//
// What the parts of the host's program share.

#ifndef BENCH_STACK_HOST_HOST_H
#define BENCH_STACK_HOST_HOST_H

#include "bench/stack/side.h"

/// The stack whose figures follow.
void meter_of(const char *stack);

/// Measures the meter itself: its figures are "stretch" and "pause".
void meter_calibrate(void);

/// A pause in a stretch, for a device that is not one of ours.
void meter_pause(void);
void meter_resume(void);

/// Debian's lwIP; only where it is installed.
side_init_fn side_lwip_init;

#endif
