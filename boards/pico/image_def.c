// SPDX-License-Identifier: MIT
//
// RP2350: the block within the first 4 KiB by which its boot ROM knows an
// image (data sheet 5.9): an executable for the Arm cores, secure. One in RAM
// says where its vectors are, too.

#include <stdint.h>

#define BLOCK_START 0xFFFFDED3u
#define BLOCK_END   0xAB123579u
#define IMAGE_TYPE  0x10210142u // item 42h, 1 word: RP2350, Arm, secure, exe
#define VECTORS     0x00000203u // item 03h, 2 words
#define LAST(words) ((uint32_t)(words) << 8 | 0xFFu)
#define NEXT        0u // this block alone is the loop

extern uint32_t image_vectors[];

__attribute__((section(".image_def.flash"), used)) //
static const uint32_t in_flash[] = { BLOCK_START, IMAGE_TYPE, LAST(1), NEXT,
    BLOCK_END };

__attribute__((section(".image_def.ram"), used)) //
static const struct {
    uint32_t start;
    uint32_t type;
    uint32_t item;
    uint32_t *vectors;
    uint32_t last;
    uint32_t next;
    uint32_t end;
} in_ram = { BLOCK_START, IMAGE_TYPE, VECTORS, image_vectors, LAST(3), NEXT,
    BLOCK_END };
