// SPDX-License-Identifier: MIT
//
// Fuzz target: one reader of files, FUZZ_FORMAT, as the build says.

#include "tests/fuzz/readers.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_capture(FUZZ_FORMAT, data, len);
    return 0;
}
