// SPDX-License-Identifier: MIT
//
// The Internet checksum (RFC 1071), alone and with a copy in the same pass.
// It is most of what a small processor does for a full segment, so it goes by
// words, as they lie in memory: the ones' complement sum does not mind the
// order of bytes, as long as the result is stored the same way.

#include "internal.h"

#include "arch/words.h"

#include <string.h>

// Two bytes at any place, as they lie.
static uint32_t half(uint8_t first, uint8_t second)
{
    const uint8_t b[2] = { first, second };
    uint16_t h;

    memcpy(&h, b, sizeof(h));
    return h;
}

uint32_t nif__raw_add(uint32_t a, uint32_t b)
{
    return nif__carry_add(a, b);
}

// To the other half of the byte pairs: a product with 256 (RFC 1071 2.B).
static uint32_t rotate(uint32_t sum)
{
    return sum << 8 | sum >> 24;
}

uint32_t nif__raw_join(uint32_t sum, uint32_t part, size_t at)
{
    return nif__carry_add(sum, at & 1 ? rotate(part) : part);
}

// Sums, and copies to `dst` if it is not NULL, from a word's border on.
static uint32_t from_word(uint8_t *dst, const uint8_t *p, size_t len)
{
    uint32_t sum = 0;
    size_t blocks = len / NIF__BLOCK;

    if (blocks > 0) {
        sum = dst != NULL ? nif__copy_blocks(0, &dst, &p, blocks)
                          : nif__sum_blocks(0, &p, blocks);
        len %= NIF__BLOCK;
    }
    for (; len >= 4; len -= 4) {
        uint32_t w = nif__word(p);

        sum = nif__carry_add(sum, w);
        if (dst != NULL) {
            nif__put_word(dst, w);
            dst += 4;
        }
        p += 4;
    }
    if (len > 0 && dst != NULL) {
        memcpy(dst, p, len);
    }
    if (len >= 2) {
        sum = nif__carry_add(sum, half(p[0], p[1]));
        p += 2;
    }
    return len & 1 ? nif__carry_add(sum, half(*p, 0)) : sum;
}

uint32_t nif__copy_sum(void *dst, const void *src, size_t len)
{
    const uint8_t *p = src;
    uint8_t *to = dst;
    size_t lead = (size_t)(-(uintptr_t)p & 3);
    uint32_t sum = 0;

    if (to != NULL && (((uintptr_t)to ^ (uintptr_t)p) & 3) != 0) {
        memcpy(to, p, len); // no words in common
        to = NULL;
    }
    if (lead > len) {
        lead = len;
    }
    for (size_t i = 0; i < lead; i++) {
        sum += i & 1 ? half(0, p[i]) : half(p[i], 0);
        if (to != NULL) {
            to[i] = p[i];
        }
    }
    if (lead == len) {
        return sum;
    }
    return nif__raw_join(sum,
        from_word(to != NULL ? to + lead : NULL, p + lead, len - lead), lead);
}

uint16_t nif__raw_end(uint32_t sum)
{
    sum = (sum >> 16) + (sum & 0xFFFF);
    return (uint16_t) ~((sum >> 16) + sum);
}

uint32_t nif__sum(uint32_t sum, const uint8_t *p, size_t len)
{
    uint16_t raw = (uint16_t)~nif__raw_end(nif__copy_sum(NULL, p, len));
    uint8_t b[2];

    memcpy(b, &raw, sizeof(b));
    return sum + nif_get_be16(b);
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
