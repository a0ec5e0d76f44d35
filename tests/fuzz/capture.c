// SPDX-License-Identifier: MIT
//
// The libFuzzer target: the first byte says which reader, the rest is the
// file.

#include "tests/fuzz/readers.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len > 0) {
        fuzz_capture((enum fuzz_format)(data[0] % FUZZ_FORMATS), data + 1,
            len - 1);
    }
    return 0;
}
