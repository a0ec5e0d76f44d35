// SPDX-License-Identifier: MIT
//
// TCP connections of the chip's socket 0 to a peer of frames, which says one by
// one what it has to say.

#ifndef TESTS_W5500_MODEL_CALL_H
#define TESTS_W5500_MODEL_CALL_H

#include "tests/w5500/model_frames.h"

/// Its status register.
unsigned sr(struct bench *b);

/// The last frame that the chip has sent.
unsigned last(const struct bench *b);

/// TCP's flags in a frame, whose sums must hold.
unsigned flags(const struct bench *b, unsigned frame);

/// OPEN, from port 5000 to the peer's port 7.
void open_tcp(struct bench *b);

/// As far as the SYN. Returns the chip's next sequence number.
uint32_t call(struct bench *b);

/// As far as ESTABLISHED; the peer's next number is 1001.
uint32_t establish(struct bench *b);

#endif
