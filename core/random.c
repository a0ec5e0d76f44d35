// SPDX-License-Identifier: MIT
//
// HalfSipHash-2-4, and it in counter mode.

#include "nif/random.h"

static uint32_t rotl(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static void sip_rounds(uint32_t v[4], unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[1] = rotl(v[1], 5) ^ v[0];
        v[0] = rotl(v[0], 16);
        v[2] += v[3];
        v[3] = rotl(v[3], 8) ^ v[2];
        v[0] += v[3];
        v[3] = rotl(v[3], 7) ^ v[0];
        v[2] += v[1];
        v[1] = rotl(v[1], 13) ^ v[2];
        v[2] = rotl(v[2], 16);
    }
}

uint32_t nif_hash(const uint32_t key[2], const uint32_t *words, size_t n)
{
    uint32_t v[4] = {
        key[0],
        key[1],
        0x6c796765u ^ key[0],
        0x74656462u ^ key[1],
    };
    uint32_t last = (uint32_t)n << 26; // the length in bytes, in the top byte

    for (size_t i = 0; i < n; i++) {
        v[3] ^= words[i];
        sip_rounds(v, 2);
        v[0] ^= words[i];
    }
    v[3] ^= last;
    sip_rounds(v, 2);
    v[0] ^= last;
    v[2] ^= 0xFF;
    sip_rounds(v, 4);
    return v[1] ^ v[3];
}

void nif_random_init(struct nif_random *random, uint64_t seed, uint32_t salt)
{
    random->key[0] = (uint32_t)seed;
    random->key[1] = (uint32_t)(seed >> 32);
    random->next[0] = salt;
    random->next[1] = 0;
}

uint32_t nif_random_draw(struct nif_random *random)
{
    random->next[1]++;
    return nif_hash(random->key, random->next, nif_countof(random->next));
}

uint32_t nif_random_below(struct nif_random *random, uint32_t limit)
{
    return (uint32_t)((uint64_t)nif_random_draw(random) * limit >> 32);
}
