// SPDX-License-Identifier: MIT
//
// The innermost loops of the stack: ones' complement sums of whole words,
// with and without a copy. Chosen here and nowhere else by the compiler's
// macros: assembly for ARMv6-M, whose instructions ARMv7-M and ARMv8-M have
// too, where the carry stays in its flag, and C for everybody else. Both give
// the same sums.

#ifndef CORE_TCPIP_ARCH_WORDS_H
#define CORE_TCPIP_ARCH_WORDS_H

#include "nif/base.h"

#include <string.h>

/// Adds with the carry brought round (RFC 1071).
static inline uint32_t nif__carry_add(uint32_t a, uint32_t b)
{
    a += b;
    return a + (a < b);
}

#if defined(__GNUC__)
#define NIF__ALIGNED4(p) __builtin_assume_aligned((p), 4)
#else
#define NIF__ALIGNED4(p) (p)
#endif

/// The word at `p`, which is aligned, as it lies.
static inline uint32_t nif__word(const uint8_t *p)
{
    uint32_t w;

    memcpy(&w, NIF__ALIGNED4(p), sizeof(w));
    return w;
}

/// Puts a word at `p`, which is aligned, as it is to lie.
static inline void nif__put_word(uint8_t *p, uint32_t w)
{
    memcpy(NIF__ALIGNED4(p), &w, sizeof(w));
}

/// Bytes that one round of the loops below takes.
#define NIF__BLOCK 64u

/// Adds `blocks` (not 0) blocks at `*p`, which is aligned, to `sum`, and
/// moves `*p` behind them.
static inline uint32_t nif__sum_blocks(uint32_t sum, const uint8_t **p,
    size_t blocks);

/// The same, and copies them to `*dst`, which is aligned too.
static inline uint32_t nif__copy_blocks(uint32_t sum, uint8_t **dst,
    const uint8_t **p, size_t blocks);

#if defined(__GNUC__) && defined(__thumb__) && !defined(__ARM_BIG_ENDIAN)

// clang-format off
#define NIF__ADD4 \
    "adcs %[sum], r3\n adcs %[sum], r4\n" \
    "adcs %[sum], r5\n adcs %[sum], r6\n"
#define NIF__LOAD4  "ldmia %[src]!, {r3-r6}\n"
#define NIF__STORE4 "stmia %[dst]!, {r3-r6}\n"
// clang-format on

static inline uint32_t nif__sum_blocks(uint32_t sum, const uint8_t **p,
    size_t blocks)
{
    const uint8_t *src = *p;
    uint32_t zero = 0;

    __asm__ volatile(".syntax unified\n"
                     "1:\n" NIF__LOAD4 "adds %[sum], r3\n"
                     "adcs %[sum], r4\n adcs %[sum], r5\n"
                     "adcs %[sum], r6\n" NIF__LOAD4 NIF__ADD4 NIF__LOAD4
                         NIF__ADD4 NIF__LOAD4 NIF__ADD4 "adcs %[sum], %[zero]\n"
                     "subs %[n], #1\n"
                     "bne 1b\n"
                     : [sum] "+l"(sum), [src] "+l"(src), [n] "+l"(blocks)
                     : [zero] "l"(zero)
                     : "r3", "r4", "r5", "r6", "cc", "memory");
    *p = src;
    return sum;
}

static inline uint32_t nif__copy_blocks(uint32_t sum, uint8_t **to,
    const uint8_t **p, size_t blocks)
{
    const uint8_t *src = *p;
    uint8_t *dst = *to;
    size_t n = blocks;

    // Seven low registers are all there are: the carry goes round through
    // r3, whose value is stored by then.
    __asm__ volatile(".syntax unified\n"
                     "1:\n" NIF__LOAD4 "adds %[sum], r3\n"
                     "adcs %[sum], r4\n adcs %[sum], r5\n"
                     "adcs %[sum], r6\n" NIF__STORE4 NIF__LOAD4 NIF__ADD4
                         NIF__STORE4 NIF__LOAD4 NIF__ADD4 NIF__STORE4 NIF__LOAD4
                             NIF__ADD4 NIF__STORE4 "mov r3, %[zero]\n"
                     "adcs %[sum], r3\n"
                     "subs %[n], #1\n"
                     "bne 1b\n"
                     : [sum] "+l"(sum), [src] "+l"(src), [dst] "+l"(dst),
                     [n] "+l"(n)
                     : [zero] "h"(0)
                     : "r3", "r4", "r5", "r6", "cc", "memory");
    *p = src;
    *to = dst;
    return sum;
}

#else

static inline uint32_t nif__sum_blocks(uint32_t sum, const uint8_t **p,
    size_t blocks)
{
    const uint8_t *src = *p;
    uint64_t wide = sum;

    for (; blocks > 0; blocks--) {
        for (unsigned i = 0; i < NIF__BLOCK; i += 16) {
            wide += nif__word(src + i);
            wide += nif__word(src + i + 4);
            wide += nif__word(src + i + 8);
            wide += nif__word(src + i + 12);
        }
        src += NIF__BLOCK;
    }
    *p = src;
    return nif__carry_add((uint32_t)wide, (uint32_t)(wide >> 32));
}

static inline uint32_t nif__copy_blocks(uint32_t sum, uint8_t **dst,
    const uint8_t **p, size_t blocks)
{
    memcpy(*dst, *p, blocks * NIF__BLOCK);
    *dst += blocks * NIF__BLOCK;
    return nif__sum_blocks(sum, p, blocks);
}

#endif

#endif
