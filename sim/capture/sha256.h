// SPDX-License-Identifier: MIT
//
// SHA-256 (FIPS 180-4), to name the file that a trace was made of.

#ifndef SIM_CAPTURE_SHA256_H
#define SIM_CAPTURE_SHA256_H

#include "nif/base.h"

#include <stdio.h>

/// Hex and an end.
#define SIM_SHA256_TEXT 65

/// The hash of all that can still be read of `in`, in hex. Returns false if
/// reading fails.
bool sim_sha256(FILE *in, char text[SIM_SHA256_TEXT]);

#endif
