// SPDX-License-Identifier: MIT
//
// Runs on a Cortex-M0 in QEMU (bench/stack/target.py --check): the sums of
// core/tcpip/arch/words.h in assembly against the same files built as C, at
// every place of a word, for every length and for bytes that carry.

#include "bench/stack/target/board.h"
#include "core/tcpip/internal.h"

#include <string.h>

#define WORDS   100
#define LEN_MAX 390u

// core/tcpip/checksum.c, built with NIF__PLAIN_WORDS under other names.
uint32_t plain_copy_sum(void *dst, const void *src, size_t len);
uint32_t plain_raw_words(uint32_t sum, const void *p, size_t n);
uint16_t plain_raw_end(uint32_t sum);

static uint32_t from[WORDS];
static uint32_t to[WORDS + 2];
static uint32_t dice = 1;

// Every fourth byte is FF, so that carries run far.
static void fill(uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        dice = dice * 1664525u + 1013904223u;
        p[i] = (uint8_t)((dice >> 30) == 0 ? 0xFF : dice >> 20);
    }
}

static uint32_t check(size_t src_at, size_t dst_at, size_t len)
{
    const uint8_t *src = (const uint8_t *)from + src_at;
    uint8_t *dst = (uint8_t *)to + 4 + dst_at;
    uint16_t wanted = plain_raw_end(plain_copy_sum(NULL, src, len));

    memset(to, 0x55, sizeof(to));
    return nif__raw_end(nif__copy_sum(dst, src, len)) != wanted ||
        nif__raw_end(nif__copy_sum(NULL, src, len)) != wanted ||
        memcmp(dst, src, len) != 0 || dst[-1] != 0x55 || dst[len] != 0x55;
}

static uint32_t check_copy(size_t src_at, size_t dst_at, size_t len)
{
    const uint8_t *src = (const uint8_t *)from + src_at;
    uint8_t *dst = (uint8_t *)to + 4 + dst_at;

    memset(to, 0x55, sizeof(to));
    nif__copy(dst, src, len);
    return memcmp(dst, src, len) != 0 || dst[-1] != 0x55 || dst[len] != 0x55;
}

static uint32_t check_header(void)
{
    return nif__raw_end(nif__sum_five((const uint8_t *)from)) !=
        plain_raw_end(plain_raw_words(0, from, 5));
}

int main(void)
{
    uint32_t bad = 0;

    for (size_t len = 0; len <= LEN_MAX; len++) {
        fill((uint8_t *)from, sizeof(from));
        for (size_t i = 0; i < 16; i++) {
            bad += check(i & 3, i >> 2, len);
            bad += check_copy(i & 3, i >> 2, len);
        }
    }
    for (size_t n = 0; n <= WORDS; n++) {
        memset(from, 0xFF, sizeof(from));
        bad += nif__raw_words(dice, from, n) != plain_raw_words(dice, from, n);
        fill((uint8_t *)from, sizeof(from));
        bad += nif__raw_words(dice, from, n) != plain_raw_words(dice, from, n);
        bad += check_header();
    }
    board_print_u32(bad);
    board_print(" sums differ between assembly and C\n");
    return bad == 0 ? 0 : 1;
}
