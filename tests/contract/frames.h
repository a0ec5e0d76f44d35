// SPDX-License-Identifier: MIT
//
// The parts of the suite for frame devices. Each runs its tests and returns
// how many have failed.

#ifndef TESTS_CONTRACT_FRAMES_H
#define TESTS_CONTRACT_FRAMES_H

int frames_calls(const char *name);
int frames_moments(const char *name);
int frames_flow(const char *name);
int frames_link(const char *name);
int frames_faults(const char *name);

#endif
