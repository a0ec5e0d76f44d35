// SPDX-License-Identifier: MIT
//
// An input of a fuzzer as frames: each begins with two bytes, of which the
// low eleven bits are its length, and the others say how much time passes
// after it.

#ifndef TESTS_FUZZ_FRAMES_OF_H
#define TESTS_FUZZ_FRAMES_OF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Gives a stack, with a listener and a bound datagram connection, each
/// frame of an input. `repair`: addresses and checksums are put right, so that
/// it is believed further up.
void fuzz_frames(const uint8_t *data, size_t size, bool repair);

#endif
