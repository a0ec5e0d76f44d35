// SPDX-License-Identifier: MIT
//
// Sums and copies. A raw sum is a ones' complement sum of 32-bit words as they
// lie in memory, whatever the order of their bytes.

#ifndef CORE_TCPIP_SUMS_H
#define CORE_TCPIP_SUMS_H

#include "arch/words.h"

/// The raw sum of `len` bytes, as if they began at an even place; copies them
/// to `dst` in the same pass if that is not NULL.
uint32_t nif__copy_sum(void *dst, const void *src, size_t len);

/// Copies `len` bytes, by words where they can be: a third of what memcpy()
/// takes on small processors.
void nif__copy(void *dst, const void *src, size_t len);

/// Adds `n` words at `p`, which is aligned, to a raw sum.
uint32_t nif__raw_words(uint32_t sum, const void *p, size_t n);

/// Adds the raw sum of a part that begins `at` bytes behind the start.
uint32_t nif__raw_join(uint32_t sum, uint32_t part, size_t at);

/// True if the checksum of a raw sum is 0: what it is the sum of is sound. The
/// sum of nothing but zeroes is not.
static inline bool nif__raw_zero(uint32_t sum)
{
    return (uint16_t)(sum ^ sum >> 16) == 0xFFFF || sum == UINT32_MAX;
}

/// The checksum of a raw sum, as it is to lie in memory.
uint16_t nif__raw_end(uint32_t sum);

/// The same without a call, in the lower half.
static inline uint32_t nif__raw_end_here(uint32_t sum)
{
    // What is carried out of the lower half of this goes into the upper.
    sum += sum << 16 | sum >> 16;
    return ~(sum >> 16);
}

/// The checksum of `raw` and `len` bytes behind what it is the sum of: an even
/// number of bytes.
uint16_t nif__checksum(uint32_t raw, const uint8_t *p, size_t len);

/// The raw sum of the pseudo header of UDP and TCP.
uint32_t nif__raw_pseudo(uint32_t src, uint32_t dst, uint8_t proto, size_t len);

#endif
