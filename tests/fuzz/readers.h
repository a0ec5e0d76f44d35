// SPDX-License-Identifier: MIT
//
// Every reader of files, given any bytes. Shared by the test with a fixed seed
// and the libFuzzer target.

#ifndef TESTS_FUZZ_READERS_H
#define TESTS_FUZZ_READERS_H

#include "nif/base.h"

enum fuzz_format {
    FUZZ_TRACE,
    FUZZ_TRANSACTIONS,
    FUZZ_STIMULI,
    FUZZ_SR,
    FUZZ_SALEAE,
    FUZZ_EDGES_CSV,
    FUZZ_TABLE,
    FUZZ_VCD,
    FUZZ_FORMATS,
};

/// Reads `len` bytes as a file of that format, with all layers behind it.
/// Returns true if the reader liked it; what it gave must then be a trace
/// that can be read (asserted).
bool fuzz_capture(enum fuzz_format format, const void *data, size_t len);

#endif
