// SPDX-License-Identifier: MIT
//
// The innermost loops of the stack: ones' complement sums of whole words,
// with and without a copy. Chosen here and nowhere else by the compiler's
// macros: assembly for ARMv6-M, whose instructions ARMv7-M and ARMv8-M have
// too, where the carry stays in its flag, and C for everybody else. Both give
// the same sums (bench/stack/target/words.c); NIF__PLAIN_WORDS is C everywhere.

#ifndef CORE_TCPIP_ARCH_WORDS_H
#define CORE_TCPIP_ARCH_WORDS_H

#include "nif/base.h"

#include <string.h>

#if defined(__GNUC__) && defined(__thumb__) && !defined(__ARM_BIG_ENDIAN) && \
    !defined(NIF__PLAIN_WORDS)
#define NIF__THUMB_WORDS
#endif

/// Adds with the carry brought round (RFC 1071).
static inline uint32_t nif__carry_add(uint32_t a, uint32_t b)
{
#ifdef NIF__THUMB_WORDS // where C takes five instructions
    __asm__(".syntax unified\n"
            "adds %[a], %[b]\n"
            "adcs %[a], %[zero]\n"
            : [a] "+l"(a)
            : [b] "l"(b), [zero] "l"(0)
            : "cc");
    return a;
#else
    a += b;
    return a + (a < b);
#endif
}

#if defined(__GNUC__)

// Freestanding, memcpy() is a call even for four bytes.
typedef uint32_t __attribute__((may_alias)) nif__word_at;
typedef uint16_t __attribute__((may_alias)) nif__half_at;

/// `p`, to be kept in a register: else what lies far behind the begin of a
/// struct is found anew each time, by two instructions more.
static inline uint8_t *nif__base(void *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/// The word at `p`, which is aligned, as it lies.
static inline uint32_t nif__word(const uint8_t *p)
{
    return *(const nif__word_at *)(const void *)p;
}

/// The two bytes at `p`, which is even, as they lie.
static inline uint16_t nif__half(const uint8_t *p)
{
    return *(const nif__half_at *)(const void *)p;
}

/// Puts a word at `p`, which is aligned, as it is to lie.
static inline void nif__put_word(uint8_t *p, uint32_t w)
{
    *(nif__word_at *)(void *)p = w;
}

/// Puts two bytes at `p`, which is even, as they are to lie.
static inline void nif__put_half(uint8_t *p, uint16_t h)
{
    *(nif__half_at *)(void *)p = h;
}

#else

static inline uint8_t *nif__base(void *p)
{
    return p;
}

static inline uint32_t nif__word(const uint8_t *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof(w));
    return w;
}

static inline uint16_t nif__half(const uint8_t *p)
{
    uint16_t h;

    memcpy(&h, p, sizeof(h));
    return h;
}

static inline void nif__put_word(uint8_t *p, uint32_t w)
{
    memcpy(p, &w, sizeof(w));
}

static inline void nif__put_half(uint8_t *p, uint16_t h)
{
    memcpy(p, &h, sizeof(h));
}

#endif

#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/// A word whose bytes, as it lies, are `v` big-endian; and back.
static inline uint32_t nif__be32(uint32_t v)
{
    return __builtin_bswap32(v);
}

static inline uint16_t nif__be16(uint16_t v)
{
    return __builtin_bswap16(v);
}

/// Two bytes, as they lie, the low one first.
static inline uint16_t nif__le16(uint16_t v)
{
    return v;
}

#else

static inline uint32_t nif__be32(uint32_t v)
{
    const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
        (uint8_t)(v >> 8), (uint8_t)v };
    uint32_t w;

    memcpy(&w, b, sizeof(w));
    return w;
}

static inline uint16_t nif__be16(uint16_t v)
{
    const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };
    uint16_t h;

    memcpy(&h, b, sizeof(h));
    return h;
}

static inline uint16_t nif__le16(uint16_t v)
{
    v = nif__be16(v);
    return (uint16_t)(v << 8 | v >> 8);
}

#endif

/// Copies an Ethernet address, from an even place to another.
static inline void nif__put_hwaddr(uint8_t *to, const uint8_t *from)
{
    nif__put_half(to, nif__half(from));
    nif__put_half(to + 2, nif__half(from + 2));
    nif__put_half(to + 4, nif__half(from + 4));
}

/// Adds `n` words at `*p`, which is aligned, to `sum`, and moves `*p` behind
/// them.
static inline uint32_t nif__sum_words(uint32_t sum, const uint8_t **p,
    size_t n);

/// The sum of the five words at `p`, which is aligned: an IPv4 header.
static inline uint32_t nif__sum_five(const uint8_t *p);

/// Copies `n` words from `*p` to `*dst`, both aligned, and moves both behind
/// them.
static inline void nif__move_words(uint8_t **dst, const uint8_t **p, size_t n);

/// The same as nif__sum_words(), and copies the words to `*dst`, which is
/// aligned too.
static inline uint32_t nif__copy_words(uint32_t sum, uint8_t **dst,
    const uint8_t **p, size_t n);

#ifdef NIF__THUMB_WORDS

// What is beyond fours goes first, word by word; then sums go by rounds of
// eight times four, of which the first begins in the middle, so that they come
// out even. Copies take sixteen words a round, then four, then one. Seven low
// registers are all there are: where a copy needs one more, zero is made anew
// in one whose value is stored by then.
// clang-format off
#define NIF__LOAD4  "ldmia %[src]!, {r3-r6}\n"
#define NIF__STORE4 "stmia %[dst]!, {r3-r6}\n"
#define NIF__ADC3 \
    "adcs %[sum], r4\n adcs %[sum], r5\n adcs %[sum], r6\n"
#define NIF__ADD4   "adds %[sum], r3\n" NIF__ADC3
#define NIF__ADC4   "adcs %[sum], r3\n" NIF__ADC3
#define NIF__EIGHT(x) x x x x x x x x

// How many words are beyond fours: r3; to 2 if there are none.
#define NIF__BEYOND \
    "lsls r3, %[n], #30\n" \
    "beq 2f\n" \
    "lsrs r3, r3, #30\n" \
    "1:\n"
// Makes `n` the negative number of rounds, and goes to where the first begins:
// behind parts that are 8 bytes long, and 2 (`more` 28) or 4 (27). Without a
// carry; the nop is never done.
#define NIF__ROUNDS(more) \
    "subs r3, #1\n" \
    "bne 1b\n" \
    "2:\n" \
    "lsrs %[n], %[n], #2\n" \
    "beq 4f\n" \
    "negs %[n], %[n]\n" \
    "lsls r3, %[n], #29\n" \
    "asrs %[n], %[n], #3\n" \
    "lsrs r4, r3, #26\n" \
    "lsrs r3, r3, #" more "\n" \
    "adds r3, r3, r4\n" \
    "add pc, r3\n" \
    "nop\n" \
    "3:\n"
// No round but the last leaves a carry.
#define NIF__AGAIN \
    "adds %[n], #1\n" \
    "bne 3b\n" \
    "4:\n"

static inline uint32_t nif__sum_words(uint32_t sum, const uint8_t **p,
    size_t n)
{
    const uint8_t *src = *p;
    uint32_t zero = 0;

    __asm__ volatile(
        ".syntax unified\n"
        NIF__BEYOND
        "ldmia %[src]!, {r4}\n"
        "adds %[sum], r4\n"
        "adcs %[sum], %[zero]\n"
        NIF__ROUNDS("28")
        NIF__EIGHT(NIF__LOAD4 NIF__ADC4)
        "adcs %[sum], %[zero]\n"
        NIF__AGAIN
        : [sum] "+&l"(sum), [src] "+&l"(src), [n] "+&l"(n)
        : [zero] "l"(zero)
        : "r3", "r4", "r5", "r6", "cc", "memory");
    *p = src;
    return sum;
}

static inline uint32_t nif__sum_five(const uint8_t *p)
{
    uint32_t sum = 0;
    uint32_t zero = 0;

    __asm__(
        ".syntax unified\n"
        "ldmia %[p]!, {r3-r6}\n"
        "ldr %[sum], [%[p]]\n"
        NIF__ADD4
        "adcs %[sum], %[zero]\n"
        : [sum] "+&l"(sum), [p] "+&l"(p)
        : [zero] "l"(zero)
        : "r3", "r4", "r5", "r6", "cc", "memory");
    return sum;
}

static inline void nif__move_words(uint8_t **to, const uint8_t **p, size_t n)
{
    const uint8_t *src = *p;
    uint8_t *dst = *to;

    __asm__ volatile(
        ".syntax unified\n"
        "subs %[n], #16\n"
        "bcc 2f\n"
        "1:\n"
        NIF__LOAD4 NIF__STORE4 NIF__LOAD4 NIF__STORE4
        NIF__LOAD4 NIF__STORE4 NIF__LOAD4 NIF__STORE4
        "subs %[n], #16\n"
        "bcs 1b\n"
        "2:\n"
        "adds %[n], #12\n"
        "bmi 4f\n"
        "3:\n"
        NIF__LOAD4 NIF__STORE4
        "subs %[n], #4\n"
        "bpl 3b\n"
        "4:\n"
        "adds %[n], #4\n"
        "beq 6f\n"
        "5:\n"
        "ldmia %[src]!, {r3}\n"
        "stmia %[dst]!, {r3}\n"
        "subs %[n], #1\n"
        "bne 5b\n"
        "6:\n"
        : [src] "+&l"(src), [dst] "+&l"(dst), [n] "+&l"(n)
        :
        : "r3", "r4", "r5", "r6", "cc", "memory");
    *p = src;
    *to = dst;
}

static inline uint32_t nif__copy_words(uint32_t sum, uint8_t **to,
    const uint8_t **p, size_t n)
{
    const uint8_t *src = *p;
    uint8_t *dst = *to;

    __asm__ volatile(
        ".syntax unified\n"
        NIF__BEYOND
        "ldmia %[src]!, {r4}\n"
        "stmia %[dst]!, {r4}\n"
        "adds %[sum], r4\n"
        "movs r4, #0\n"
        "adcs %[sum], r4\n"
        NIF__ROUNDS("27")
        NIF__EIGHT(NIF__LOAD4 NIF__ADC4 NIF__STORE4)
        "movs r3, #0\n"
        "adcs %[sum], r3\n"
        NIF__AGAIN
        : [sum] "+&l"(sum), [src] "+&l"(src), [dst] "+&l"(dst), [n] "+&l"(n)
        :
        : "r3", "r4", "r5", "r6", "cc", "memory");
    *p = src;
    *to = dst;
    return sum;
}
// clang-format on

#else

static inline uint32_t nif__sum_words(uint32_t sum, const uint8_t **p, size_t n)
{
    const uint8_t *src = *p;
    uint64_t wide = sum;

    for (; n >= 4; n -= 4) {
        wide += nif__word(src);
        wide += nif__word(src + 4);
        wide += nif__word(src + 8);
        wide += nif__word(src + 12);
        src += 16;
    }
    for (; n > 0; n--) {
        wide += nif__word(src);
        src += 4;
    }
    *p = src;
    return nif__carry_add((uint32_t)wide, (uint32_t)(wide >> 32));
}

static inline uint32_t nif__sum_five(const uint8_t *p)
{
    return nif__sum_words(0, &p, 5);
}

static inline void nif__move_words(uint8_t **dst, const uint8_t **p, size_t n)
{
    memcpy(*dst, *p, n * 4);
    *dst += n * 4;
    *p += n * 4;
}

static inline uint32_t nif__copy_words(uint32_t sum, uint8_t **dst,
    const uint8_t **p, size_t n)
{
    memcpy(*dst, *p, n * 4);
    *dst += n * 4;
    return nif__sum_words(sum, p, n);
}

#endif

#endif
