// SPDX-License-Identifier: MIT
//
// Fuzz target: frames as they come, to the whole stack.

#include "tests/fuzz/frames_of.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_frames(data, size, false);
    return 0;
}
