// SPDX-License-Identifier: MIT
//
// The Internet checksum (RFC 1071), alone and with a copy in the same pass.
// It is most of what a small processor does for a full segment, so it goes by
// words, as they lie in memory: the ones' complement sum does not mind the
// order of bytes, as long as the result is stored the same way.

#include "internal.h"

#include <string.h>

// Two bytes as they lie.
static uint32_t half(uint8_t first, uint8_t second)
{
    return nif__be16((uint16_t)(first << 8 | second));
}

uint32_t nif__raw_words(uint32_t sum, const void *p, size_t n)
{
    const uint8_t *at = p;

    return nif__sum_words(sum, &at, n);
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

// The bytes of `p` that lead to a word's border, or that are left behind the
// last: at most three. Copies them to `dst` if that is not NULL.
static uint32_t few(uint8_t *dst, const uint8_t *p, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum += i & 1 ? half(0, p[i]) : half(p[i], 0);
        if (dst != NULL) {
            dst[i] = p[i];
        }
    }
    return sum;
}

// The same where not all is words: what leads to the first and is behind the
// last goes by bytes. Where the two places have no words in common, all is
// copied first.
// NOLINTNEXTLINE(misc-no-recursion): once; what it asks for is words
NIF_APART static uint32_t copy_sum_any(uint8_t *to, const uint8_t *p,
    size_t len)
{
    size_t lead = (size_t)(-(uintptr_t)p & 3);
    size_t words;
    uint32_t ahead;
    uint32_t rest = 0;

    if (to != NULL && (((uintptr_t)to ^ (uintptr_t)p) & 3) != 0) {
        memcpy(to, p, len);
        to = NULL;
    }
    lead = lead < len ? lead : len;
    words = (len - lead) & ~(size_t)3;
    ahead = few(to, p, lead);
    if (words > 0) {
        rest = nif__copy_sum(to != NULL ? to + lead : NULL, p + lead, words);
    }
    words += lead;
    rest = nif__carry_add(rest,
        few(to != NULL ? to + words : NULL, p + words, len - words));
    return nif__raw_join(ahead, rest, lead);
}

// NOLINTNEXTLINE(misc-no-recursion): see above
uint32_t nif__copy_sum(void *dst, const void *src, size_t len)
{
    const uint8_t *p = src;
    uint8_t *to = dst;

    if ((((uintptr_t)p | (uintptr_t)to | len) & 3) != 0) {
        return copy_sum_any(to, p, len);
    }
    return to != NULL ? nif__copy_words(0, &to, &p, len / 4)
                      : nif__raw_words(0, p, len / 4);
}

void nif__copy(void *dst, const void *src, size_t len)
{
    const uint8_t *p = src;
    uint8_t *to = dst;

    // Frames' headers begin two bytes behind a word's border.
    if ((((uintptr_t)p & (uintptr_t)to) & 2) != 0 && len >= 2) {
        *to++ = *p++;
        *to++ = *p++;
        len -= 2;
    }
    if ((((uintptr_t)p | (uintptr_t)to) & 3) == 0) {
        nif__move_words(&to, &p, len / 4);
        len &= 3;
    }
    if (len > 0) {
        memcpy(to, p, len);
    }
}

uint16_t nif__raw_end(uint32_t sum)
{
    return (uint16_t)nif__raw_end_here(sum);
}

uint16_t nif__checksum(uint32_t raw, const uint8_t *p, size_t len)
{
    raw = nif__carry_add(raw, nif__copy_sum(NULL, p, len));
    return nif__be16(nif__raw_end(raw));
}

uint32_t nif__raw_pseudo(uint32_t src, uint32_t dst, uint8_t proto, size_t len)
{
    uint32_t last = (uint32_t)proto << 16 | (uint32_t)len;

    return nif__be32(nif__carry_add(nif__carry_add(src, dst), last));
}
