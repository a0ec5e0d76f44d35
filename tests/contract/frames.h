// SPDX-License-Identifier: MIT
//
// The parts of the suite for frame devices. Each runs its tests and returns
// how many have failed.

#ifndef TESTS_CONTRACT_FRAMES_H
#define TESTS_CONTRACT_FRAMES_H

#include "tests/contract/frames_bench.h"

/// The bench of all of them.
extern struct bench b;

/// Opens it, as its chip comes; and closes it, which looks at what was wrong.
int frames_setup(void **state);
int frames_teardown(void **state);

int frames_calls(const char *name);
int frames_flow(const char *name);
int frames_link(const char *name);
int frames_pulls(const char *name);
int frames_moments(const char *name);
int frames_faults(const char *name);

#endif
