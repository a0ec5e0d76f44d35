// SPDX-License-Identifier: MIT
//
// Fuzz target: frames whose addresses, length and checksums are put right.

#include "tests/fuzz/frames_of.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_frames(data, size, true);
    return 0;
}
