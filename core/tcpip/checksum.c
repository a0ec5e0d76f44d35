// SPDX-License-Identifier: MIT
//
// The Internet checksum (RFC 1071). It is most of what a small processor
// does for a full segment, so it goes by words.

#include "internal.h"

#include <string.h>

#if defined(__GNUC__)
#define ALIGNED4(p) __builtin_assume_aligned((p), 4)
#else
#define ALIGNED4(p) (p)
#endif

static uint64_t word(const uint8_t *p)
{
    uint32_t w;

    memcpy(&w, ALIGNED4(p), sizeof(w));
    return w;
}

// Sums words as they lie in memory: the ones' complement sum does not mind
// the order of bytes, as long as the result is stored the same way.
static uint64_t sum_words(const uint8_t *p, size_t count)
{
    uint64_t sum = 0;

    for (; count >= 4; count -= 4) {
        sum += word(p);
        sum += word(p + 4);
        sum += word(p + 8);
        sum += word(p + 12);
        p += 16;
    }
    for (; count > 0; count--) {
        sum += word(p);
        p += 4;
    }
    return sum;
}

static uint16_t fold(uint64_t sum)
{
    uint32_t low = (uint32_t)sum;
    uint32_t high = (uint32_t)(sum >> 32);
    uint32_t s = (low >> 16) + (low & 0xFFFF) + (high >> 16) + (high & 0xFFFF);

    s = (s >> 16) + (s & 0xFFFF);
    return (uint16_t)((s >> 16) + s);
}

static uint16_t swap(uint16_t v)
{
    return (uint16_t)(v >> 8 | v << 8);
}

// The value of a sum made of bytes as they lie.
static uint16_t value_of(uint16_t native)
{
    uint8_t b[2];

    memcpy(b, &native, sizeof(b));
    return nif_get_be16(b);
}

uint32_t nif__sum(uint32_t sum, const uint8_t *p, size_t len)
{
    // Up to three bytes lead to a word's border.
    size_t lead = (size_t)(-(uintptr_t)p & 3);
    uint64_t body;
    uint16_t part;

    if (len < lead + 4) {
        for (; len >= 2; len -= 2) {
            sum += nif_get_be16(p);
            p += 2;
        }
        return len ? sum + (uint32_t)(p[0] << 8) : sum;
    }
    for (size_t i = 0; i < lead; i++) {
        sum += i & 1 ? (uint32_t)p[i] : (uint32_t)p[i] << 8;
    }
    p += lead;
    len -= lead;
    body = sum_words(p, len >> 2);
    part = value_of(fold(body));
    p += len & ~(size_t)3;
    len &= 3;
    // What is left is less than a word and begins at an even place of it.
    if (len >= 2) {
        uint32_t s = part + (uint32_t)nif_get_be16(p);

        part = (uint16_t)((s >> 16) + s);
        p += 2;
        len -= 2;
    }
    if (len > 0) {
        uint32_t s = part + (uint32_t)(p[0] << 8);

        part = (uint16_t)((s >> 16) + s);
    }
    // Behind an odd lead the even places are the odd ones (RFC 1071 2.B).
    return sum + (lead & 1 ? swap(part) : part);
}

uint16_t nif__sum_end(uint32_t sum)
{
    sum = (sum >> 16) + (sum & 0xFFFF);
    return (uint16_t) ~((sum >> 16) + sum);
}

uint32_t nif__sum_pseudo(uint32_t src, uint32_t dst, uint8_t proto, size_t len)
{
    return (src >> 16) + (src & 0xFFFF) + (dst >> 16) + (dst & 0xFFFF) + proto +
        (uint32_t)len;
}
